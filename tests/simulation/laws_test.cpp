// Machines that are broken on purpose: the simulator has to name the law, the place and the moment.
#include <algorithm>
#include <regex>

#include "actors/virtual/laws.hpp"
#include "algorithms/parameter_server/shard.hpp"
#include "algorithms/partition.hpp"
#include "tests/catch.hpp"
#include "tests/simulation/small_world.hpp"
#include "tests/simulation/tampered.hpp"

using namespace murm;
using namespace murm::test;

namespace {

SimulationOptions four_workers(const std::string& algorithm) {
  SimulationOptions world = phantom_world(algorithm, 4, 400);
  world.job.job.seed = 7;
  world.job.algorithm.staleness = 2;
  return world;
}

/// The text of the law that `algorithm` breaks in `world`; its where and when are judged here.
std::string broken_law(SimulationOptions world, const Algorithm& algorithm) {
  world.algorithm = &algorithm;
  std::string text;
  try {
    simulate(world);
    FAIL("no law was broken");
  } catch (const LawBroken& law) {
    text = law.what();
  }
  static const std::regex form(
      "a law is broken: .+; seed 7, [0-9]+\\.[0-9]{9} s of virtual time, event [1-9][0-9]*: .+\\. "
      "Again: the same command");
  INFO(text);
  CHECK(std::regex_match(text, form));
  return text;
}

/// Requires that the law names this, too.
void require_broken(const SimulationOptions& world, const Algorithm& algorithm,
                    const std::vector<std::string>& parts) {
  const std::string text = broken_law(world, algorithm);
  INFO(text);
  for (const std::string& part : parts) {
    INFO("expected: " << part);
    CHECK(text.find(part) != std::string::npos);
  }
}

template <class Meddling>
void require_aggregator_broken(const std::string& name, const std::vector<std::string>& parts) {
  require_broken(four_workers(name), meddled_aggregator<Meddling>(name), parts);
}

template <class Meddling>
void require_worker_broken(const std::string& name, const std::vector<std::string>& parts) {
  require_broken(four_workers(name), meddled_worker<Meddling>(name), parts);
}

// -- aggregators

struct NoStep : Meddler {
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override {
    if (!once()) real().optimizer_step(step, x, gradient, state);
  }
};
struct TwoSteps : Meddler {
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override {
    real().optimizer_step(step, x, gradient, state);
    if (once()) real().optimizer_step(step, x, gradient, state);
  }
};
struct AnothersGradient : Meddler {
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override {
    real().optimizer_step(step, x, once() ? previous_ : gradient, state);
    previous_ = real().snapshot(gradient);
  }
  Tensor previous_;
};
struct WrongMean : Meddler {
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override {
    OptimizerStep other = step;
    if (once()) other.gradient_scale *= 0.75F;
    real().optimizer_step(other, x, gradient, state);
  }
};
struct BehindTheOptimizer : Meddler {
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override {
    if (once()) real().axpy(x, 1, gradient);
    real().optimizer_step(step, x, gradient, state);
  }
};
struct OldSnapshot : Meddler {
  void send(PeerId to, Message message) override {
    if (first_.empty()) first_ = message.payload;
    if (once()) message.payload = first_;
    real().send(to, std::move(message));
  }
  Tensor first_;
};
struct OldVersion : Meddler {
  void send(PeerId to, Message message) override {
    if (first_.payload.empty()) first_ = message;
    if (once()) message = first_;
    real().send(to, std::move(message));
  }
  Message first_;
};
struct WrongStaleness : Meddler {
  void applied(const Message& push, Version staleness) override {
    real().applied(push, staleness + (once() ? 1 : 0));
  }
};
struct SaysAppliedTwice : Meddler {
  void applied(const Message& push, Version staleness) override {
    real().applied(push, staleness);
    if (once()) real().applied(push, staleness);
  }
};
struct AsksNoLedger : Meddler {
  bool admit(const Lease& lease) override { return once() || real().admit(lease); }
};
struct DropsAdmitted : Meddler {
  bool admit(const Lease& lease) override { return real().admit(lease) && !once(); }
};
struct DropsSummand : Meddler {
  void axpy(const Tensor& y, float a, const Tensor& x) override {
    if (!once()) real().axpy(y, a, x);
  }
};
struct ForgetsReply : Meddler {
  void send(PeerId to, Message message) override {
    if (!once()) real().send(to, std::move(message));
  }
};
struct RepliesTwice : Meddler {
  void send(PeerId to, Message message) override {
    if (once()) real().send(to, message);
    real().send(to, std::move(message));
  }
};

// -- workers: each has ten steps behind it

struct PushesAnothersGradient : Meddler {
  void send(PeerId to, Message message) override {
    const Tensor gradient = message.payload;
    if (once()) message.payload = previous_;
    previous_ = gradient;
    real().send(to, std::move(message));
  }
  Tensor previous_;
};
struct PushesTwice : Meddler {
  void send(PeerId to, Message message) override {
    if (message.kind == MessageKind::push && once()) real().send(to, message);
    real().send(to, std::move(message));
  }
};
struct ComputesAnothersLease : Meddler {
  void compute(const Lease& lease, std::span<const Tensor> parameters) override {
    Lease other = lease;
    if (once()) --other.id;
    real().compute(other, parameters);
  }
};
struct AsksTwice : Meddler {
  void request_lease(std::uint32_t samples) override {
    real().request_lease(samples);
    if (once()) real().request_lease(samples);
  }
};
template <int ahead>
struct ClaimsAnotherVersion : Meddler {
  void send(PeerId to, Message message) override {
    if (message.kind == MessageKind::push && once()) message.version += ahead;
    real().send(to, std::move(message));
  }
};
struct ComputesAtOldParameters : Meddler {
  void compute(const Lease& lease, std::span<const Tensor> parameters) override {
    if (first_.empty()) first_.assign(parameters.begin(), parameters.end());
    if (once()) {
      real().compute(lease, first_);
    } else {
      real().compute(lease, parameters);
    }
  }
  std::vector<Tensor> first_;
};
struct PushesForALaterStep : Meddler {
  void send(PeerId to, Message message) override {
    if (message.kind == MessageKind::push && once()) message.lease.step += 3;
    real().send(to, std::move(message));
  }
};

// -- a bsp with its own way of closing a step

enum class Close { properly, early, in_order_of_arrival, backwards };

template <Close way>
class OwnBsp final : public Machine {
 public:
  OwnBsp(const AlgorithmOptions& options, std::uint32_t shard)
      : shard_({shard, shard_range(options.parameters, options.shards, shard).length,
                options.optimizer, options.schedule}) {}

