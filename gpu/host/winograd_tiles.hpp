// Winograd's tiles: where they lie in pictures, and the maps of inputs, weights and outputs to the 36 points and back.
// Room: gpu/host. Loops over host memory, channels last; the products at the points are not its matter.
// Caller: gpu/host/winograd.
#pragma once
#include <cstddef>
#include <cstdint>

#include "gpu/image_algebra.hpp"

namespace murm::host {

constexpr std::size_t kPoints = 6;  // on a line
constexpr std::size_t kSquare = kPoints * kPoints;

/// Outputs of each tile, along a side.
constexpr std::size_t outputs_of(std::size_t kernel) { return kPoints + 1 - kernel; }

/// Pictures are worked on in groups, padded with zeros to whole tiles; their tiles count row by row.
struct Grid {
  ConvShape shape;
  std::size_t step = 0;  // tiles are so far apart
  std::size_t rows = 0;  // of tiles
  std::size_t columns = 0;
  std::size_t padded_height = 0;
  std::size_t padded_width = 0;
  std::size_t block = 0;  // tiles
  std::size_t group = 0;  // pictures
  bool pooled = false;

  Grid(const ConvShape& conv, bool pool);
  /// Of what comes out, pooled where it is.
  std::size_t output_height() const { return shape.output_height() / (pooled ? 2 : 1); }
  std::size_t output_width() const { return shape.output_width() / (pooled ? 2 : 1); }
  std::size_t padded_numbers() const { return padded_height * padded_width * shape.in; }
  /// Numbers from one point to the next: odd in cache lines, so that the 36 do not fall on each other.
  std::size_t input_stride() const { return block * shape.in | 16U; }
  std::size_t output_stride() const { return block * shape.out | 16U; }
};

/// A run of tiles of one group.
struct Block {
  std::size_t first = 0;
  std::size_t count = 0;
};

/// One picture into the middle of zeros, and back.
void pad(const Grid& grid, const float* x, float* padded);
void unpad(const Grid& grid, const float* padded, float* x);

/// One of two sides of a weight: how many, and how far apart they lie in w[out,in,kernel,kernel].
struct Side {
  std::size_t count = 0;
  std::size_t stride = 0;
};

/// to[36][rows][lanes] <- weights at the points. Lanes: in whole vectors.
void transform_weights(std::size_t kernel, const float* w, Side rows, Side lanes, float* to);
/// The way back: dw <- from[36][rows][lanes] (+ dw with `add`)
void gather_weights(std::size_t kernel, const float* from, Side rows, Side lanes, bool add,
                    float* dw);

/// to[36][tiles][in] <- the tiles of padded pictures at the points.
void transform_inputs(const Grid& grid, Block block, const float* padded, float* to);
/// The way back: padded pictures += from.
void add_inputs(const Grid& grid, Block block, const float* from, float* padded);

/// y (and winners, where it is pooled) <- from[36][tiles][out], plus bias or null. y: of the group.
void write_outputs(const Grid& grid, Block block, const float* from, const float* bias, float* y,
                   std::uint8_t* winners);
/// The way back: to <- dy; dbias (or null) += its sums.
void read_gradients(const Grid& grid, Block block, const float* dy, const std::uint8_t* winners,
                    float* dbias, float* to);

}  // namespace murm::host
