// Linear algebra of models: products with what follows them, rows of tables, the loss.
// Room: gpu. Addresses are the device's own, matrices row-major fp32; no layer, parameter name or round.
// Caller: models. Implementations: gpu/host; a device has one (gpu/device.hpp).
#pragma once
#include <cstddef>
#include <cstdint>

namespace murm {

enum class Activation : std::uint8_t {
  none,
  relu,
  gelu
};  // gelu: x Phi(x), with the error function

/// What a product does to its result while it is at hand; null pointers: nothing.
struct Epilogue {
  const float* bias = nullptr;  // [out], added first
  Activation activation = Activation::none;
  float* slope = nullptr;           // gelu: [n,out] <- its derivative there, for the way back
  const float* residual = nullptr;  // [n,out], added last; only where there is no activation
};

/// The way back through a product, whose outputs had the derivative dy[n,out].
struct LinearGradient {
  const float* dy = nullptr;
  float* dw = nullptr;     // [out,in] <- dy^T x
  float* dbias = nullptr;  // [out] <- column sums of dy, rows in order; null: not wanted
  bool add = false;        // dw and dbias are added to what is there
  float* dx =
      nullptr;  // [n,in] <- dy w, times the derivative of the activation that made x; null: not wanted
  Activation activation = Activation::none;  // that activation
  const float* slope = nullptr;              // gelu: as `linear` left it; relu is told by x
};

struct CrossEntropy {
  double loss_sum = 0;  // nats
  std::uint64_t correct = 0;
};

/// Lengths are positive, arrays do not overlap unless said. Thread: one at a time.
class Algebra {
 public:
  virtual ~Algebra() = default;

  /// Weights have new numbers, and products will see each of them about `uses` times until the next call: where
  /// that pays, another form of them is kept. Call it before weights at an old address have changed.
  virtual void new_weights(std::size_t uses) = 0;

  /// y[n,out] <- f(x[n,in] w[out,in]^T + bias) + residual
  virtual void linear(std::size_t n, std::size_t in, std::size_t out, const float* x,
                      const float* w, const Epilogue& epilogue, float* y) = 0;
  virtual void linear_gradient(std::size_t n, std::size_t in, std::size_t out, const float* x,
                               const float* w, const LinearGradient& gradient) = 0;
  /// y[n] += x[n]
  virtual void add(std::size_t n, const float* x, float* y) = 0;
  /// y[n] <- x[n]
  virtual void copy_numbers(std::size_t n, const float* x, float* y) = 0;
  /// y[n] <- 0
  virtual void clear(std::size_t n, float* y) = 0;
  /// y[n,width] <- table[indices[n]], whole rows of table[rows,width]; indices are whole numbers below `rows`: asserted where
  /// the processor sees them, else the row is not a number.
  virtual void gather_rows(std::size_t n, std::size_t rows, std::size_t width, const float* indices,
                           const float* table, float* y) = 0;
  /// dtable[rows,width] += for each row the dy[n,width] with its index, in order.
  virtual void scatter_rows(std::size_t n, std::size_t rows, std::size_t width,
                            const float* indices, const float* dy, float* dtable) = 0;
  /// Softmax cross-entropy of logits[n,classes], for take_cross_entropy; when `dlogits` is not null: dlogits <- scale
  /// (softmax - onehot), the gradient of the SUMMED loss times `scale` (may alias logits). Labels are below `classes`:
  /// asserted where the processor sees them, else the loss is not a number.
  virtual void cross_entropy(std::size_t n, std::size_t classes, const float* logits,
                             const std::int32_t* labels, float scale, float* dlogits) = 0;
  /// The sum over all calls since the last of these. A device with a clock of its own is waited for.
  virtual CrossEntropy take_cross_entropy() = 0;
};

}  // namespace murm
