// What stands between products: activations, rows of tables, sums of columns, the loss.
// Room: gpu/cuda. Arrays on the device; no layer, parameter name or round.
// Caller: gpu/cuda/cuda_device, gpu/cuda/products. Kernels in algebra.cu, cross_entropy.cu.
#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "gpu/algebra.hpp"

namespace murm::cuda {

void axpy(cudaStream_t stream, std::size_t n, float a, const float* x, float* y);  // y += a x
void round_to_bfloat(cudaStream_t stream, std::size_t n, const float* x, std::uint16_t* rounded);
/// x <- gelu(x); `slope` (or null) <- its derivative there
void gelu(cudaStream_t stream, std::size_t n, float* x, float* slope);
/// x <- 0 where activation is not positive
void mask(cudaStream_t stream, std::size_t n, const float* activation, float* x);
/// x <- x * factor
void multiply(cudaStream_t stream, std::size_t n, const float* factor, float* x);

/// sums[columns] <- (or += with `add`) the sums over rows of x[rows,columns]: rows in order, put together in groups.
/// `workspace` [column_sums_workspace] is overwritten.
void column_sums(cudaStream_t stream, std::size_t rows, std::size_t columns, const float* x,
                 bool add, float* workspace, float* sums);
std::size_t column_sums_workspace(std::size_t rows, std::size_t columns);

/// Algebra::gather_rows, Algebra::scatter_rows.
void gather_rows(cudaStream_t stream, std::size_t n, std::size_t rows, std::size_t width,
                 const float* indices, const float* table, float* y);
void scatter_rows(cudaStream_t stream, std::size_t n, std::size_t rows, std::size_t width,
                  const float* indices, const float* dy, float* dtable);

/// Algebra::cross_entropy: the loss is added to *losses. `workspace` [cross_entropy_workspace] is 8-byte aligned.
void cross_entropy(cudaStream_t stream, std::size_t n, std::size_t classes, const float* logits,
                   const std::int32_t* labels, float scale, float* dlogits, float* workspace,
                   CrossEntropy* losses);
std::size_t cross_entropy_workspace(std::size_t n);

}  // namespace murm::cuda
