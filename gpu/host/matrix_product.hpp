// Matrix products by oneDNN, one prepared primitive per shape.
// Room: gpu/host. With convolution.*, the only files that know oneDNN (and, because Debian's is built with it, OpenMP).
// Caller: gpu/host/host_device.
#pragma once
#include <compare>
#include <cstddef>
#include <memory>

namespace murm::host {

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

struct ProductOperands {
  const float* a = nullptr;
  const float* b = nullptr;
  const float* bias = nullptr;
  const float* residual = nullptr;
  float* c = nullptr;
  bool b_is_weight =
      false;  // b stays the same until forget_weights: its converted form may be kept
};

struct ProductOptions {
  std::size_t threads = 1;  // of OpenMP
  bool bf16 = false;        // operands are rounded to bfloat16, sums are fp32
};

/// Thread: one at a time.   Cost: the first product of a shape prepares it; later ones allocate no memory
/// here (oneDNN makes a few small bookkeeping allocations for each execution).
class MatrixProducts {
 public:
  explicit MatrixProducts(const ProductOptions& options = {});
  ~MatrixProducts();
  /// Pointers are null exactly where the shape has no such operand.
  void multiply(const ProductShape& shape, const ProductOperands& operands);
  /// Weights have new numbers; each will be seen about `uses` times. Kept forms are made where that pays.
  void new_weights(std::size_t uses);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace murm::host
