// An algorithm of your own, in one file: asp, with an average of the parameters over time as the model.
//
// Noisy asynchronous steps keep the parameters trembling around the minimum. The workers train those;
// what is evaluated and saved is their exponential moving average, e <- decay e + (1 - decay) x, as in
// Chen et al. 2016 (arXiv:1604.00981, section 3.2). The average of this file starts at the first step.
//
// Build: this file is the target `ema_asp`. Run, with every command and flag of murm:
//   build/release/ema_asp train examples/demo.toml --set algorithm.name=ema-asp --processes 4
//   build/release/ema_asp simulate examples/demo.toml --set algorithm.name=ema-asp --workers 100 --phantom
//   build/release/ema_asp compare examples/demo.toml --algorithms asp,ema-asp --set job.epochs=1
#include <algorithm>

#include "algorithms/parameter_server/shard.hpp"
#include "algorithms/parameter_server/worker.hpp"
#include "tools/murm/program.hpp"

namespace {

using namespace murm;

constexpr float kDecay = 0.99F;  // of each update

/// What an aggregator does. It is told of messages, and acts through its context: no thread, socket or clock.
class EmaAspAggregator final : public Machine {
 public:
  explicit EmaAspAggregator(ShardOptions options) : shard_(std::move(options)) {}

  void on_start(Context& context) override {
    shard_.start(context);
    average_ = context.allocate(shard_.length());
    context.copy(average_, shard_.parameters());
  }

  void on_message(const Message& message, Context& context) override {
    // A lease whose worker was lost is computed by another: `admit` lets each gradient in once.
    if (message.kind == MessageKind::push && context.admit(message.lease)) {
      const Version staleness = shard_.staleness(message.version);
      shard_.step(context, message.payload, message.lease.samples);
      context.scale(average_, kDecay);
      context.axpy(average_, 1 - kDecay, shard_.parameters());
      context.applied(message, staleness);
    }
    shard_.reply(context, message.from);
  }

  // The tensor called "parameters" is the model: it is evaluated, and written to final.safetensors.
  void save(MachineState& state) const override {
    shard_.save(state);
    const auto trained = std::find_if(
        state.tensors.begin(), state.tensors.end(),
        [](const auto& entry) { return entry.first == "parameters"; });
    trained->first = "trained";
    state.tensors.emplace_back("parameters", average_);
  }
  void load(const MachineState& state, Context& context) override {
    shard_.load(state, context);
    context.copy(shard_.parameters(), state.tensor("trained"));
    context.copy(average_, state.tensor("parameters"));
  }

 private:
  Shard shard_;
  Tensor average_;
};

/// Workers do as in every algorithm with a parameter server: pull, compute, push.
std::unique_ptr<Machine> make_worker(const AlgorithmOptions& options) {
  return std::make_unique<ParameterServerWorker>(
      ParameterServerWorkerOptions{options.parameters, options.shards, options.clip});
}

std::unique_ptr<Machine> make_aggregator(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<EmaAspAggregator>(shard_options(options, shard));
}

const Algorithm kEmaAsp{
    .name = "ema-asp", .make_worker = make_worker, .make_aggregator = make_aggregator};

}  // namespace

int main(int argc, char** argv) { return run_program(argc, argv, {.algorithms = {&kEmaAsp, 1}}); }
