#include "gpu/host/winograd_tiles.hpp"

#include <algorithm>

#include "algorithms/vector_clones.hpp"
#include "gpu/host/pool_window.hpp"
#include "gpu/host/winograd_lines.hpp"

namespace murm::host {
namespace {

/// Numbers of one block at the points: with the weights they fit the second cache.
constexpr std::size_t kBlockNumbers = 96 * 1024;

struct Tile {
  std::size_t picture = 0;  // in the group
  std::size_t row = 0;      // of tiles
  std::size_t column = 0;
  Tile(const Grid& grid, std::size_t index)
      : picture(index / (grid.rows * grid.columns)),
        row(index / grid.columns % grid.rows),
        column(index % grid.columns) {}
  std::size_t padded(const Grid& grid) const {
    return ((picture * grid.padded_height + row * grid.step) * grid.padded_width +
            column * grid.step) *
           grid.shape.in;
  }
};

}  // namespace

Grid::Grid(const ConvShape& conv, bool pool)
    : shape(conv), step(outputs_of(conv.kernel)), pooled(pool) {
  rows = (shape.output_height() + step - 1) / step;
  columns = (shape.output_width() + step - 1) / step;
  padded_height = (rows - 1) * step + kPoints;
  padded_width = (columns - 1) * step + kPoints;
  const std::size_t most = std::max<std::size_t>(
      8, kBlockNumbers / (kSquare * (shape.in + shape.out)));
  group = std::clamp<std::size_t>(most / (rows * columns), 1, shape.n);
  const std::size_t blocks = (group * rows * columns + most - 1) / most;
  block = (group * rows * columns + blocks - 1) / blocks;
}

void pad(const Grid& grid, const float* x, float* padded) {
  const ConvShape& s = grid.shape;
  std::fill_n(padded, grid.padded_numbers(), 0.0F);
  const std::size_t rows = std::min(s.height, grid.padded_height - s.padding);
  const std::size_t columns = std::min(s.width, grid.padded_width - s.padding);
  for (std::size_t r = 0; r < rows; ++r) {
    std::copy_n(x + r * s.width * s.in, columns * s.in,
                padded + ((r + s.padding) * grid.padded_width + s.padding) * s.in);
  }
}

void unpad(const Grid& grid, const float* padded, float* x) {
  const ConvShape& s = grid.shape;
  const std::size_t rows = std::min(s.height, grid.padded_height - s.padding);
  const std::size_t columns = std::min(s.width, grid.padded_width - s.padding);
  std::fill_n(x, s.height * s.width * s.in, 0.0F);
  for (std::size_t r = 0; r < rows; ++r) {
    std::copy_n(padded + ((r + s.padding) * grid.padded_width + s.padding) * s.in, columns * s.in,
                x + r * s.width * s.in);
  }
}

namespace {

template <std::size_t kernel>
[[gnu::always_inline]] inline void transform_kernel(const float* w, Side rows, Side lanes,
                                                    float* to) {
  for (std::size_t r = 0; r < rows.count; ++r) {
    for (std::size_t c = 0; c < lanes.count; c += vector_width) {
      const float* from = w + r * rows.stride + c * lanes.stride;
      Vector g[kernel][kernel];
      for (std::size_t i = 0; i < kernel; ++i) {
        for (std::size_t j = 0; j < kernel; ++j) {
          for (std::size_t l = 0; l < vector_width; ++l)
            g[i][j][l] = from[l * lanes.stride + i * kernel + j];
        }
      }
      Vector p[kPoints][kPoints];
      map_square(
          g, p,
          [](const auto& x, auto& y) __attribute__((always_inline)) { weights_at_points(x, y); });
      for (std::size_t f = 0; f < kSquare; ++f)
        store(to + (f * rows.count + r) * lanes.count + c, p[f / kPoints][f % kPoints]);
    }
  }
}

template <std::size_t kernel>
[[gnu::always_inline]] inline void gather_kernel(const float* from, Side rows, Side lanes, bool add,
                                                 float* dw) {
  for (std::size_t r = 0; r < rows.count; ++r) {
    for (std::size_t c = 0; c < lanes.count; c += vector_width) {
      Vector p[kPoints][kPoints];
      for (std::size_t f = 0; f < kSquare; ++f)
        p[f / kPoints][f % kPoints] = vector_at(from + (f * rows.count + r) * lanes.count + c);
      Vector g[kernel][kernel];
      map_square(
          p, g,
          [](const auto& x, auto& y) __attribute__((always_inline)) { weights_from_points(x, y); });
      float* to = dw + r * rows.stride + c * lanes.stride;
      for (std::size_t i = 0; i < kernel; ++i) {
        for (std::size_t j = 0; j < kernel; ++j) {
          for (std::size_t l = 0; l < vector_width; ++l) {
            float& target = to[l * lanes.stride + i * kernel + j];
            target = (add ? target : 0.0F) + g[i][j][l];
          }
        }
      }
    }
  }
}

}  // namespace

MURM_CLONES void transform_weights(std::size_t kernel, const float* w, Side rows, Side lanes,
                                   float* to) {
  if (kernel == 3) transform_kernel<3>(w, rows, lanes, to);
  if (kernel == 5) transform_kernel<5>(w, rows, lanes, to);
}

MURM_CLONES void gather_weights(std::size_t kernel, const float* from, Side rows, Side lanes,
                                bool add, float* dw) {
  if (kernel == 3) gather_kernel<3>(from, rows, lanes, add, dw);
  if (kernel == 5) gather_kernel<5>(from, rows, lanes, add, dw);
}

MURM_CLONES void transform_inputs(const Grid& grid, Block block, const float* padded, float* to) {
  const std::size_t in = grid.shape.in;
  const std::size_t line = grid.padded_width * in;
  const std::size_t stride = grid.input_stride();
  for (std::size_t t = 0; t < block.count; ++t) {
    const float* from = padded + Tile(grid, block.first + t).padded(grid);
    for (std::size_t c = 0; c < in; c += vector_width) {
      Vector d[kPoints][kPoints];
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kPoints; ++i) {
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kPoints; ++j) d[i][j] = vector_at(from + i * line + j * in + c);
      }
      Vector p[kPoints][kPoints];
      map_square(
          d, p,
          [](const auto& x, auto& y) __attribute__((always_inline)) { inputs_at_points(x, y); });
      float* at = to + t * in + c;
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kPoints; ++i) {
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kPoints; ++j) store(at + (i * kPoints + j) * stride, p[i][j]);
      }
    }
  }
}

