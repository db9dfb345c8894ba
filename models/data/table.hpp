// Tables of numbers with one label for each row, in memory: dense ones, and ones that are mostly zero.
// Room: models/data. Knows how they lie; not the files they come from.
// Caller: models/data/csv, models/data/libsvm.
#pragma once
#include <filesystem>
#include <vector>

#include "models/dataset.hpp"

namespace murm {

/// Shapes: values [labels][features].
struct DenseRows {
  std::vector<float> values;
  std::vector<std::int32_t> labels;
};

class DenseTable final : public Dataset {
 public:
  /// Requires: values for each label (asserted).
  DenseTable(DenseRows rows, std::size_t features, std::size_t classes);

 private:
  void read_sample(std::size_t index, float* features, std::int32_t* labels) const override;
  DenseRows rows_;
};

/// Row i has the entries [ends[i-1], ends[i]); columns ascend in a row, counted from 0. The others are 0.
struct SparseRows {
  std::vector<std::uint64_t> ends;
  std::vector<std::uint32_t> columns;
  std::vector<float> values;
  std::vector<std::int32_t> labels;
};

class SparseTable final : public Dataset {
 public:
  /// Requires: an end for each label, columns below `features` (asserted).
  SparseTable(SparseRows rows, std::size_t features, std::size_t classes);

 private:
  void read_sample(std::size_t index, float* features, std::int32_t* labels) const override;
  SparseRows rows_;
};

/// The part of one data set that a permutation from the seed puts at the places [from, from + count).
std::shared_ptr<const Dataset> random_part(std::shared_ptr<const Dataset> whole, std::uint64_t seed,
                                           std::size_t from, std::size_t count);

/// Both splits of one data set at random: `fraction` of it, at least one sample and not all, for tests.
/// Requires: at least two samples (asserted), 0 < fraction < 1.
DataSplits split_at_random(const std::shared_ptr<const Dataset>& whole, std::uint64_t seed,
                           double fraction);

/// Throws InputError where there are not even two rows to share out.
void require_two_rows(const std::filesystem::path& path, std::size_t rows);

/// The first `limit` samples of it, or itself when there are no more.
std::shared_ptr<const Dataset> first_of(std::shared_ptr<const Dataset> whole, std::size_t limit);

}  // namespace murm
