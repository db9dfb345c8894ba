// Samples as bytes with one label each: pictures in memory or in a mapped file.
// Room: models/data. Knows how they lie; not where they come from.
// Caller: models/digits, models/idx.
#pragma once
#include "models/data/bytes.hpp"
#include "models/dataset.hpp"

namespace murm {

/// Byte b is read as b / 255.
class ByteSamples final : public Dataset {
 public:
  /// Shapes: pixels [labels][shape.features], labels below shape.classes. Requires: these sizes (asserted).
  ByteSamples(const SampleShape& shape, Bytes pixels, std::vector<std::uint8_t> labels);

  std::span<const std::uint8_t> pixels() const { return pixels_.view; }
  std::span<const std::uint8_t> labels() const { return labels_; }

 private:
  void read_sample(std::size_t index, float* features, std::int32_t* labels) const override;

  Bytes pixels_;
  std::vector<std::uint8_t> labels_;
};

}  // namespace murm