  void on_start(Context& context) override {
    shard_.start(context);
    sum_ = context.allocate(shard_.length());
  }

  void on_message(const Message& message, Context& context) override {
    if (message.kind == MessageKind::pull) return shard_.reply(context, message.from);
    context.admit(message.lease);
    pushes_.push_back(message);
    const bool late = shard_.version() >= 10;  // goes wrong from then on
    if (pushes_.size() + (late && way == Close::early ? 1 : 0) < message.lease.quorum) return;
    if (!late || way != Close::in_order_of_arrival) {
      std::sort(pushes_.begin(), pushes_.end(),
                [](const Message& a, const Message& b) { return a.lease.index < b.lease.index; });
    }
    if (late && way == Close::backwards) std::reverse(pushes_.begin(), pushes_.end());
    context.copy(sum_, pushes_.front().payload);
    std::uint64_t samples = pushes_.front().lease.samples;
    for (std::size_t i = 1; i < pushes_.size(); ++i) {
      context.axpy(sum_, 1, pushes_[i].payload);
      samples += pushes_[i].lease.samples;
    }
    shard_.step(context, sum_, samples);
    for (const Message& push : pushes_) context.applied(push, 0);
    for (const Message& push : std::exchange(pushes_, {})) shard_.reply(context, push.from);
  }

