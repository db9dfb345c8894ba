#include "models/data/table.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "algorithms/random.hpp"
#include "algorithms/vocabulary.hpp"
#include "models/data/bytes.hpp"
#include "models/sampler.hpp"

namespace murm {
namespace {

constexpr std::uint64_t seed_apart = 0x53B1A9D46C07E2F8U;  // from the order of training samples

/// Samples [from, from + count) of another data set, in the order of a permutation if there is one.
class Part final : public Dataset {
 public:
  Part(std::shared_ptr<const Dataset> whole, std::optional<Sampler> order, std::size_t from,
       std::size_t count)
      : Dataset(count, whole->shape()), whole_(std::move(whole)), order_(order), from_(from) {
    MURM_ASSERT(from <= whole_->size(), std::to_string(from));
    MURM_ASSERT(count <= whole_->size() - from, std::to_string(count));
  }

 private:
  void read_sample(std::size_t index, float* features, std::int32_t* labels) const override {
    const std::size_t place = from_ + index;
    whole_->read(order_ ? order_->index(place) : place, {features, shape().features},
                 {labels, shape().targets});
  }

  std::shared_ptr<const Dataset> whole_;
  std::optional<Sampler> order_;
  std::size_t from_;
};

}  // namespace

DenseTable::DenseTable(DenseRows rows, std::size_t features, std::size_t classes)
    : Dataset(rows.labels.size(), {features, classes}), rows_(std::move(rows)) {
  MURM_ASSERT(rows_.values.size() == rows_.labels.size() * features,
              std::to_string(rows_.values.size()));
}

void DenseTable::read_sample(std::size_t index, float* features, std::int32_t* labels) const {
  std::copy_n(rows_.values.data() + index * shape().features, shape().features, features);
  *labels = rows_.labels[index];
}

SparseTable::SparseTable(SparseRows rows, std::size_t features, std::size_t classes)
    : Dataset(rows.labels.size(), {features, classes}), rows_(std::move(rows)) {
  MURM_ASSERT(rows_.ends.size() == rows_.labels.size(), std::to_string(rows_.ends.size()));
  MURM_ASSERT(rows_.columns.size() == rows_.values.size(), std::to_string(rows_.columns.size()));
  const auto outside = [&](std::uint32_t column) { return column >= features; };
  MURM_ASSERT(std::none_of(rows_.columns.begin(), rows_.columns.end(), outside),
              std::to_string(features));
}

void SparseTable::read_sample(std::size_t index, float* features, std::int32_t* labels) const {
  std::fill_n(features, shape().features, 0.0F);
  for (std::uint64_t i = index == 0 ? 0 : rows_.ends[index - 1]; i < rows_.ends[index]; ++i) {
    features[rows_.columns[i]] = rows_.values[i];
  }
  *labels = rows_.labels[index];
}

std::shared_ptr<const Dataset> random_part(std::shared_ptr<const Dataset> whole, std::uint64_t seed,
                                           std::size_t from, std::size_t count) {
  const Sampler order(spread_bits(seed ^ seed_apart), whole->size());
  return std::make_shared<Part>(std::move(whole), order, from, count);
}

DataSplits split_at_random(const std::shared_ptr<const Dataset>& whole, std::uint64_t seed,
                           double fraction) {
  const std::size_t size = whole->size();
  MURM_ASSERT(size >= 2, std::to_string(size));
  const auto wanted = static_cast<std::size_t>(std::llround(static_cast<double>(size) * fraction));
  const std::size_t test = std::clamp<std::size_t>(wanted, 1, size - 1);
  return {random_part(whole, seed, test, size - test), random_part(whole, seed, 0, test)};
}

void require_two_rows(const std::filesystem::path& path, std::size_t rows) {
  if (rows >= 2) return;
  refuse_file(path, "has one sample, expected at least two: one is for tests", "give more samples");
}

std::shared_ptr<const Dataset> first_of(std::shared_ptr<const Dataset> whole, std::size_t limit) {
  if (limit >= whole->size()) return whole;
  return std::make_shared<Part>(std::move(whole), std::nullopt, 0, limit);
}

}  // namespace murm