MURM_CLONES void add_inputs(const Grid& grid, Block block, const float* from, float* padded) {
  const std::size_t in = grid.shape.in;
  const std::size_t line = grid.padded_width * in;
  const std::size_t stride = grid.input_stride();
  for (std::size_t t = 0; t < block.count; ++t) {
    float* to = padded + Tile(grid, block.first + t).padded(grid);
    for (std::size_t c = 0; c < in; c += vector_width) {
      const float* at = from + t * in + c;
      Vector p[kPoints][kPoints];
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kPoints; ++i) {
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kPoints; ++j)
          p[i][j] = vector_at(at + (i * kPoints + j) * stride);
      }
      Vector d[kPoints][kPoints];
      map_square(
          p, d,
          [](const auto& x, auto& y) __attribute__((always_inline)) { inputs_from_points(x, y); });
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kPoints; ++i) {
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kPoints; ++j) {
          float* target = to + i * line + j * in + c;
          store(target, vector_at(target) + d[i][j]);
        }
      }
    }
  }
}

namespace {

template <std::size_t step>
[[gnu::always_inline]] inline void write_tiles(const Grid& grid, Block block, const float* from,
                                               const float* bias, float* y, std::uint8_t* winners) {
  const std::size_t out = grid.shape.out;
  const std::size_t stride = grid.output_stride();
  const std::size_t height = grid.output_height();
  const std::size_t width = grid.output_width();
  for (std::size_t t = 0; t < block.count; ++t) {
    const Tile tile(grid, block.first + t);
    for (std::size_t c = 0; c < out; c += vector_width) {
      const float* at = from + t * out + c;
      Vector p[kPoints][kPoints];
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kPoints; ++i) {
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kPoints; ++j)
          p[i][j] = vector_at(at + (i * kPoints + j) * stride);
      }
      Vector r[step][step];
      map_square(
          p, r, [](const auto& a, auto& b) __attribute__((always_inline)) { from_points(a, b); });
      const Vector shift = bias == nullptr ? Vector{} : vector_at(bias + c);
      const std::size_t side = grid.pooled ? step / 2 : step;
#pragma GCC unroll 4
      for (std::size_t i = 0; i < step; ++i) {
#pragma GCC unroll 4
        for (std::size_t j = 0; j < step; ++j) {
          if (i >= side || j >= side) continue;
          const std::size_t row = tile.row * side + i;
          const std::size_t column = tile.column * side + j;
          if (row >= height || column >= width) continue;
          const std::size_t place = ((tile.picture * height + row) * width + column) * out + c;
          if (!grid.pooled) {
            store(y + place, r[i][j] + shift);
          } else if (2 * i + 1 < step && 2 * j + 1 < step) {
            const Vector window[4] = {r[2 * i][2 * j] + shift, r[2 * i][2 * j + 1] + shift,
                                      r[2 * i + 1][2 * j] + shift, r[2 * i + 1][2 * j + 1] + shift};
            pool_window(window, y + place, winners + place);
          }
        }
      }
    }
  }
}

