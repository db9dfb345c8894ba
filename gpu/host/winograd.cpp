#include "gpu/host/winograd.hpp"

#include <algorithm>

#include "algorithms/vector_clones.hpp"
#include "gpu/host/small_product.hpp"
#include "gpu/host/winograd_tiles.hpp"

namespace murm::host {
namespace {

/// outputs <- inputs weights, at each point.
MURM_CLONES void multiply_forward(const Grid& grid, Block block, float* inputs, float* weights,
                                  float* outputs) {
  const std::size_t in = grid.shape.in;
  const std::size_t out = grid.shape.out;
  for (std::size_t f = 0; f < kSquare; ++f) {
    small_product(block.count, out, in, {inputs + f * grid.input_stride(), in, 1},
                  {weights + f * in * out, out}, {outputs + f * grid.output_stride(), out}, false);
  }
}

/// dweights <- inputs^T doutputs (+ dweights); then, where weights are given, inputs <- doutputs weights.
MURM_CLONES void multiply_back(const Grid& grid, Block block, float* inputs, float* doutputs,
                               float* dweights, bool add, float* weights) {
  const std::size_t in = grid.shape.in;
  const std::size_t out = grid.shape.out;
  for (std::size_t f = 0; f < kSquare; ++f) {
    float* x = inputs + f * grid.input_stride();
    float* dy = doutputs + f * grid.output_stride();
    small_product(in, out, block.count, {x, 1, in}, {dy, out}, {dweights + f * in * out, out}, add);
    if (weights == nullptr) continue;
    small_product(block.count, in, out, {dy, out, 1}, {weights + f * in * out, in}, {x, in}, false);
  }
}

}  // namespace

bool Winograd::fits(const ConvShape& shape) {
  const bool kernel = shape.kernel == 3 || shape.kernel == 5;
  const bool whole = shape.in % vector_width == 0 && shape.out % vector_width == 0;
  return kernel && whole && shape.stride == 1;
}

void Winograd::forward(const ConvShape& shape, const float* x, const float* w, const float* bias,
                       float* y, std::uint8_t* winners) {
  const Grid grid(shape, winners != nullptr);
  const std::size_t taps = shape.kernel * shape.kernel;
  float* weights = weights_.numbers(kSquare * shape.in * shape.out);
  float* padded = padded_.numbers(grid.group * grid.padded_numbers());
  float* inputs = inputs_.numbers(kSquare * grid.input_stride());
  float* outputs = outputs_.numbers(kSquare * grid.output_stride());
  transform_weights(shape.kernel, w, {shape.in, taps}, {shape.out, taps * shape.in}, weights);
  for (std::size_t p = 0; p < shape.n; p += grid.group) {
    const std::size_t pictures = std::min(grid.group, shape.n - p);
    for (std::size_t i = 0; i < pictures; ++i) {
      pad(grid, x + (p + i) * shape.height * shape.width * shape.in,
          padded + i * grid.padded_numbers());
    }
    const std::size_t tiles = pictures * grid.rows * grid.columns;
    const std::size_t written = p * grid.output_height() * grid.output_width() * shape.out;
    for (std::size_t t = 0; t < tiles; t += grid.block) {
      const Block block{t, std::min(grid.block, tiles - t)};
      transform_inputs(grid, block, padded, inputs);
      multiply_forward(grid, block, inputs, weights, outputs);
      write_outputs(grid, block, outputs, bias, y + written,
                    grid.pooled ? winners + written : nullptr);
    }
  }
}

void Winograd::gradient(const ConvShape& shape, const float* x, const float* w,
                        const ConvGradient& gradient) {
  const Grid grid(shape, gradient.winners != nullptr);
  const Side in{shape.in, shape.kernel * shape.kernel};
  const Side out{shape.out, in.stride * shape.in};
  const std::size_t points = kSquare * shape.in * shape.out;
  float* weights = nullptr;
  if (gradient.dx != nullptr) {
    weights = weights_.numbers(points);
    transform_weights(shape.kernel, w, out, in, weights);
  }
  float* dweights = dweights_.numbers(points);
  float* padded = padded_.numbers(grid.group * grid.padded_numbers());
  float* dpadded = dpadded_.numbers(grid.group * grid.padded_numbers());
  float* inputs = inputs_.numbers(kSquare * grid.input_stride());
  float* outputs = outputs_.numbers(kSquare * grid.output_stride());
  if (gradient.dbias != nullptr && !gradient.add) std::fill_n(gradient.dbias, shape.out, 0.0F);
  const std::size_t picture = shape.height * shape.width * shape.in;
  for (std::size_t p = 0; p < shape.n; p += grid.group) {
    const std::size_t pictures = std::min(grid.group, shape.n - p);
    for (std::size_t i = 0; i < pictures; ++i)
      pad(grid, x + (p + i) * picture, padded + i * grid.padded_numbers());
    if (gradient.dx != nullptr) std::fill_n(dpadded, pictures * grid.padded_numbers(), 0.0F);
    const std::size_t tiles = pictures * grid.rows * grid.columns;
    const std::size_t read = p * grid.output_height() * grid.output_width() * shape.out;
    for (std::size_t t = 0; t < tiles; t += grid.block) {
      const Block block{t, std::min(grid.block, tiles - t)};
      transform_inputs(grid, block, padded, inputs);
      read_gradients(grid, block, gradient.dy + read,
                     grid.pooled ? gradient.winners + read : nullptr, gradient.dbias, outputs);
      multiply_back(grid, block, inputs, outputs, dweights, p + t > 0, weights);
      if (gradient.dx != nullptr) add_inputs(grid, block, inputs, dpadded);
    }
    if (gradient.dx == nullptr) continue;
    for (std::size_t i = 0; i < pictures; ++i)
      unpad(grid, dpadded + i * grid.padded_numbers(), gradient.dx + (p + i) * picture);
  }
  gather_weights(shape.kernel, dweights, in, out, gradient.add, gradient.dw);
}

}  // namespace murm::host
