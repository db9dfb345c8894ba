// The worker of the local-update family: H optimizer steps of its own on a lease, then one pseudo-gradient.
// Room: algorithms. When the next window may begin is decided by the aggregators, which defer their replies.
// Caller: actors/worker. Source: Stich 2019 (local SGD); Douillard et al. 2023, Algorithm 1 (DiLoCo), inner loop.
#pragma once
#include <vector>

#include "algorithms/algorithm_options.hpp"
#include "algorithms/local_update/inner_optimizer.hpp"
#include "algorithms/parameter_server/worker.hpp"

namespace murm {

/// A lease is a window: its samples in batches, one inner step each, from the parameters received last. What
/// is pushed is the pseudo-gradient, old minus new (a descent direction), times the samples of the window:
/// aggregators divide by samples, so the mean over workers is weighted by what each has seen.
/// The state of the inner optimizer stays with the worker from window to window and is never sent.
class LocalUpdateWorker : public ParameterServerWorker {
 public:
  explicit LocalUpdateWorker(const AlgorithmOptions& options);

  void save(MachineState& state) const override;

 protected:
  /// The replica as a window begins: the parameters received last.
  virtual void open_window(Context& context);
  /// What is pushed for a window over `samples`: the pseudo-gradient.
  virtual Tensor close_window(double samples, Context& context);

  /// The replica has made an inner step over `samples`: it may be changed here.
  virtual void stepped(std::uint32_t /*samples*/, Context& /*context*/) {}

  const Tensor& replica() const { return replica_; }
  /// Steps a second, lately; 0 before the first.
  double speed() const { return step_seconds_ > 0 ? 1 / step_seconds_ : 0; }
  bool has_begun() const { return begun_; }  // a window, ever

 private:
  void begin(const Lease& lease, Context& context) final;
  bool finish(GradientReady& content, Context& context) final;
  void compute_step(Context& context);

  std::uint32_t batch_;
  InnerOptimizer inner_;
  Tensor replica_;             // [parameters]
  std::vector<Tensor> start_;  // parameters that the window began at, in parts
  bool begun_ = false;
  Lease window_;
  std::uint32_t done_ = 0;  // samples of the window
  double loss_sum_ = 0;     // of the window
  std::chrono::nanoseconds asked_{0};
  double step_seconds_ = 0;  // running mean
};

/// old - new, times `samples`: the one place where the sign of a pseudo-gradient is decided. `old` are
/// consecutive parts. Returns a tensor as long as `now`.
Tensor pseudo_gradient(std::span<const Tensor> old, const Tensor& now, double samples,
                       Context& context);

}  // namespace murm
