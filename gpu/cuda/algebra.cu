#include "gpu/cuda/algebra.hpp"

#include "gpu/bfloat.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/numbers.hpp"
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

/// Block: one row of the table. It looks through the indices in groups as wide as the block, and adds what it finds in
/// order; nobody else writes to its row.
__global__ void scatter_rows_kernel(std::size_t n, std::size_t rows, std::size_t width,
                                    const float* __restrict__ indices, const float* __restrict__ dy,
                                    float* dtable) {
  __shared__ unsigned found[kThreads / kWarp];
  for (std::size_t first = 0; first < n; first += kThreads) {
    const std::size_t mine = first + threadIdx.x;
    const bool here = mine < n && row_named(indices[mine], rows) == blockIdx.x;
    const unsigned of_warp = __ballot_sync(kWholeWarp, here ? 1 : 0);
    if (threadIdx.x % kWarp == 0) found[threadIdx.x / kWarp] = of_warp;
    __syncthreads();
    for (unsigned warp = 0; warp < kThreads / kWarp; ++warp) {
      for (unsigned left = found[warp]; left != 0; left &= left - 1) {
        const std::size_t i = first + warp * kWarp +
                              static_cast<unsigned>(__ffs(static_cast<int>(left))) - 1;
        for (std::size_t c = threadIdx.x; c < width; c += kThreads) {
          dtable[blockIdx.x * width + c] += dy[i * width + c];
        }
      }
    }
    __syncthreads();
  }
}

template <unsigned kWidth>
void axpy_by(cudaStream_t stream, std::size_t n, float a, const float* x, float* y) {
  for_each_element(stream, n / kWidth, [=] __device__(std::size_t i) {
    const auto more = load<kWidth>(x + kWidth * i);
    auto sum = load<kWidth>(y + kWidth * i);
    for (unsigned c = 0; c < kWidth; ++c) sum.at[c] += a * more.at[c];
    store<kWidth>(sum, y + kWidth * i);
  });
}

}  // namespace

void axpy(cudaStream_t stream, std::size_t n, float a, const float* x, float* y) {
  if (in_fours(n, {x, y})) {
    axpy_by<4>(stream, n, a, x, y);
  } else {
    axpy_by<1>(stream, n, a, x, y);
  }
}

void round_to_bfloat(cudaStream_t stream, std::size_t n, const float* x, std::uint16_t* rounded) {
  for_each_element(stream, n, [=] __device__(std::size_t i) { rounded[i] = bfloat_or_nan(x[i]); });
}

void gelu(cudaStream_t stream, std::size_t n, float* x, float* slope) {
  for_each_element(stream, n, [=] __device__(std::size_t i) {
    const Gelu at = murm::gelu(x[i]);
    x[i] = at.value;
    if (slope != nullptr) slope[i] = at.slope;
  });
}

void mask(cudaStream_t stream, std::size_t n, const float* activation, float* x) {
  for_each_element(stream, n,
                   [=] __device__(std::size_t i) { x[i] = activation[i] > 0 ? x[i] : 0; });
}

void multiply(cudaStream_t stream, std::size_t n, const float* factor, float* x) {
  for_each_element(stream, n, [=] __device__(std::size_t i) { x[i] *= factor[i]; });
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

void scatter_rows(cudaStream_t stream, std::size_t n, std::size_t rows, std::size_t width,
                  const float* indices, const float* dy, float* dtable) {
  launch(stream, dim3(static_cast<unsigned>(rows)), dim3(kThreads), scatter_rows_kernel, n, rows,
         width, indices, dy, dtable);
}

}  // namespace murm::cuda
