#include "models/gradient_lane.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

namespace murm {

GradientLane::GradientLane(std::unique_ptr<Device> device, std::unique_ptr<Objective> objective,
                           std::shared_ptr<const Dataset> data, std::uint64_t seed,
                           const Augmentation& augmentation)
    : device_(std::move(device)),
      objective_(std::move(objective)),
      inputs_(*device_, *objective_, *data),
      batches_(std::make_shared<ReadAhead>(std::move(data), seed, objective_->batch_max(),
                                           augmentation)) {
  if (device_->has_own_memory()) gradient_ = device_->allocate(objective_->parameter_count());
}

double GradientLane::differentiate(std::span<const float> parameters, const Batch& batch,
                                   const Tensor& gradient) {
  const std::span<float> to(device_->address(gradient), gradient.length());
  BatchResult result;
  const auto step = [&] { result = objective_->gradient(parameters, batch, to); };
  // Of a device that remembers steps, addresses are the same each time but for which gradient it is.
  const std::uint64_t key = objective_->repeats() ? 2 * batch.size() + (&gradient == &partial_) : 0;
  device_->carry_out(key, std::ref(step));
  return result.loss_sum;
}

void GradientLane::start(const Lease& lease, std::span<const Tensor> parameters) {
  parameters_.assign(parameters.begin(), parameters.end());
  const std::span<const float> flat = inputs_.parameters(parameters_);
  ready_ = {lease, device_->allocate_staging(objective_->parameter_count()), 0};
  const Tensor& sum = gradient_.empty() ? ready_.gradient : gradient_;
  std::size_t done = 0;
  while (done < lease.samples) {
    const std::size_t count = std::min<std::size_t>(objective_->batch_max(), lease.samples - done);
    const Batch batch = inputs_.batch(batches_->take(lease.position + done, count));
    if (done > 0 && partial_.empty()) partial_ = device_->allocate(objective_->parameter_count());
    ready_.loss_sum += differentiate(flat, batch, done == 0 ? sum : partial_);
    if (done > 0) device_->axpy(sum, 1.0F, partial_);
    done += count;
  }
  if (!gradient_.empty()) device_->copy(ready_.gradient, gradient_);
  batches_->release();
}

GradientReady GradientLane::finish() {
  ready_.loss_sum += device_->take_deferred().loss_sum;
  parameters_.clear();
  return std::exchange(ready_, {});
}

GradientReady GradientLane::run(const Lease& lease, std::span<const Tensor> parameters) {
  start(lease, parameters);
  device_->wait();
  return finish();
}

}  // namespace murm
