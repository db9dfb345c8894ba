// The tensor verbs of a context, carried out at once on a host lane of this actor's own.
// Room: actors. Base of the drivers; the other half of Context is theirs.
// Caller: actors/aggregator, actors/worker.
#pragma once
#include "algorithms/machine.hpp"
#include "gpu/host/host_device.hpp"

namespace murm {

class TensorVerbs : public Context {
 public:
  Tensor allocate(std::size_t length) override {
    Tensor tensor = device_.allocate(length);
    device_.zero(tensor);
    return tensor;
  }
  Tensor snapshot(const Tensor& source) override {
    Tensor tensor = device_.allocate(source.length());
    device_.copy(tensor, source);
    return tensor;
  }
  void copy(const Tensor& destination, const Tensor& source) override {
    device_.copy(destination, source);
  }
  void axpy(const Tensor& y, float a, const Tensor& x) override { device_.axpy(y, a, x); }
  void axpy_shared(const Tensor& y, float a, const Tensor& x) override {
    device_.axpy_shared(y, a, x);
  }
  void scale(const Tensor& x, float a) override { device_.scale(x, a); }
  void clip(const Tensor& x, double unit, double limit) override {
    const double norm = device_.norm(x) * unit;
    if (norm > limit) device_.scale(x, static_cast<float>(limit / norm));
  }
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override {
    device_.optimizer_step(step, x, gradient, state);
  }

  void compensate(const Compensation& rule, const Tensor& gradient, const Tensor& now,
                  const Tensor& read, const Tensor& mean_square, const Tensor& out) override {
    device_.compensate(rule, gradient, now, read, mean_square, out);
  }
  void combine(const RobustOptions& rule, std::span<const Tensor> contributions,
               std::span<const double> samples, const Tensor& state, const Tensor& out) override {
    device_.combine(rule, contributions, samples, state, out);
  }
  Tensor encode(Codec& codec, const Tensor& values) override {
    return device_.encode(codec, values);
  }
  bool decode(const Codec& codec, const Tensor& payload, const Tensor& values) override {
    return device_.decode(codec, payload, values);
  }
  void restore(Codec& codec, const Tensor& payload) override { device_.restore(codec, payload); }

  // A role that has no use for a request never makes it.
  void request_lease(std::uint32_t) override { unexpected("request_lease"); }
  void compute(const Lease&, std::span<const Tensor>) override { unexpected("compute"); }
  void cancel() override { unexpected("cancel"); }
  bool admit(const Lease&) override { return unexpected("admit"); }
  void applied(const Message&, Version) override { unexpected("applied"); }
  void dropped(const Message&) override { unexpected("dropped"); }
  Tensor initial_parameters() override {
    unexpected("initial_parameters");
    return {};
  }
  void collected() override { unexpected("collected"); }

 private:
  static bool unexpected(const char* what) {
    MURM_ASSERT(what == nullptr, std::string(what) + " asked by the wrong role");
    return false;
  }
  HostDevice device_;
};

}  // namespace murm
