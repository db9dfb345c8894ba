#include "gpu/host/host_device.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "gpu/host/kernels.hpp"

namespace murm {
namespace {

void require_equal_lengths(const Tensor& a, const Tensor& b) {
  MURM_ASSERT(a.length() == b.length(),
              std::to_string(a.length()) + ", " + std::to_string(b.length()));
}

void require_below(std::size_t n, std::size_t rows, const float* indices) {
  const auto end = static_cast<float>(rows);
  for (std::size_t i = 0; i < n; ++i) {
    MURM_ASSERT(indices[i] >= 0 && indices[i] < end, std::to_string(indices[i]));
  }
}

}  // namespace

void HostDevice::upload(std::size_t bytes, const void* from, float* to) {
  std::memcpy(to, from, bytes);
}

void HostDevice::download(std::size_t bytes, const float* from, void* to) {
  std::memcpy(to, from, bytes);
}

void HostDevice::zero(const Tensor& x) {
  const std::span<float> values = host_span(x);
  std::fill(values.begin(), values.end(), 0.0F);
}

void HostDevice::copy(const Tensor& destination, const Tensor& source) {
  require_equal_lengths(destination, source);
  float* to = host_span(destination).data();
  for_each_run(source, [&](const float* data, std::size_t offset, std::size_t length) {
    std::copy_n(data, length, to + offset);
  });
}

void HostDevice::axpy(const Tensor& y, float a, const Tensor& x) {
  require_equal_lengths(y, x);
  float* to = host_span(y).data();
  for_each_run(x, [&](const float* data, std::size_t offset, std::size_t length) {
    host::axpy(length, a, data, to + offset);
  });
}

void HostDevice::axpy_shared(const Tensor& y, float a, const Tensor& x) {
  require_equal_lengths(y, x);
  float* to = host_span(y).data();
  for_each_run(x, [&](const float* data, std::size_t offset, std::size_t length) {
    host::axpy_shared(length, a, data, to + offset);
  });
}

void HostDevice::scale(const Tensor& x, float a) {
  const std::span<float> values = host_span(x);
  host::scale(values.size(), a, values.data());
}

double HostDevice::norm(const Tensor& x) {
  host::SquareSums sums{};
  for_each_run(x, [&](const float* data, std::size_t offset, std::size_t length) {
    host::add_squares(offset, length, data, sums);
  });
  return host::square_root_of(sums);
}

namespace {

/// One block of an optimizer that takes norms; `x`, `first` and `second` begin at the block.
void step_block(const OptimizerStep& step, const Tensor& gradient, bool adapt, float* x,
                float* first, float* second) {
  const bool lamb = step.kind == OptimizerKind::lamb;
  host::SquareSums parameters{};
  host::SquareSums directions{};
  host::add_squares(0, gradient.length(), x, parameters);
  for_each_run(gradient, [&](const float* data, std::size_t offset, std::size_t length) {
    if (lamb) {
      host::lamb_moments(step, offset, length, data, x + offset, first + offset, second + offset,
                         directions);
    } else {
      host::add_squares(offset, length, data, directions);
    }
  });
  const double norm = host::square_root_of(parameters);
  const float rate = block_rate(step, adapt, norm, host::square_root_of(directions));
  if (lamb) return host::lamb_step(step, rate, gradient.length(), x, first, second);
  for_each_run(gradient, [&](const float* data, std::size_t offset, std::size_t length) {
    host::lars_step(step, rate, length, data, x + offset, first + offset);
  });
}

void step_blocks(const OptimizerStep& step, const Tensor& gradient, float* x, float* first,
                 float* second) {
  const OptimizerBlock whole{0, gradient.length(), true};
  std::size_t next = 0;
  for (const OptimizerBlock& block : step.blocks.empty() ? std::span(&whole, 1) : step.blocks) {
    MURM_ASSERT(block.offset == next, std::to_string(block.offset));
    next += block.length;
    step_block(step, gradient.slice(block.offset, block.length), block.adapt, x + block.offset,
               first + block.offset, second == nullptr ? nullptr : second + block.offset);
  }
  MURM_ASSERT(next == gradient.length(), std::to_string(next));
}

}  // namespace

void HostDevice::optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                                std::span<const Tensor> state) {
  require_equal_lengths(x, gradient);
  MURM_ASSERT(state.size() == optimizer_state_count(step.kind), std::to_string(state.size()));
  for (const Tensor& tensor : state) require_equal_lengths(x, tensor);
  float* values = host_span(x).data();
  float* first = state.empty() ? nullptr : host_span(state[0]).data();
  float* second = state.size() < 2 ? nullptr : host_span(state[1]).data();
  if (takes_norms(step.kind)) return step_blocks(step, gradient, values, first, second);
  for_each_run(gradient, [&](const float* data, std::size_t offset, std::size_t length) {
    host::optimizer_step(step, length, data, values + offset,
                         first == nullptr ? first : first + offset,
                         second == nullptr ? second : second + offset);
  });
}

void HostDevice::linear(std::size_t n, std::size_t in, std::size_t out, const float* x,
                        const float* w, const Epilogue& epilogue, float* y) {
  products_.multiply(linear_shape(n, in, out, epilogue), linear_operands(x, w, epilogue, y));
  if (epilogue.activation == Activation::gelu) host::gelu(n * out, y, epilogue.slope);
}

void HostDevice::linear_gradient(std::size_t n, std::size_t in, std::size_t out, const float* x,
                                 const float* w, const LinearGradient& gradient) {
  products_.multiply({.m = out, .k = n, .n = in, .a_transposed = true, .add = gradient.add},
                     {.a = gradient.dy, .b = x, .c = gradient.dw});
  if (gradient.dbias != nullptr) {
    (gradient.add ? host::add_column_sums : host::column_sums)(n, out, gradient.dy, gradient.dbias);
  }
  if (gradient.dx == nullptr) return;
  products_.multiply({.m = n, .k = out, .n = in},
                     {.a = gradient.dy, .b = w, .c = gradient.dx, .b_is_weight = true});
  if (gradient.activation == Activation::relu) host::mask(n * in, x, gradient.dx);
  if (gradient.activation == Activation::gelu) host::multiply(n * in, gradient.slope, gradient.dx);
}

void HostDevice::add(std::size_t n, const float* x, float* y) { host::axpy(n, 1.0F, x, y); }

void HostDevice::copy_numbers(std::size_t n, const float* x, float* y) { std::copy_n(x, n, y); }

void HostDevice::clear(std::size_t n, float* y) { std::fill_n(y, n, 0.0F); }

void HostDevice::gather_rows(std::size_t n, std::size_t rows, std::size_t width,
                             const float* indices, const float* table, float* y) {
  require_below(n, rows, indices);
  host::gather_rows(n, width, indices, table, y);
}

void HostDevice::scatter_rows(std::size_t n, std::size_t rows, std::size_t width,
                              const float* indices, const float* dy, float* dtable) {
  require_below(n, rows, indices);
  host::scatter_rows(n, width, indices, dy, dtable);
}

void HostDevice::cross_entropy(std::size_t n, std::size_t classes, const float* logits,
                               const std::int32_t* labels, float scale, float* dlogits) {
  if (row_.size() < classes) row_.resize(classes);
  for (std::size_t i = 0; i < n; ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    MURM_ASSERT(label < classes, std::to_string(labels[i]));
    host::cross_entropy_row(classes, logits + i * classes, label, scale, row_.data(),
                            dlogits == nullptr ? nullptr : dlogits + i * classes, losses_);
  }
}

}  // namespace murm
