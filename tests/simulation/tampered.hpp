// Machines that are right, with somebody in between who meddles with what they ask for.
// Room: tests/simulation. Forwards everything; a test overrides the verb that goes wrong.
// Caller: laws_test, fates_test.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "algorithms/registry.hpp"

namespace murm::test {

/// Stands between a machine and its context.
class Meddler : public Context {
 public:
  void between(Context& real) { real_ = &real; }

  PeerId self() const override { return real_->self(); }
  void request_lease() override { real_->request_lease(); }
  void compute(const Lease& lease, std::span<const Tensor> parameters) override {
    real_->compute(lease, parameters);
  }
  bool admit(const Lease& lease) override { return real_->admit(lease); }
  void applied(const Message& push, Version staleness) override { real_->applied(push, staleness); }
  Tensor initial_parameters() override { return real_->initial_parameters(); }
  Tensor allocate(std::size_t length) override { return real_->allocate(length); }
  Tensor snapshot(const Tensor& source) override { return real_->snapshot(source); }
  void copy(const Tensor& to, const Tensor& from) override { real_->copy(to, from); }
  void axpy(const Tensor& y, float a, const Tensor& x) override { real_->axpy(y, a, x); }
  void scale(const Tensor& x, float a) override { real_->scale(x, a); }
  void clip(const Tensor& x, double unit, double limit) override { real_->clip(x, unit, limit); }
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override {
    real_->optimizer_step(step, x, gradient, state);
  }
  void send(PeerId to, Message message) override { real_->send(to, std::move(message)); }
  void reject(const Message& message, std::string why) override {
    real_->reject(message, std::move(why));
  }

 protected:
  Context& real() { return *real_; }
  /// True once, at the tenth time: the run is well under way then.
  bool now() { return ++times_ == 10; }

 private:
  Context* real_ = nullptr;
  int times_ = 0;
};

template <class Meddling>
class Tampered final : public Machine {
 public:
  explicit Tampered(std::unique_ptr<Machine> machine) : machine_(std::move(machine)) {}

  void on_start(Context& context) override { machine_->on_start(by(context)); }
  void on_lease(const Lease& lease, Context& context) override {
    machine_->on_lease(lease, by(context));
  }
  void on_gradient(const GradientReady& gradient, Context& context) override {
    machine_->on_gradient(gradient, by(context));
  }
  void on_message(const Message& message, Context& context) override {
    machine_->on_message(message, by(context));
  }
  void on_membership(const MembershipChange& change, Context& context) override {
    machine_->on_membership(change, by(context));
  }
  void save(MachineState& state) const override { machine_->save(state); }

 private:
  Context& by(Context& context) {
    meddling_.between(context);
    return meddling_;
  }
  std::unique_ptr<Machine> machine_;
  Meddling meddling_;
};

inline const Algorithm& registered(const std::string& name) {
  AlgorithmOptions options;
  options.name = name;
  return find_algorithm(options);
}

/// The algorithm with its aggregators, or its workers, meddled with.
template <class Meddling>
Algorithm meddled_aggregator(const std::string& name) {
  Algorithm algorithm = registered(name);
  algorithm.make_aggregator = [](const AlgorithmOptions& options,
                                 std::uint32_t shard) -> std::unique_ptr<Machine> {
    return std::make_unique<Tampered<Meddling>>(
        registered(options.name).make_aggregator(options, shard));
  };
  return algorithm;
}

template <class Meddling>
Algorithm meddled_worker(const std::string& name) {
  Algorithm algorithm = registered(name);
  algorithm.make_worker = [](const AlgorithmOptions& options) -> std::unique_ptr<Machine> {
    return std::make_unique<Tampered<Meddling>>(registered(options.name).make_worker(options));
  };
  return algorithm;
}

}  // namespace murm::test
