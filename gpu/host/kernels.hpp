// Element-wise loops of the host device over contiguous memory.
// Room: gpu/host. Knows arrays of numbers; no tensor, storage or run.
// Caller: gpu/host/host_device. Every loop has one order of operations, whatever vector unit carries it out.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "algorithms/optimizer.hpp"
#include "algorithms/parameter_server/compensation.hpp"
#include "gpu/algebra.hpp"

namespace murm::host {

void axpy(std::size_t n, float a, const float* x, float* y);
/// Each number by itself atomically, in no order: other threads may add to y meanwhile.
void axpy_shared(std::size_t n, float a, const float* x, float* y);
void scale(std::size_t n, float a, float* x);

/// Adds squares to 16 partial sums; element `position + i` belongs to lane (position + i) % 16, so that the
/// result does not depend on how a tensor is cut into runs.
constexpr std::size_t square_lanes = 16;
using SquareSums = std::array<double, square_lanes>;
double square_root_of(const SquareSums& sums);  // added in order
void add_squares(std::size_t position, std::size_t n, const float* x, SquareSums& sums);

/// Element-wise kinds. `first`, `second`: state of the optimizer, null where its kind has none.
void optimizer_step(const OptimizerStep& step, std::size_t n, const float* gradient, float* x,
                    float* first, float* second);
/// `rate`: learning rate times trust ratio of the block.
void lars_step(const OptimizerStep& step, float rate, std::size_t n, const float* gradient,
               float* x, float* m);
/// Advances the moments and adds the squares of the new direction, which begins at `position` of its block.
void lamb_moments(const OptimizerStep& step, std::size_t position, std::size_t n,
                  const float* gradient, const float* x, float* m, float* v, SquareSums& sums);
void lamb_step(const OptimizerStep& step, float rate, std::size_t n, float* x, const float* m,
               const float* v);

/// `mean_square`: null unless the rule is adaptive.
void compensate(const Compensation& rule, std::size_t n, const float* gradient, const float* now,
                const float* read, float* mean_square, float* out);

/// sums[columns] <- sum over rows, in order, of x[rows,columns]
void column_sums(std::size_t rows, std::size_t columns, const float* x, float* sums);
/// The same, added to what sums holds.
void add_column_sums(std::size_t rows, std::size_t columns, const float* x, float* sums);
/// x <- 0 where activation is not positive
void mask(std::size_t n, const float* activation, float* x);
/// x <- x * factor
void multiply(std::size_t n, const float* factor, float* x);
/// x <- gelu(x); `slope` (or null) <- its derivative there
void gelu(std::size_t n, float* x, float* slope);
void round_to_bfloat(std::size_t n, const float* x, std::uint16_t* rounded);

/// Algebra::gather_rows, Algebra::scatter_rows.
void gather_rows(std::size_t n, std::size_t width, const float* indices, const float* table,
                 float* y);
void scatter_rows(std::size_t n, std::size_t width, const float* indices, const float* dy,
                  float* dtable);

/// One row of Algebra::cross_entropy: adds to `result`; `gradient` may be null or alias `logits`.
/// `scratch` [classes] is overwritten.
void cross_entropy_row(std::size_t classes, const float* logits, std::size_t label, float scale,
                       float* scratch, float* gradient, CrossEntropy& result);

}  // namespace murm::host
