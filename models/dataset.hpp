// A labelled data set: samples that are read one at a time, from memory or from mapped files.
// Room: models. Knows numbers and labels; not who reads them, nor in which order (models/sampler).
// Caller: models/read_ahead, models/evaluation. Makers: models/data_factory; kinds of storage: models/data.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "models/sample_shape.hpp"

namespace murm {

/// Immutable after construction; shared by all workers of a process. Thread: any.
class Dataset {
 public:
  virtual ~Dataset() = default;
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  std::size_t size() const { return size_; }
  const SampleShape& shape() const { return shape_; }
  std::size_t features() const { return shape_.features; }
  std::size_t classes() const { return shape_.classes; }
  std::size_t targets() const { return shape_.targets; }

  /// Writes sample `index` to `features` [features] and `labels` [targets].
  /// Requires: index < size() and these lengths (asserted).   Cost: one pass over the sample, no allocation.
  /// Errors: InputError where a mapped file has changed and says what it cannot say.
  void read(std::size_t index, std::span<float> features, std::span<std::int32_t> labels) const;

 protected:
  Dataset(std::size_t size, const SampleShape& shape) : size_(size), shape_(shape) {}

 private:
  virtual void read_sample(std::size_t index, float* features, std::int32_t* labels) const = 0;

  std::size_t size_;
  SampleShape shape_;
};

/// What objectives that need no data are given: one sample without features, no classes, label 0.
std::shared_ptr<const Dataset> blank_sample();

struct DataSplits {
  std::shared_ptr<const Dataset> train;
  std::shared_ptr<const Dataset> test;
};

}  // namespace murm