template <std::size_t step>
[[gnu::always_inline]] inline void read_tiles(const Grid& grid, Block block, const float* dy,
                                              const std::uint8_t* winners, float* dbias,
                                              float* to) {
  const std::size_t out = grid.shape.out;
  const std::size_t stride = grid.output_stride();
  const std::size_t height = grid.output_height();
  const std::size_t width = grid.output_width();
  for (std::size_t t = 0; t < block.count; ++t) {
    const Tile tile(grid, block.first + t);
    for (std::size_t c = 0; c < out; c += vector_width) {
      Vector r[step][step] = {};
      const std::size_t side = grid.pooled ? step / 2 : step;
      Vector sum{};
#pragma GCC unroll 4
      for (std::size_t i = 0; i < step; ++i) {
#pragma GCC unroll 4
        for (std::size_t j = 0; j < step; ++j) {
          if (i >= side || j >= side) continue;
          const std::size_t row = tile.row * side + i;
          const std::size_t column = tile.column * side + j;
          if (row >= height || column >= width) continue;
          const std::size_t place = ((tile.picture * height + row) * width + column) * out + c;
          if (!grid.pooled) {
            r[i][j] = vector_at(dy + place);
            sum += r[i][j];
          } else if (2 * i + 1 < step && 2 * j + 1 < step) {
            Vector window[4];
            unpool_window(dy + place, winners + place, window);
            r[2 * i][2 * j] = window[0];
            r[2 * i][2 * j + 1] = window[1];
            r[2 * i + 1][2 * j] = window[2];
            r[2 * i + 1][2 * j + 1] = window[3];
            sum += window[0] + window[1] + window[2] + window[3];
          }
        }
      }
      if (dbias != nullptr) store(dbias + c, vector_at(dbias + c) + sum);
      Vector p[kPoints][kPoints];
      map_square(
          r, p, [](const auto& a, auto& b) __attribute__((always_inline)) { at_points(a, b); });
      float* at = to + t * out + c;
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kPoints; ++i) {
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kPoints; ++j) store(at + (i * kPoints + j) * stride, p[i][j]);
      }
    }
  }
}

}  // namespace

MURM_CLONES void write_outputs(const Grid& grid, Block block, const float* from, const float* bias,
                               float* y, std::uint8_t* winners) {
  if (grid.step == 2) write_tiles<2>(grid, block, from, bias, y, winners);
  if (grid.step == 4) write_tiles<4>(grid, block, from, bias, y, winners);
}

MURM_CLONES void read_gradients(const Grid& grid, Block block, const float* dy,
                                const std::uint8_t* winners, float* dbias, float* to) {
  if (grid.step == 2) read_tiles<2>(grid, block, dy, winners, dbias, to);
  if (grid.step == 4) read_tiles<4>(grid, block, dy, winners, dbias, to);
}

}  // namespace murm::host
