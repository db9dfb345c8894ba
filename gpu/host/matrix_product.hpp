// Matrix products by oneDNN on the calling thread, one prepared primitive per shape.
// Room: gpu/host. The only file that knows oneDNN (and, because Debian's is built with it, OpenMP).
// Caller: gpu/host/host_device.
#pragma once
#include <compare>
#include <cstddef>
#include <memory>

namespace murm::host {

/// c[m,n] <- op(a)[m,k] op(b)[k,n] (+ bias[n]) (then max(0, .)), row-major.
struct ProductShape {
  std::size_t m = 0;
  std::size_t k = 0;
  std::size_t n = 0;
  bool a_transposed = false;  // a lies in memory as [k,m]
  bool b_transposed = false;  // b lies in memory as [n,k]
  bool bias = false;
  bool relu = false;
  friend auto operator<=>(const ProductShape&, const ProductShape&) = default;
};

/// Thread: one at a time.   Cost: the first product of a shape prepares it; later ones allocate no memory
/// here (oneDNN makes a few small bookkeeping allocations for each execution).
class MatrixProducts {
 public:
  MatrixProducts();
  ~MatrixProducts();
  /// `bias` is null exactly where the shape has none.
  void multiply(const ProductShape& shape, const float* a, const float* b, const float* bias,
                float* c);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace murm::host
