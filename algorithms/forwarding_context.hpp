// A context that passes everything on: the base of those that change one thing between a machine and its driver.
// Room: algorithms. Knows no driver.
// Caller: algorithms/compression (wrapping a machine), actors/recording_machine, tests that meddle.
#pragma once
#include "algorithms/machine.hpp"

namespace murm {

class ForwardingContext : public Context {
 public:
  /// Where everything goes from now on; set before each event.
  void between(Context& real) { real_ = &real; }

  PeerId self() const override { return real_->self(); }
  std::chrono::nanoseconds now() const override { return real_->now(); }
  void set_timer(std::chrono::nanoseconds delay, std::uint64_t cookie) override {
    real_->set_timer(delay, cookie);
  }
  void request_lease(std::uint32_t samples) override { real_->request_lease(samples); }
  void compute(const Lease& lease, std::span<const Tensor> parameters) override {
    real_->compute(lease, parameters);
  }
  void cancel() override { real_->cancel(); }
  bool admit(const Lease& lease) override { return real_->admit(lease); }
  void applied(const Message& push, Version staleness) override { real_->applied(push, staleness); }
  void dropped(const Message& push) override { real_->dropped(push); }
  Tensor initial_parameters() override { return real_->initial_parameters(); }
  void collected() override { real_->collected(); }

  Tensor allocate(std::size_t length) override { return real_->allocate(length); }
  Tensor snapshot(const Tensor& source) override { return real_->snapshot(source); }
  void copy(const Tensor& to, const Tensor& from) override { real_->copy(to, from); }
  void axpy(const Tensor& y, float a, const Tensor& x) override { real_->axpy(y, a, x); }
  void axpy_shared(const Tensor& y, float a, const Tensor& x) override {
    real_->axpy_shared(y, a, x);
  }
  void scale(const Tensor& x, float a) override { real_->scale(x, a); }
  void clip(const Tensor& x, double unit, double limit) override { real_->clip(x, unit, limit); }
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override {
    real_->optimizer_step(step, x, gradient, state);
  }
  void compensate(const Compensation& rule, const Tensor& gradient, const Tensor& now,
                  const Tensor& read, const Tensor& mean_square, const Tensor& out) override {
    real_->compensate(rule, gradient, now, read, mean_square, out);
  }
  void combine(const RobustOptions& rule, std::span<const Tensor> contributions,
               std::span<const double> samples, const Tensor& state, const Tensor& out) override {
    real_->combine(rule, contributions, samples, state, out);
  }
  Tensor encode(Codec& codec, const Tensor& values) override {
    return real_->encode(codec, values);
  }
  bool decode(const Codec& codec, const Tensor& payload, const Tensor& values) override {
    return real_->decode(codec, payload, values);
  }
  void restore(Codec& codec, const Tensor& payload) override { real_->restore(codec, payload); }

  void send(PeerId to, Message message) override { real_->send(to, std::move(message)); }
  void reject(const Message& message, std::string why) override {
    real_->reject(message, std::move(why));
  }

 protected:
  Context& real() const { return *real_; }

 private:
  Context* real_ = nullptr;
};

}  // namespace murm
