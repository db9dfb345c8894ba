#include "gpu/cuda/algebra.hpp"

#include "gpu/bfloat.hpp"
#include "gpu/cuda/elements.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/reduce.hpp"
#include "gpu/vector_math.hpp"

namespace murm::cuda {
namespace {

constexpr std::size_t kGroupRows = 256;  // of column sums: short enough to fill a device

/// Thread: one column of one group of rows.
__global__ void group_sums_kernel(std::size_t rows, std::size_t columns, std::size_t group,
                                  const float* __restrict__ x, bool add, float* __restrict__ sums) {
  const std::size_t column = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (column >= columns) return;
  const std::size_t first = blockIdx.y * group;
  const std::size_t end = first + group < rows ? first + group : rows;
  float sum = 0;
  for (std::size_t row = first; row < end; ++row) sum += x[row * columns + column];
  float* to = sums + blockIdx.y * columns + column;
  *to = add ? *to + sum : sum;
}

/// sums[groups,columns] <- (or +=) those of each `group` rows
void group_sums(cudaStream_t stream, std::size_t rows, std::size_t columns, std::size_t group,
                const float* x, bool add, float* sums) {
  const dim3 blocks(static_cast<unsigned>(divide_up(columns, kThreads)),
                    static_cast<unsigned>(divide_up(rows, group)));
  launch(stream, blocks, dim3(kThreads), group_sums_kernel, rows, columns, group, x, add, sums);
}

/// Which row a number names; `rows` where it names none.
__device__ std::size_t row_named(float index, std::size_t rows) {
  return index >= 0 && index < static_cast<float>(rows) ? static_cast<std::size_t>(index) : rows;
}

}  // namespace

void axpy(cudaStream_t stream, std::size_t n, float a, const float* x, float* y) {
  for_each_number(
      stream, n, [=] __device__(float& sum, float more) { sum += a * more; }, Updated{y}, Read{x});
}

void round_to_bfloat(cudaStream_t stream, std::size_t n, const float* x, std::uint16_t* rounded) {
  for_each_element(stream, n, [=] __device__(std::size_t i) { rounded[i] = bfloat_or_nan(x[i]); });
}

void gelu(cudaStream_t stream, std::size_t n, float* x, float* slope) {
  if (slope == nullptr) {
    return for_each_number(
        stream, n, [] __device__(float& value) { value = murm::gelu(value).value; }, Updated{x});
  }
  for_each_number(
      stream, n,
      [] __device__(float& value, float& slope_there) {
        const Gelu at = murm::gelu(value);
        value = at.value;
        slope_there = at.slope;
      },
      Updated{x}, Written{slope});
}

void mask(cudaStream_t stream, std::size_t n, const float* activation, float* x) {
  for_each_number(
      stream, n, [] __device__(float& value, float active) { value = active > 0 ? value : 0; },
      Updated{x}, Read{activation});
}

void multiply(cudaStream_t stream, std::size_t n, const float* factor, float* x) {
  for_each_number(
      stream, n, [] __device__(float& value, float by) { value *= by; }, Updated{x}, Read{factor});
}

std::size_t column_sums_workspace(std::size_t rows, std::size_t columns) {
  return rows <= kGroupRows ? 0 : divide_up(rows, kGroupRows) * columns;
}

void column_sums(cudaStream_t stream, std::size_t rows, std::size_t columns, const float* x,
                 bool add, float* workspace, float* sums) {
  if (rows <= kGroupRows) return group_sums(stream, rows, columns, rows, x, add, sums);
  group_sums(stream, rows, columns, kGroupRows, x, false, workspace);
  const std::size_t groups = divide_up(rows, kGroupRows);
  group_sums(stream, groups, columns, groups, workspace, add, sums);
}

void gather_rows(cudaStream_t stream, std::size_t n, std::size_t rows, std::size_t width,
                 const float* indices, const float* table, float* y) {
  for_each_element(stream, n * width, [=] __device__(std::size_t i) {
    const std::size_t row = row_named(indices[i / width], rows);
    y[i] = row < rows ? table[row * width + i % width] : __int_as_float(0x7FC00000);
  });
}

}  // namespace murm::cuda
