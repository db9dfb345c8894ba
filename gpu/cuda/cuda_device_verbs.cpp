// The verbs of algorithms that have no kernel: the processor carries them out on copies.
#include "algorithms/compression/codec.hpp"
#include "algorithms/parameter_server/compensation.hpp"
#include "gpu/cuda/cuda_device.hpp"

namespace murm::cuda {

Tensor CudaDevice::on_processor(const Tensor& tensor) {
  if (tensor.empty()) return tensor;
  const Tensor there = allocate_staging(tensor.length());
  copy(there, tensor);
  wait();
  return there;
}

void CudaDevice::scale(const Tensor& x, float a) {
  const Tensor there = on_processor(x);
  processor_->scale(there, a);
  copy(x, there);
  wait();
}

double CudaDevice::norm(const Tensor& x) { return processor_->norm(on_processor(x)); }

void CudaDevice::optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                                std::span<const Tensor> state) {
  std::vector<Tensor> states;
  for (const Tensor& tensor : state) states.push_back(on_processor(tensor));
  const Tensor there = on_processor(x);
  processor_->optimizer_step(step, there, on_processor(gradient), states);
  copy(x, there);
  for (std::size_t i = 0; i < state.size(); ++i) copy(state[i], states[i]);
  wait();
}

void CudaDevice::compensate(const Compensation& rule, const Tensor& gradient, const Tensor& now,
                            const Tensor& read, const Tensor& mean_square, const Tensor& out) {
  const Tensor mean = on_processor(mean_square);
  const Tensor result = on_processor(out);
  processor_->compensate(rule, on_processor(gradient), on_processor(now), on_processor(read), mean,
                         result);
  copy(out, result);
  if (rule.adaptive) copy(mean_square, mean);
  wait();
}

void CudaDevice::combine(const RobustOptions& rule, std::span<const Tensor> contributions,
                         std::span<const double> samples, const Tensor& state, const Tensor& out) {
  std::vector<Tensor> there;
  for (const Tensor& contribution : contributions) there.push_back(on_processor(contribution));
  const Tensor memory = on_processor(state);
  const Tensor result = on_processor(out);
  processor_->combine(rule, there, samples, memory, result);
  copy(out, result);
  if (!state.empty()) copy(state, memory);
  wait();
}

Tensor CudaDevice::encode(Codec& codec, const Tensor& values) {
  return processor_->encode(codec, on_processor(values));
}

bool CudaDevice::decode(const Codec& codec, const Tensor& payload, const Tensor& values) {
  const Tensor there = on_processor(values);
  if (!processor_->decode(codec, on_processor(payload), there)) return false;
  copy(values, there);
  wait();
  return true;
}

void CudaDevice::restore(Codec& codec, const Tensor& payload) {
  processor_->restore(codec, on_processor(payload));
}

}  // namespace murm::cuda
