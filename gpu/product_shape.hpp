// Which matrix product, and of what: the words that the devices' libraries are asked in.
// Room: gpu. Addresses are the device's own; knows no library.
// Caller: gpu/host/matrix_product, gpu/cuda/products, and the devices that ask them.
#pragma once
#include <compare>
#include <cstddef>

namespace murm {

/// c[m,n] <- op(a)[m,k] op(b)[k,n] (+ bias[n]) (then max(0, .)) (+ c, or + residual[m,n]), row-major.
struct ProductShape {
  std::size_t m = 0;
  std::size_t k = 0;
  std::size_t n = 0;
  bool a_transposed = false;  // a lies in memory as [k,m]
  bool b_transposed = false;  // b lies in memory as [n,k]
  bool bias = false;
  bool relu = false;
  bool add = false;       // to what c holds
  bool residual = false;  // not with `add`
  friend auto operator<=>(const ProductShape&, const ProductShape&) = default;
};

/// Pointers are null exactly where the shape has no such operand.
struct ProductOperands {
  const float* a = nullptr;
  const float* b = nullptr;
  const float* bias = nullptr;
  const float* residual = nullptr;
  float* c = nullptr;
  bool b_is_weight = false;  // b stays the same until new_weights: its converted form may be kept
};

}  // namespace murm