  void save(MachineState& state) const override { shard_.save(state); }

 private:
  Shard shard_;
  std::vector<Message> pushes_;
  Tensor sum_;
};

template <Close way>
Algorithm own_bsp() {
  Algorithm algorithm = registered("bsp");
  algorithm.make_aggregator = [](const AlgorithmOptions& options,
                                 std::uint32_t shard) -> std::unique_ptr<Machine> {
    return std::make_unique<OwnBsp<way>>(options, shard);
  };
  return algorithm;
}

template <std::uint64_t excess>
Algorithm gate_too_wide() {
  Algorithm algorithm = registered("ssp");
  algorithm.make_aggregator = [](const AlgorithmOptions& given,
                                 std::uint32_t shard) -> std::unique_ptr<Machine> {
    AlgorithmOptions options = given;
    options.staleness += excess;
    return registered("ssp").make_aggregator(options, shard);
  };
  return algorithm;
}

SimulationOptions uneven_workers(const std::string& algorithm) {
  SimulationOptions world = four_workers(algorithm);
  world.scenario.compute.distribution = "exponential";
  return world;
}

}  // namespace

TEST_CASE("what is said to be applied has made one optimizer step") {
  for (const char* name : {"asp", "ssp"}) {
    require_aggregator_broken<NoStep>(name, {"1 gradients were applied in 0 optimizer steps"});
    require_aggregator_broken<TwoSteps>(name, {"1 gradients were applied in 2 optimizer steps"});
    require_aggregator_broken<SaysAppliedTwice>(name, {"2 gradients were applied in 1 optimizer"});
  }
  require_aggregator_broken<NoStep>("bsp", {"4 gradients of a step were applied in 0"});
  require_aggregator_broken<TwoSteps>("bsp", {"4 gradients of a step were applied in 2"});
  require_aggregator_broken<SaysAppliedTwice>("bsp", {"of 4 leases was closed with 5"});
}

TEST_CASE("an optimizer step takes the gradient of its lease, and the mean over its samples") {
  for (const char* name : {"asp", "ssp"}) {
    require_aggregator_broken<AnothersGradient>(name, {"step for lease 9 used another gradient"});
    require_aggregator_broken<WrongMean>(name, {"lease 9 is not the mean over its samples"});
  }
  require_aggregator_broken<AnothersGradient>("bsp", {"does not consist of the gradients of its"});
  require_aggregator_broken<WrongMean>("bsp", {"step 9 is not the mean over its samples"});
}

TEST_CASE("a broken law is named with the moment, the message, the worker and the lease") {
  // Four workers, a tenth of a second each: the tenth gradient is the second one of the third round.
  require_aggregator_broken<WrongStaleness>(
      "asp", {"said to be stale by 4", "seed 7, 0.300000000 s of virtual time",
              "a message arrives, a push of worker 1, lease 9, shard 0"});
}

TEST_CASE("parameters consist of what was applied, and their versions only grow") {
  for (const char* name : {"asp", "bsp", "ssp"}) {
    require_aggregator_broken<BehindTheOptimizer>(
        name, {"the parameters do not consist of the gradients that were applied"});
    require_aggregator_broken<OldVersion>(name, {"parameters are sent as version 0 after"});
  }
}

TEST_CASE("staleness is the number of updates since the read") {
  for (const char* name : {"asp", "ssp"}) {
    require_aggregator_broken<WrongStaleness>(name, {"is said to be stale by"});
  }
  require_aggregator_broken<WrongStaleness>("bsp", {"was computed at version 2 and applied to"});
}

