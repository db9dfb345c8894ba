// What a sample looks like to models on pictures, and a plan of the memory they work in.
// Room: models. Numbers only; knows no device.
// Caller: models/lenet, models/resnet, models/objective_factory.
#pragma once
#include <cstddef>
#include <string>

#include "models/objective.hpp"
#include "models/sample_shape.hpp"

namespace murm {

/// That of the data, where they know one; else 3072 is 32x32x3, a square number a square of one channel.
/// Errors: InputError that names the model of this kind.
PictureShape picture_of(const SampleShape& shape, const std::string& kind);

/// Where arrays lie in one piece of memory: each begins at a cache line.
class ArenaPlan {
 public:
  /// The offset of `numbers` fp32 numbers.
  std::size_t take(std::size_t numbers) {
    const std::size_t offset = size_;
    size_ += (numbers + 15) / 16 * 16;
    return offset;
  }
  std::size_t take_bytes(std::size_t bytes) { return take((bytes + 3) / 4); }
  std::size_t size() const { return size_; }  // numbers

 private:
  std::size_t size_ = 0;
};

/// Appends tensors one behind the other.
class LayoutBuilder {
 public:
  /// The offset of the new tensor.
  std::size_t add(std::string name, std::vector<std::size_t> shape);
  std::size_t size() const { return size_; }
  std::vector<ParameterTensor> layout;

 private:
  std::size_t size_ = 0;
};

/// Uniform in +-1 / sqrt(fan_in), from the stream of this tensor: PyTorch's start of convolutions and linear layers.
void fill_uniform(std::uint64_t seed, std::uint64_t stream, std::size_t fan_in,
                  std::span<float> values);

}  // namespace murm
