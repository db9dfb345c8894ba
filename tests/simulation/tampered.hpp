// Machines that are right, with somebody in between who meddles with what they ask for.
// Room: tests/simulation. Forwards everything; a test overrides the verb that goes wrong.
// Caller: laws_test, fates_test.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "algorithms/forwarding_context.hpp"
#include "algorithms/registry.hpp"

namespace murm::test {

/// Stands between a machine and its context.
class Meddler : public ForwardingContext {
 protected:
  /// True once, at the tenth time: the run is well under way then.
  bool once() { return ++times_ == 10; }

 private:
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
