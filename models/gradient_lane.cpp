#include "models/gradient_lane.hpp"

#include <algorithm>
#include <utility>

namespace murm {

GradientLane::GradientLane(std::unique_ptr<Device> device, std::unique_ptr<Objective> objective,
                           std::shared_ptr<const Dataset> data, std::uint64_t seed,
                           const Augmentation& augmentation)
    : device_(std::move(device)),
      objective_(std::move(objective)),
      inputs_(*device_, *objective_, *data),
      targets_(static_cast<double>(data->targets())),
      batches_(std::make_shared<ReadAhead>(std::move(data), seed, objective_->batch_max(),
                                           augmentation)) {
  if (device_->has_own_memory()) gradient_ = device_->allocate(objective_->parameter_count());
}

GradientReady GradientLane::run(const Lease& lease, std::span<const Tensor> parameters) {
  const std::size_t parameter_count = objective_->parameter_count();
  const std::span<const float> flat = inputs_.parameters(parameters);
  GradientReady ready{lease, device_->allocate_staging(parameter_count), 0};
  const Tensor& sum = gradient_.empty() ? ready.gradient : gradient_;
  std::size_t done = 0;
  while (done < lease.samples) {
    const std::size_t count = std::min<std::size_t>(objective_->batch_max(), lease.samples - done);
    const Batch batch = inputs_.batch(batches_->take(lease.position + done, count));
    if (done > 0 && partial_.empty()) partial_ = device_->allocate(parameter_count);
    const Tensor& gradient = done == 0 ? sum : partial_;
    const std::span<float> to(device_->address(gradient), parameter_count);
    const auto compute = [&] {
      ready.loss_sum += objective_->gradient(flat, batch, to).loss_sum;
      if (done > 0) device_->axpy(sum, 1.0F, partial_);
    };
    // In a device's own memory batches lie at one address, and so does all else.
    device_->repeat(2 * count + (done > 0 ? 1 : 0), [&compute] { compute(); });
    done += count;
  }
  batches_->release();
  if (!gradient_.empty()) device_->copy(ready.gradient, gradient_);
  ready.loss_sum += device_->take_cross_entropy().loss_sum / targets_;  // the one wait
  return ready;
}

}  // namespace murm
