#include "models/gradient_lane.hpp"

#include <algorithm>

namespace murm {

GradientLane::GradientLane(std::unique_ptr<Device> device, std::unique_ptr<Objective> objective,
                           std::shared_ptr<const Dataset> data, std::uint64_t seed,
                           const Augmentation& augmentation)
    : device_(std::move(device)),
      objective_(std::move(objective)),
      batches_(std::make_shared<ReadAhead>(std::move(data), seed, objective_->batch_max(),
                                           augmentation)) {}

std::span<const float> GradientLane::flatten(std::span<const Tensor> parameters) {
  if (parameters.size() == 1) {
    const Tensor& only = parameters.front();
    std::span<const float> whole;
    for_each_run(only, [&](const float* data, std::size_t offset, std::size_t length) {
      if (offset == 0 && length == only.length()) whole = {data, length};
    });
    if (!whole.empty()) return whole;
  }
  if (flat_.empty()) flat_ = device_->allocate(objective_->parameter_count());
  std::size_t offset = 0;
  for (const Tensor& part : parameters) {
    device_->copy(flat_.slice(offset, part.length()), part);
    offset += part.length();
  }
  MURM_ASSERT(offset == flat_.length(), std::to_string(offset));
  return host_span(flat_);
}

GradientReady GradientLane::run(const Lease& lease, std::span<const Tensor> parameters) {
  const std::span<const float> flat = flatten(parameters);
  GradientReady ready{lease, device_->allocate(objective_->parameter_count()), 0};
  std::size_t done = 0;
  while (done < lease.samples) {
    const std::size_t count = std::min<std::size_t>(objective_->batch_max(), lease.samples - done);
    const Batch batch = batches_->take(lease.position + done, count);
    if (done == 0) {
      ready.loss_sum = objective_->gradient(flat, batch, host_span(ready.gradient)).loss_sum;
    } else {
      if (partial_.empty()) partial_ = device_->allocate(objective_->parameter_count());
      ready.loss_sum += objective_->gradient(flat, batch, host_span(partial_)).loss_sum;
      device_->axpy(ready.gradient, 1.0F, partial_);
    }
    done += count;
  }
  batches_->release();
  return ready;
}

}  // namespace murm
