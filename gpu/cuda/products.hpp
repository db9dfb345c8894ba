// Matrix products by cuBLASLt, one prepared plan for each shape.
// Room: gpu/cuda. The only file that asks cuBLASLt for products.
// Caller: gpu/cuda/cuda_device.
#pragma once
#include <cstddef>
#include <memory>

#include "gpu/cuda/memory.hpp"
#include "gpu/product_shape.hpp"

namespace murm::cuda {

/// fp32 products, or with `bf16` products of operands rounded to bfloat16 with fp32 sums. The same operands give the same
/// bits on one model of device: sums that are split are put together in a fixed order.
/// Thread: one at a time.   Cost: the first product of a shape prepares it; later ones allocate nothing.
class Products {
 public:
  /// `stream` outlives it.
  Products(Stream& stream, bool bf16);
  ~Products();
  void multiply(const ProductShape& shape, const ProductOperands& operands);
  /// Weights have new numbers: rounded ones are forgotten.
  void new_weights();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace murm::cuda
