#include "gpu/cuda/cuda_device.hpp"

#include <algorithm>
#include <cstring>

#include "gpu/cuda/algebra.hpp"
#include "gpu/cuda/check.hpp"

namespace murm::cuda {
namespace {

constexpr std::size_t kNumbersOfLosses = sizeof(CrossEntropy) / sizeof(float);

/// The numbers of a tensor of some device of this room; null: it lies in the processor's memory.
float* on_device(const Tensor& tensor) {
  const auto* buffer = dynamic_cast<const DeviceBuffer*>(tensor.storage().get());
  return buffer == nullptr ? nullptr : buffer->data() + tensor.offset();
}

void require_equal_lengths(const Tensor& a, const Tensor& b) {
  MURM_ASSERT(a.length() == b.length(),
              std::to_string(a.length()) + ", " + std::to_string(b.length()));
}

void copy_bytes(cudaStream_t stream, std::size_t bytes, const void* from, void* to) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream), "cudaMemcpyAsync");
}

}  // namespace

CudaDevice::CudaDevice(int ordinal, const CudaLaneOptions& options,
                       std::unique_ptr<Device> processor)
    : stream_(ordinal),
      processor_(std::move(processor)),
      graphs_(stream_),
      products_(stream_, options.bf16),
      sequences_(stream_, scratch_, graphs_),
      images_(stream_, scratch_),
      losses_(allocate(kNumbersOfLosses)),
      losses_taken_(allocate_staging(kNumbersOfLosses)) {
  zero(losses_);
}

Tensor CudaDevice::allocate(std::size_t length) {
  stream_.use();
  return pool_.take(length);
}

Tensor CudaDevice::allocate_staging(std::size_t length) {
  stream_.use();
  return staging_.take(length);
}

float* CudaDevice::address(const Tensor& tensor) {
  float* found = on_device(tensor);
  MURM_ASSERT(found != nullptr, "a tensor of another device");
  return found;
}

void CudaDevice::upload(std::size_t bytes, const void* from, float* to) {
  if (bytes == 0) return;
  // Copied by the processor first: then neither waits for the other.
  const Tensor held = allocate_staging((bytes + sizeof(float) - 1) / sizeof(float));
  std::memcpy(host_span(held).data(), from, bytes);
  copy_bytes(stream_.use(), bytes, host_span(held).data(), to);
  in_flight_.push_back(held);
}

void CudaDevice::download(std::size_t bytes, const float* from, void* to) {
  copy_bytes(stream_.use(), bytes, from, to);
  wait();
}

void CudaDevice::wait() {
  stream_.wait();
  in_flight_.clear();
}

void CudaDevice::repeat(std::uint64_t key, const std::function<void()>& work) {
  graphs_.repeat(key, work);
}

void CudaDevice::zero(const Tensor& x) { clear(x.length(), address(x)); }

void CudaDevice::copy(const Tensor& destination, const Tensor& source) {
  require_equal_lengths(destination, source);
  const cudaStream_t stream = stream_.use();
  const float* from = on_device(source);
  float* to = on_device(destination);
  if (to == nullptr) to = host_span(destination).data();
  if (from != nullptr) return copy_bytes(stream, source.length() * sizeof(float), from, to);
  copy_runs(source, to);
}

void CudaDevice::copy_runs(const Tensor& source, float* to) {
  for_each_run(source, [&](const float* data, std::size_t offset, std::size_t length) {
    copy_bytes(stream_.use(), length * sizeof(float), data, to + offset);
  });
  in_flight_.push_back(source);
}

const float* CudaDevice::here(const Tensor& tensor, Scratch& scratch) {
  if (const float* found = on_device(tensor); found != nullptr) return found;
  stream_.use();
  float* copied = scratch.numbers(tensor.length());
  copy_runs(tensor, copied);
  return copied;
}

void CudaDevice::axpy(const Tensor& y, float a, const Tensor& x) {
  require_equal_lengths(y, x);
  cuda::axpy(stream_.use(), y.length(), a, here(x, scratch_), address(y));
}

void CudaDevice::new_weights(std::size_t /*uses*/) { products_.new_weights(); }

void CudaDevice::linear(std::size_t n, std::size_t in, std::size_t out, const float* x,
                        const float* w, const Epilogue& epilogue, float* y) {
  products_.multiply(linear_shape(n, in, out, epilogue), linear_operands(x, w, epilogue, y));
  // cuBLASLt's GELU is the approximation with tanh, another function.
  if (epilogue.activation == Activation::gelu) gelu(stream_.use(), n * out, y, epilogue.slope);
}

void CudaDevice::linear_gradient(std::size_t n, std::size_t in, std::size_t out, const float* x,
                                 const float* w, const LinearGradient& gradient) {
  products_.multiply({.m = out, .k = n, .n = in, .a_transposed = true, .add = gradient.add},
                     {.a = gradient.dy, .b = x, .c = gradient.dw});
  const cudaStream_t stream = stream_.use();
  if (gradient.dbias != nullptr) {
    column_sums(stream, n, out, gradient.dy, gradient.add,
                scratch_.numbers(column_sums_workspace(n, out)), gradient.dbias);
  }
  if (gradient.dx == nullptr) return;
  products_.multiply({.m = n, .k = out, .n = in},
                     {.a = gradient.dy, .b = w, .c = gradient.dx, .b_is_weight = true});
  if (gradient.activation == Activation::relu) mask(stream, n * in, x, gradient.dx);
  if (gradient.activation == Activation::gelu) {
    multiply(stream, n * in, gradient.slope, gradient.dx);
  }
}

void CudaDevice::add(std::size_t n, const float* x, float* y) {
  cuda::axpy(stream_.use(), n, 1.0F, x, y);
}

void CudaDevice::copy_numbers(std::size_t n, const float* x, float* y) {
  copy_bytes(stream_.use(), n * sizeof(float), x, y);
}

void CudaDevice::clear(std::size_t n, float* y) {
  check(cudaMemsetAsync(y, 0, n * sizeof(float), stream_.use()), "cudaMemsetAsync");
}

void CudaDevice::gather_rows(std::size_t n, std::size_t rows, std::size_t width,
                             const float* indices, const float* table, float* y) {
  cuda::gather_rows(stream_.use(), n, rows, width, indices, table, y);
}

void CudaDevice::scatter_rows(std::size_t n, std::size_t rows, std::size_t width,
                              const float* indices, const float* dy, float* dtable) {
  cuda::scatter_rows(stream_.use(), n, rows, width, indices, dy, dtable);
}

void CudaDevice::cross_entropy(std::size_t n, std::size_t classes, const float* logits,
                               const std::int32_t* labels, float scale, float* dlogits) {
  const cudaStream_t stream = stream_.use();
  cuda::cross_entropy(stream, n, classes, logits, labels, scale, dlogits,
                      scratch_.numbers(cross_entropy_workspace(n)),
                      reinterpret_cast<CrossEntropy*>(address(losses_)));
}

CrossEntropy CudaDevice::take_cross_entropy() {
  if (graphs_.at_work()) return {};  // a record cannot wait: they stay for who takes them after it
  copy(losses_taken_, losses_);
  zero(losses_);
  wait();
  return *reinterpret_cast<const CrossEntropy*>(host_span(losses_taken_).data());
}

}  // namespace murm::cuda
