// Changes a training picture at random: cropped out of a wider one, mirrored.
// Room: models/data. A pure function of (seed, place in the run's stream); knows no reader, no device.
// Caller: models/read_ahead. Source: He et al. 2016, section 4.2 (padding of 4, crop, flip).
#pragma once
#include <cstdint>
#include <span>

#include "models/dataset.hpp"

namespace murm {

struct AugmentationOptions {
  bool crop = false;  // shifted by up to 4 places each way; what comes in from outside is 0
  bool flip = false;  // left and right exchanged, every second time
  bool any() const { return crop || flip; }
};

/// The same sample at another place of the stream looks different; at the same place it is the same on any worker.
class Augmentation {
 public:
  Augmentation() = default;
  /// Requires: `picture` with numbers in it, if any change is wanted (asserted).
  Augmentation(const AugmentationOptions& options, const PictureShape& picture, std::uint64_t seed);

  bool any() const { return options_.any(); }
  /// Shapes: from, to [height][width][channels], apart from each other.   Thread: any.   Cost: one pass, no allocation.
  void apply(std::uint64_t position, std::span<const float> from, std::span<float> to) const;

 private:
  AugmentationOptions options_;
  PictureShape picture_;
  std::uint64_t seed_ = 0;
};

}  // namespace murm
