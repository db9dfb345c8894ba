// Which matrix product, and of what: the words that the devices' libraries are asked in.
// Room: gpu. Addresses are the device's own; knows no library.
// Caller: gpu/host/matrix_product, gpu/cuda/products, and the devices that ask them.
#pragma once
#include <compare>
#include <cstddef>

#include "algorithms/vocabulary.hpp"
#include "gpu/algebra.hpp"

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

/// Algebra::linear as a product, but for gelu, which no product does. Requires: no residual after an activation (asserted).
inline ProductShape linear_shape(std::size_t n, std::size_t in, std::size_t out,
                                 const Epilogue& epilogue) {
  const bool plain = epilogue.activation == Activation::none;
  MURM_ASSERT(plain || epilogue.residual == nullptr, "a residual after an activation");
  return {.m = n,
          .k = in,
          .n = out,
          .b_transposed = true,
          .bias = epilogue.bias != nullptr,
          .relu = epilogue.activation == Activation::relu,
          .residual = epilogue.residual != nullptr};
}
inline ProductOperands linear_operands(const float* x, const float* w, const Epilogue& epilogue,
                                       float* y) {
  return {.a = x,
          .b = w,
          .bias = epilogue.bias,
          .residual = epilogue.residual,
          .c = y,
          .b_is_weight = true};
}

}  // namespace murm
