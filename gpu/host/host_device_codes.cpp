// The verbs of algorithms that see a whole tensor at once: codes, and rules over several contributions.
#include "algorithms/compression/codec.hpp"
#include "gpu/host/host_device.hpp"
#include "gpu/host/kernels.hpp"

namespace murm {

std::span<const float> HostDevice::contiguous(const Tensor& tensor, Tensor& gathered) {
  std::span<const float> whole;
  for_each_run(tensor, [&](const float* data, std::size_t offset, std::size_t length) {
    if (offset == 0 && length == tensor.length()) whole = {data, length};
  });
  if (whole.size() == tensor.length()) return whole;
  gathered = allocate(tensor.length());
  copy(gathered, tensor);
  return host_span(gathered);
}

Tensor HostDevice::encode(Codec& codec, const Tensor& values) {
  Tensor gathered;
  const std::span<const float> numbers = contiguous(values, gathered);
  const Tensor payload = allocate(codec.encoded_length());
  codec.encode(numbers, host_span(payload));
  return payload;
}

bool HostDevice::decode(const Codec& codec, const Tensor& payload, const Tensor& values) {
  if (!codec.accepts(payload.length())) return false;
  Tensor gathered;
  return codec.decode(contiguous(payload, gathered), host_span(values));
}

void HostDevice::restore(Codec& codec, const Tensor& payload) {
  Tensor gathered;
  codec.restore(contiguous(payload, gathered));
}

void HostDevice::compensate(const Compensation& rule, const Tensor& gradient, const Tensor& now,
                            const Tensor& read, const Tensor& mean_square, const Tensor& out) {
  Tensor gathered[2];
  const std::span<const float> g = contiguous(gradient, gathered[0]);
  const std::span<const float> then = contiguous(read, gathered[1]);
  MURM_ASSERT(then.size() == g.size(), std::to_string(then.size()));
  host::compensate(rule, g.size(), g.data(), host_span(now).data(), then.data(),
                   rule.adaptive ? host_span(mean_square).data() : nullptr, host_span(out).data());
}

void HostDevice::combine(const RobustOptions& rule, std::span<const Tensor> contributions,
                         std::span<const double> samples, const Tensor& state, const Tensor& out) {
  const std::span<float> memory = state.empty() ? std::span<float>() : host_span(state);
  murm::combine(rule, contributions, samples, memory, host_span(out), robust_);
}

}  // namespace murm
