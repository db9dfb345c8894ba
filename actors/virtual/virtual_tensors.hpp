// Tensors of the virtual drivers: their numbers (or none), and what went into them.
// Room: actors/virtual. The verbs of Context; knows no worker, message or time.
// Caller: base of the simulator's and the replay's contexts.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "algorithms/machine.hpp"
#include "gpu/device.hpp"

namespace murm {

/// What a tensor is made of, as two fingerprints over the gradients that went in: `set` does not depend
/// on their order, `sequence` does. A gradient that is dropped, doubled or added out of turn shows here,
/// also where there are no numbers.
struct Provenance {
  std::uint64_t set = 0;
  std::uint64_t sequence = 0;

  static Provenance of(LeaseId lease);
  void add(const Provenance& other);
  friend bool operator==(const Provenance&, const Provenance&) = default;
};

/// Host memory taken from a device, or a phantom without any; slices share the provenance of the whole.
class VirtualStorage final : public HostStorage {
 public:
  VirtualStorage(Tensor numbers, Provenance made_of)
      : provenance(made_of), numbers_(std::move(numbers)) {}
  std::span<const Run> runs() const override;

  Provenance provenance;

 private:
  Tensor numbers_;  // empty: a phantom
};

/// One optimizer step, as a law of conservation sees it.
struct StepTaken {
  Provenance gradient;
  float gradient_scale = 0;      // 1 / samples
  std::uint64_t parameters = 0;  // set of the parameters afterwards
};

class VirtualTensors : public Context {
 public:
  /// `device`: where the numbers live and arithmetic is done; null: phantoms, arithmetic on provenance alone.
  explicit VirtualTensors(Device* device) : device_(device) {}

  Tensor allocate(std::size_t length) final;
  Tensor snapshot(const Tensor& source) final;
  void copy(const Tensor& destination, const Tensor& source) final;
  void axpy(const Tensor& y, float a, const Tensor& x) final;
  void scale(const Tensor& x, float a) final;
  void clip(const Tensor& x, double unit, double limit) final;
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) final;
  void compensate(const Compensation& rule, const Tensor& gradient, const Tensor& now,
                  const Tensor& read, const Tensor& mean_square, const Tensor& out) final;
  void combine(const RobustOptions& rule, std::span<const Tensor> contributions,
               std::span<const double> samples, const Tensor& state, const Tensor& out) final;
  Tensor encode(Codec& codec, const Tensor& values) final;
  bool decode(const Codec& codec, const Tensor& payload, const Tensor& values) final;
  void restore(Codec& codec, const Tensor& payload) final;

  /// `numbers` (empty in phantom mode) with a provenance of its own.
  static Tensor wrap(Tensor numbers, std::size_t length, Provenance provenance);
  static Provenance& provenance(const Tensor& tensor);

 protected:
  bool phantom() const { return device_ == nullptr; }
  Device* device() const { return device_; }
  std::vector<StepTaken>& steps_taken() { return steps_taken_; }

 private:
  Device* device_;
  std::vector<StepTaken> steps_taken_;  // since the driver last looked
};

}  // namespace murm
