// The verbs of algorithms. Those that have no kernel the processor carries out on copies.
#include "algorithms/compression/codec.hpp"
#include "gpu/cuda/cuda_device.hpp"
#include "gpu/cuda/optimizers.hpp"

namespace murm::cuda {
namespace {

void require_length(const Tensor& tensor, std::size_t length) {
  MURM_ASSERT(tensor.length() == length,
              std::to_string(tensor.length()) + ", " + std::to_string(length));
}

void require_cover(std::span<const OptimizerBlock> blocks, std::size_t length) {
  std::size_t next = 0;
  for (const OptimizerBlock& block : blocks) {
    MURM_ASSERT(block.offset == next, std::to_string(block.offset));
    next += block.length;
  }
  MURM_ASSERT(blocks.empty() || next == length, std::to_string(next));
}

}  // namespace

void CudaDevice::scale(const Tensor& x, float a) {
  cuda::scale(stream_.use(), x.length(), a, address(x));
}

double CudaDevice::norm(const Tensor& x) {
  if (x.length() == 0) return 0;
  const cudaStream_t stream = stream_.use();
  double found = 0;
  constexpr std::size_t numbers_of_result = sizeof(found) / sizeof(float);
  float* result = scratch_.numbers(numbers_of_result + norm_workspace(x.length()));
  cuda::norm(stream, x.length(), here(x, gathered_[0]), result + numbers_of_result,
             reinterpret_cast<double*>(result));
  download(sizeof(found), result, &found);
  return found;
}

void CudaDevice::optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                                std::span<const Tensor> state) {
  const std::size_t n = x.length();
  require_length(gradient, n);
  MURM_ASSERT(state.size() == optimizer_state_count(step.kind), std::to_string(state.size()));
  for (const Tensor& tensor : state) require_length(tensor, n);
  if (takes_norms(step.kind)) require_cover(step.blocks, n);
  if (n == 0) return;
  const cudaStream_t stream = stream_.use();
  const std::size_t workspace = optimizer_step_workspace(step, n);
  cuda::optimizer_step(stream, step, n, here(gradient, gathered_[0]), address(x),
                       state.empty() ? nullptr : address(state[0]),
                       state.size() < 2 ? nullptr : address(state[1]),
                       workspace == 0 ? nullptr : scratch_.numbers(workspace));
}

void CudaDevice::compensate(const Compensation& rule, const Tensor& gradient, const Tensor& now,
                            const Tensor& read, const Tensor& mean_square, const Tensor& out) {
  const std::size_t n = out.length();
  for (const Tensor* source : {&gradient, &now, &read}) require_length(*source, n);
  if (rule.adaptive) require_length(mean_square, n);
  if (n == 0) return;
  cuda::compensate(stream_.use(), rule, n, here(gradient, gathered_[0]), here(now, gathered_[1]),
                   here(read, gathered_[2]), rule.adaptive ? address(mean_square) : nullptr,
                   address(out));
}

Tensor CudaDevice::on_processor(const Tensor& tensor) {
  if (tensor.empty()) return tensor;
  const Tensor there = allocate_staging(tensor.length());
  copy(there, tensor);
  wait();
  return there;
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
