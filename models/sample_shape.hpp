// What every sample of a data set looks like: the numbers that a model and its data agree on.
// Room: models. Plain values.
// Caller: models/dataset, models/objective_kind, actors/job_plan.
#pragma once
#include <cstddef>

namespace murm {

/// Features of a picture lie [height][width][channels]; all 0: a sample is no picture.
struct PictureShape {
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t channels = 0;
  std::size_t features() const { return height * width * channels; }
  bool operator==(const PictureShape&) const = default;
};

/// Zeros where there are no data.
struct SampleShape {
  std::size_t features = 0;  // numbers; of a text: how many codes of characters are seen
  std::size_t classes = 0;   // labels are below; 0: there is nothing to classify
  std::size_t targets = 1;   // labels of a sample: one for each place of a sequence
  PictureShape picture{};
  bool operator==(const SampleShape&) const = default;
};

}  // namespace murm
