#include "models/dataset.hpp"

#include <string>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

class Blank final : public Dataset {
 public:
  Blank() : Dataset(1, {}) {}

 private:
  void read_sample(std::size_t, float*, std::int32_t* labels) const override { *labels = 0; }
};

}  // namespace

void Dataset::read(std::size_t index, std::span<float> features,
                   std::span<std::int32_t> labels) const {
  MURM_ASSERT(index < size_, std::to_string(index));
  MURM_ASSERT(features.size() == shape_.features, std::to_string(features.size()));
  MURM_ASSERT(labels.size() == shape_.targets, std::to_string(labels.size()));
  read_sample(index, features.data(), labels.data());
}

std::shared_ptr<const Dataset> blank_sample() { return std::make_shared<Blank>(); }

}  // namespace murm
