#include "models/device_inputs.hpp"

#include <string>

namespace murm {
namespace {

static_assert(sizeof(std::int32_t) == sizeof(float), "labels lie in memory of fp32 numbers");

/// The numbers of a host tensor if they lie in one run.
std::span<const float> whole(const Tensor& tensor) {
  std::span<const float> found;
  for_each_run(tensor, [&](const float* data, std::size_t offset, std::size_t length) {
    if (offset == 0 && length == tensor.length()) found = {data, length};
  });
  return found;
}

}  // namespace

DeviceInputs::DeviceInputs(Device& device, const Objective& objective, const Dataset& data)
    : device_(device),
      parameter_count_(objective.parameter_count()),
      features_(objective.batch_max() * data.features()),
      labels_(objective.batch_max() * data.targets()) {
  if (!device.has_own_memory()) return;
  batch_features_ = device.allocate(features_);
  batch_labels_ = device.allocate(labels_);
}

Tensor& DeviceInputs::flat() {
  if (flat_.empty()) flat_ = device_.allocate(parameter_count_);
  return flat_;
}

std::span<const float> DeviceInputs::parameters(std::span<const Tensor> parts) {
  if (parts.size() == 1 && !device_.has_own_memory()) {
    const std::span<const float> found = whole(parts.front());
    if (!found.empty()) return found;
  }
  std::size_t offset = 0;
  for (const Tensor& part : parts) {
    device_.copy(flat().slice(offset, part.length()), part);
    offset += part.length();
  }
  MURM_ASSERT(offset == parameter_count_, std::to_string(offset));
  return {device_.address(flat()), parameter_count_};
}

std::span<const float> DeviceInputs::parameters(std::span<const float> flat_numbers) {
  if (!device_.has_own_memory()) return flat_numbers;
  MURM_ASSERT(flat_numbers.size() == parameter_count_, std::to_string(flat_numbers.size()));
  device_.upload(flat_numbers.size_bytes(), flat_numbers.data(), device_.address(flat()));
  return {device_.address(flat()), parameter_count_};
}

Batch DeviceInputs::batch(const Batch& batch) {
  if (!device_.has_own_memory()) return batch;
  MURM_ASSERT(batch.features.size() <= features_, std::to_string(batch.features.size()));
  MURM_ASSERT(batch.labels.size() <= labels_, std::to_string(batch.labels.size()));
  float* features = device_.address(batch_features_);
  float* labels = device_.address(batch_labels_);
  device_.upload(batch.features.size_bytes(), batch.features.data(), features);
  device_.upload(batch.labels.size_bytes(), batch.labels.data(), labels);
  Batch there = batch;
  there.features = {features, batch.features.size()};
  there.labels = {reinterpret_cast<const std::int32_t*>(labels), batch.labels.size()};
  return there;
}

}  // namespace murm
