// How a simulated run changes its algorithm: at a cut, as the coordinator does it.
#include "actors/virtual/simulator.hpp"
#include "algorithms/partition.hpp"

namespace murm {

LawOptions Simulator::law_options() const {
  const Algorithm& traits = algorithm();
  const AlgorithmOptions& named = algorithm_->options;
  LawOptions options;
  options.synchronous = traits.synchronous;
  options.combines = traits.combines;
  options.staleness = traits.staleness_bound != nullptr ? traits.staleness_bound(named)
                      : traits.combines                 ? 0
                                                        : named.staleness;
  options.shards = plan_.leases.shards;
  options.plain_gradients = traits.plain_gradients;
  options.weighs = traits.weighs;
  options.replicas = traits.replicas;
  return options;
}

void Simulator::hold_at_next_course() {
  grant(leases_.hold_at(algorithms_.next_after(leases_.position()).value_or(0)));
}

/// Requires: everything handed out is applied. The aggregators change at once; each worker when it hears of it.
void Simulator::begin_course() {
  std::vector<float> mean;
  if (algorithm().replicas && numbers_ != nullptr) mean = parameters();
  const SampleCount position = leases_.position();
  const JobPlan next = algorithms_.advance(position);
  plan_.algorithm = next.algorithm;
  plan_.leases = next.leases;
  algorithm_ = std::make_shared<const VirtualCourse>(
      VirtualCourse{&find_algorithm(next.algorithm), next.algorithm, algorithms_.number()});
  course_.changed({position, next.algorithm.name});
  leases_.replan(next.leases);
  std::vector<Laws::Beginning> beginnings;
  for (std::uint32_t shard = 0; shard < aggregators_.size(); ++shard) {
    const Range range = shard_range(plan_.parameters, plan_.leases.shards, shard);
    const std::span<const float> all(mean);
    aggregators_[shard]->begin_course(
        algorithm_, mean.empty() ? all : all.subspan(range.offset, range.length), epoch_);
    const MachineState state = aggregators_[shard]->state();
    beginnings.push_back(
        {state.number("version"), VirtualTensors::provenance(state.tensor("parameters")).set});
  }
  laws_.begin_course(law_options(), beginnings);
  for (const Seat& seat : seats_) {
    if (!seat.taken) continue;
    const std::uint32_t index = post_.create();
    Parcel& parcel = post_[index];
    parcel.kind = ParcelKind::course;
    parcel.up = false;
    parcel.bulk = false;
    parcel.course = algorithm_;
    post_.send(*workers_[seat.worker], index, now_);
  }
  tell_members_of({epoch_, {}, {}});
  hold_at_next_course();
}

}  // namespace murm
