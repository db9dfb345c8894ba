// Matrix products by oneDNN, one prepared primitive per shape.
// Room: gpu/host. With convolution.*, the only files that know oneDNN (and, because Debian's is built with it, OpenMP).
// Caller: gpu/host/host_device.
#pragma once
#include <cstddef>
#include <memory>

#include "gpu/product_shape.hpp"

namespace murm::host {

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
