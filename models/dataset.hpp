// A labelled data set in memory.
// Room: models. Knows bytes and labels, not who reads them or in which order (models/sampler).
// Caller: actors/device_actor, actors/evaluator. Makers: models/digits, models/idx, models/text.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace murm {

/// Immutable after construction; shared by all workers of a process. Thread: any.
/// Shapes: pixels [size][features], bytes 0..255, neighbours sharing `overlap` of them; labels [size], 0..classes-1.
struct Dataset {
  std::size_t features = 0;
  std::size_t classes = 0;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;
  std::size_t overlap = 0;  // bytes at the end of a sample that the next one begins with
  float unit = 255;         // the byte that is read as 1

  std::size_t size() const { return labels.size(); }
  /// Writes the bytes of sample `index`, in units of `unit`, as fp32 to `features_out` [features].
  void read(std::size_t index, std::span<float> features_out) const;
};

/// What objectives that need no data are given: one sample without features, no classes.
std::shared_ptr<const Dataset> blank_sample();

struct DataSplits {
  std::shared_ptr<const Dataset> train;
  std::shared_ptr<const Dataset> test;
};

}  // namespace murm
