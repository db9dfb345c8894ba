// PowerSGD: a matrix travels as the product of two thin ones, found by one step of power iteration.
// Room: algorithms. Arithmetic on host memory.
// Caller: codec.cpp. Source: Vogels et al. 2019, arXiv:1905.13727, Algorithms 1 and 2.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "algorithms/compression/codec.hpp"

namespace murm {

struct LowRank {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t rank = 0;

  constexpr std::size_t words() const { return rank * (rows + columns); }
};

/// P = M Q; P <- orthonormalise(P); Q <- M^T P. Thin matrices lie column by column.
/// Shapes: m [rows][columns]; q [rank][columns], in: a guess whose length does not matter; p [rank][rows].
/// Columns of P that depend on earlier ones become 0. Cost: 4 rank rows columns operations, no allocation.
void factorise(LowRank shape, const float* m, float* q, float* p);
/// m <- P Q^T.
void multiply_out(LowRank shape, const float* p, const float* q, float* m);
/// Gram-Schmidt, each column twice; `p` holds `rank` columns of n numbers.
void orthonormalise(std::size_t n, std::size_t rank, float* p);

/// Payload of a matrix: P, Q; of a vector, or a matrix for which that would not save half: its numbers.
/// Deviations: one way, so that it serves every algorithm: a sender makes both factors from its own matrix and
/// the receiver adds the products, where the paper averages P and then Q over all workers; Q starts uniform
/// instead of normal, and its dead columns are drawn anew; momentum is the receiver's optimizer.
std::unique_ptr<Codec> make_powersgd(const CompressionOptions& options, std::size_t length,
                                     std::span<const CodecBlock> blocks, std::uint64_t stream);

}  // namespace murm
