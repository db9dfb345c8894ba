// What a data set says about its samples, for tests.
// Room: tests. Reads through the public door only.
// Caller: the tests of data sets in tests/unit/models and tests/unit/models/data.
#pragma once
#include <vector>

#include "models/dataset.hpp"

namespace murm::test {

struct Sample {
  std::vector<float> features;
  std::vector<std::int32_t> labels;
  bool operator==(const Sample&) const = default;
};

inline Sample sample_of(const Dataset& data, std::size_t index) {
  Sample sample{std::vector<float>(data.features()), std::vector<std::int32_t>(data.targets())};
  data.read(index, sample.features, sample.labels);
  return sample;
}

/// The first label of every sample.
inline std::vector<std::int32_t> labels_of(const Dataset& data) {
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < data.size(); ++i) labels.push_back(sample_of(data, i).labels[0]);
  return labels;
}

}  // namespace murm::test
