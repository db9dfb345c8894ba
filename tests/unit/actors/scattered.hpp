// A tensor as it comes from the network: several runs, one for each frame.
// Room: tests.
// Caller: tests/unit/actors.
#pragma once
#include <memory>
#include <vector>

#include "algorithms/tensor.hpp"

namespace murm {

class Scattered final : public HostStorage {
 public:
  /// Runs of equal length; the last one takes the rest.
  Scattered(std::vector<float> values, std::size_t pieces) : values_(std::move(values)) {
    const std::size_t each = values_.size() / pieces;
    for (std::size_t i = 0; i < pieces; ++i) {
      const bool last = i + 1 == pieces;
      runs_.push_back({values_.data() + i * each, last ? values_.size() - i * each : each});
    }
  }
  std::span<const Run> runs() const override { return runs_; }

 private:
  std::vector<float> values_;
  std::vector<Run> runs_;
};

/// Small numbers of both signs, each element another than its neighbours.
inline Tensor scattered(std::size_t length, std::size_t pieces) {
  std::vector<float> values(length);
  for (std::size_t i = 0; i < length; ++i) values[i] = 0.01F * static_cast<float>(i % 7) - 0.02F;
  return Tensor(std::make_shared<Scattered>(std::move(values), pieces), 0, length);
}

inline std::vector<float> values_of(const Tensor& tensor) {
  std::vector<float> values;
  if (tensor.length() == 0) return values;
  for_each_run(tensor, [&](const float* data, std::size_t, std::size_t length) {
    values.insert(values.end(), data, data + length);
  });
  return values;
}

}  // namespace murm