TEST_CASE("a worker computes at what it received last, and says so") {
  for (const char* name : {"asp", "bsp", "ssp"}) {
    require_worker_broken<ClaimsAnotherVersion<100>>(name, {"which it was not computed at"});
    require_worker_broken<ClaimsAnotherVersion<-1>>(name, {"which it was not computed at"});
    require_worker_broken<ComputesAtOldParameters>(
        name, {"computed at other parameters of shard 0", "the last received"});
  }
}

TEST_CASE("every gradient is admitted once and applied once") {
  for (const char* name : {"asp", "bsp", "ssp"}) {
    require_aggregator_broken<AsksNoLedger>(name, {"gradients were admitted and"});
  }
}

TEST_CASE("parameters are sent as they are") {
  for (const char* name : {"asp", "bsp", "ssp"}) {
    require_aggregator_broken<OldSnapshot>(name, {"parameters that are sent are not those of"});
  }
}

TEST_CASE("a gradient that was admitted and dropped is missed at once") {
  for (const char* name : {"asp", "ssp"}) {
    require_aggregator_broken<DropsAdmitted>(name,
                                             {"gradients were admitted and", "0.300000000 s"});
  }
}

TEST_CASE("a bsp step is the sum of all its gradients, in the order of their leases") {
  Algorithm algorithm = own_bsp<Close::properly>();
  SimulationOptions world = uneven_workers("bsp");
  world.algorithm = &algorithm;
  CHECK(report_of(world).updates == 100);
  require_aggregator_broken<DropsSummand>("bsp", {"the sum of step 3 does not consist"});
  require_broken(world, own_bsp<Close::early>(), {"a step of 4 leases was closed with 3"});
  require_broken(world, own_bsp<Close::backwards>(),
                 {"the gradients of step 10 were not added in the order of their leases"});
  require_broken(world, own_bsp<Close::in_order_of_arrival>(), {"not added in the order"});
}

TEST_CASE("no worker runs ahead by more than the staleness bound") {
  SimulationOptions world = four_workers("ssp");
  world.scenario.compute.slow = {{.worker = 2, .factor = 50}};
  require_broken(world, gate_too_wide<2>(),
                 {"clock 3 begins while the slowest is at 0, more than 2"});
  require_broken(world, gate_too_wide<1>(),
                 {"clock 3 begins while the slowest is at 0, more than 2"});
}

TEST_CASE("who is never answered is missed as soon as nothing else happens") {
  for (const char* name : {"asp", "bsp", "ssp"}) {
    require_aggregator_broken<ForgetsReply>(name, {"every worker waits and nothing is under way"});
    // Nor does it help that somebody will come later.
    SimulationOptions world = four_workers(name);
    world.scenario.churn = {{.event = "join", .rate_per_hour = 1}};
    const Algorithm algorithm = meddled_aggregator<ForgetsReply>(name);
    const std::string text = broken_law(world, algorithm);
    CHECK(std::stod(text.substr(text.find("seed 7, ") + 8)) < 50);
  }
}

TEST_CASE("nobody refuses what another machine has said") {
  for (const char* name : {"asp", "bsp", "ssp"}) {
    require_aggregator_broken<RepliesTwice>(name, {"refuses a message of ours"});
    require_worker_broken<PushesTwice>(name, {"refuses a message of ours"});
  }
  for (const char* name : {"bsp", "ssp"}) {
    require_worker_broken<PushesForALaterStep>(name, {"a gradient of ours was refused"});
  }
}

TEST_CASE("a worker asks for one lease at a time") {
  for (const char* name : {"asp", "bsp", "ssp"}) {
    require_worker_broken<AsksTwice>(name, {"asks for another lease before it has the first"});
  }
}

TEST_CASE("a worker computes at the leases it holds, and pushes the gradients of these") {
  for (const char* name : {"asp", "bsp", "ssp"}) {
    require_worker_broken<PushesAnothersGradient>(name, {"does not carry its gradient"});
    require_worker_broken<ComputesAnothersLease>(name, {"which does not hold it"});
  }
}
