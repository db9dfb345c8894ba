#include "runtime/world/service_time.hpp"

#include <algorithm>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "runtime/world/draw.hpp"
#include "runtime/world/portable_math.hpp"
#include "runtime/world/world_time.hpp"

namespace murm {

namespace {

constexpr double kNanosecondsPerMs = 1e6;
constexpr std::uint64_t kSlotsMax = 1U << 24U;  // an index by slot stays small

}  // namespace

ServiceTimes::ServiceTimes(const Scenario& scenario, std::uint64_t seed)
    : distribution_(Distribution::constant),
      seed_(seed),
      mean_(scenario.compute.mean_ms * kNanosecondsPerMs),
      shape_(0),
      scale_(mean_),
      recorded_(scenario.recorded, &RecordedTiming::compute) {
  const auto& compute = scenario.compute;
  MURM_ASSERT(compute.mean_ms >= 0, std::to_string(compute.mean_ms));
  if (compute.distribution == "exponential") {
    distribution_ = Distribution::exponential;
  } else if (compute.distribution == "lognormal") {
    distribution_ = Distribution::lognormal;
    shape_ = compute.sigma;
    scale_ = mean_ * portable_exp(-0.5 * compute.sigma * compute.sigma);
  } else if (compute.distribution == "pareto") {
    MURM_ASSERT(compute.alpha > 1, std::to_string(compute.alpha));
    distribution_ = Distribution::pareto;
    shape_ = -1 / compute.alpha;
    scale_ = mean_ * (compute.alpha - 1) / compute.alpha;
  } else if (compute.distribution == "trace") {
    distribution_ = Distribution::trace;
  } else {
    MURM_ASSERT(compute.distribution == "constant", compute.distribution);
  }
  // Whoever has recorded steps wants them used, and nobody else may ask for them.
  MURM_ASSERT(recorded_.empty() == (distribution_ != Distribution::trace), compute.distribution);
  index_slow_workers(scenario);
}

void ServiceTimes::index_slow_workers(const Scenario& scenario) {
  std::vector<SlowWorker> sorted = scenario.compute.slow;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const SlowWorker& a, const SlowWorker& b) { return a.worker < b.worker; });
  for (const SlowWorker& slow : sorted) {
    if (slow.worker >= kSlotsMax) {
      throw InputError("scenario: compute.slow names worker " + std::to_string(slow.worker) +
                       ", expected one below " + std::to_string(kSlotsMax) +
                       ". HINT: workers are counted from 0.");
    }
    slow_first_.resize(static_cast<std::size_t>(slow.worker) + 1,
                       static_cast<std::uint32_t>(slow_.size()));
    slow_.push_back(
        {moment_from_seconds(slow.from_s), moment_from_seconds(slow.to_s), slow.factor});
  }
  if (!slow_.empty()) slow_first_.push_back(static_cast<std::uint32_t>(slow_.size()));
}

double ServiceTimes::factor(std::uint64_t slot, std::chrono::nanoseconds begins) const {
  double product = 1;
  if (slot + 1 >= slow_first_.size()) return product;
  for (auto i = slow_first_[slot]; i < slow_first_[slot + 1]; ++i) {
    if (begins >= slow_[i].from && begins < slow_[i].to) product *= slow_[i].factor;
  }
  return product;
}

std::chrono::nanoseconds ServiceTimes::step(std::uint64_t slot, std::uint64_t k,
                                            std::chrono::nanoseconds begins) const {
  const auto uniform = [&] {
    return open_uniform(draw(seed_, Purpose::step_time, slot, k).first());
  };
  double time = mean_;
  switch (distribution_) {
    case Distribution::constant:
      break;
    case Distribution::exponential:
      time = -portable_log(uniform()) * mean_;
      break;
    case Distribution::lognormal:
      time = scale_ * portable_exp(shape_ * normal_quantile(uniform()));
      break;
    case Distribution::pareto:
      time = scale_ * portable_exp(shape_ * portable_log(uniform()));
      break;
    case Distribution::trace:
      time = static_cast<double>(recorded_.at(slot, k).count());  // exact up to 104 days
      break;
  }
  return duration_from(time * factor(slot, begins));
}

}  // namespace murm
