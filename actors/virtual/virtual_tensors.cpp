#include "actors/virtual/virtual_tensors.hpp"

#include "algorithms/compression/codec.hpp"
#include "algorithms/random.hpp"

namespace murm {

Provenance Provenance::of(LeaseId lease) {
  const std::uint64_t mark = spread_bits(lease + 0x9E3779B97F4A7C15U);
  return {mark, mark};
}

void Provenance::add(const Provenance& other) {
  set += other.set;
  sequence = spread_bits(sequence * 3 + other.sequence);
}

std::span<const HostStorage::Run> VirtualStorage::runs() const {
  const auto* host = static_cast<const HostStorage*>(numbers_.storage().get());
  return host == nullptr ? std::span<const Run>() : host->runs();
}

Provenance& VirtualTensors::provenance(const Tensor& tensor) {
  return static_cast<VirtualStorage&>(*tensor.storage()).provenance;
}

Tensor VirtualTensors::wrap(Tensor numbers, std::size_t length, Provenance provenance) {
  return Tensor(std::make_shared<VirtualStorage>(std::move(numbers), provenance), 0, length);
}

Tensor VirtualTensors::allocate(std::size_t length) {
  Tensor numbers;
  if (!phantom()) {
    numbers = device_->allocate(length);
    device_->zero(numbers);
  }
  return wrap(std::move(numbers), length, Provenance{});
}

Tensor VirtualTensors::snapshot(const Tensor& source) {
  Tensor numbers;
  if (!phantom()) {
    numbers = device_->allocate(source.length());
    device_->copy(numbers, source);
  }
  return wrap(std::move(numbers), source.length(), provenance(source));
}

void VirtualTensors::copy(const Tensor& destination, const Tensor& source) {
  if (!phantom()) device_->copy(destination, source);
  provenance(destination) = provenance(source);
}

void VirtualTensors::axpy(const Tensor& y, float a, const Tensor& x) {
  if (!phantom()) device_->axpy(y, a, x);
  provenance(y).add(provenance(x));
}

void VirtualTensors::scale(const Tensor& x, float a) {
  if (!phantom()) device_->scale(x, a);
}

void VirtualTensors::clip(const Tensor& x, double unit, double limit) {
  if (phantom()) return;
  const double norm = device_->norm(x) * unit;
  if (norm > limit) device_->scale(x, static_cast<float>(limit / norm));
}

void VirtualTensors::optimizer_step(const OptimizerStep& step, const Tensor& x,
                                    const Tensor& gradient, std::span<const Tensor> state) {
  if (!phantom()) device_->optimizer_step(step, x, gradient, state);
  provenance(x).set += provenance(gradient).set;
  steps_taken_.push_back({provenance(gradient), step.gradient_scale, provenance(x).set});
}

void VirtualTensors::compensate(const Compensation& rule, const Tensor& gradient, const Tensor& now,
                                const Tensor& read, const Tensor& mean_square, const Tensor& out) {
  if (!phantom()) device_->compensate(rule, gradient, now, read, mean_square, out);
  provenance(out) = provenance(gradient);
}

void VirtualTensors::combine(const RobustOptions& rule, std::span<const Tensor> contributions,
                             std::span<const double> samples, const Tensor& state,
                             const Tensor& out) {
  if (!phantom()) device_->combine(rule, contributions, samples, state, out);
  provenance(out) = provenance(contributions.front());
  for (const Tensor& each : contributions.subspan(1)) provenance(out).add(provenance(each));
}

Tensor VirtualTensors::encode(Codec& codec, const Tensor& values) {
  Tensor payload;
  const std::size_t length = codec.encoded_length();
  if (phantom()) {
    codec.set_counter(codec.counter() + 1);
  } else {
    payload = device_->encode(codec, values);
  }
  return wrap(std::move(payload), length, provenance(values));
}

void VirtualTensors::restore(Codec& codec, const Tensor& payload) {
  if (!phantom()) device_->restore(codec, payload);
}

bool VirtualTensors::decode(const Codec& codec, const Tensor& payload, const Tensor& values) {
  provenance(values) = provenance(payload);
  return phantom() || device_->decode(codec, payload, values);
}

}  // namespace murm
