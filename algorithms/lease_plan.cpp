#include "algorithms/lease_plan.hpp"

#include <algorithm>

namespace murm {

void LeasePlan::join(PeerId worker) { workers_.try_emplace(worker, Worker{next_step_, 0, 0}); }

bool LeasePlan::may_plan() const {
  return !stopped_ && !at_end() && (boundary_ == 0 || position_ < boundary_);
}

bool LeasePlan::drained() const { return outstanding_.empty() && !may_plan(); }

std::uint32_t LeasePlan::samples_at(SampleCount position) const {
  const bool later = options_.later_samples != 0 && position >= options_.later_from;
  return later ? options_.later_samples : options_.lease_samples;
}

Lease& LeasePlan::append(Step step, std::uint32_t index, std::uint32_t quorum, PeerId holder,
                         std::uint32_t samples) {
  if (options_.total != 0) {
    samples = static_cast<std::uint32_t>(
        std::min<SampleCount>(samples, options_.total - position_));
  }
  Outstanding entry;
  entry.lease = Lease{next_lease_, step, index, quorum, position_, samples, true, epoch_};
  entry.holder = holder;
  entry.shards_missing = options_.shards;
  position_ += samples;
  return outstanding_.emplace(next_lease_++, entry).first->second.lease;
}

void LeasePlan::plan_step() {
  Plan plan;
  for (const auto& [peer, worker] : workers_) plan.members.push_back(peer);
  SampleCount leases = plan.members.size();
  const std::uint32_t samples = samples_at(position_);  // the same in all leases of a step
  if (options_.total != 0) {
    const SampleCount rest = options_.total - position_;
    leases = std::min(leases, (rest + samples - 1) / samples);
  }
  plan.first = next_lease_;
  plan.quorum = static_cast<std::uint32_t>(leases);
  plan.missing = plan.members.size();
  for (std::uint32_t i = 0; i < plan.quorum; ++i)
    append(next_step_, i, plan.quorum, plan.members[i], samples);
  plans_.emplace(next_step_++, std::move(plan));
}

Grant LeasePlan::hand_out(Outstanding& entry, PeerId worker, bool requested) {
  if (entry.handed_out) {
    ++counts_.reissued;
  } else {
    ++counts_.issued;
  }
  entry.handed_out = true;
  entry.holder = worker;
  entry.lease.requested = requested;
  ++workers_[worker].in_hand;
  return Grant{worker, entry.lease};
}

std::optional<Grant> LeasePlan::next_synchronous(PeerId worker) {
  Worker& state = workers_.at(worker);
  if (state.next_step >= next_step_) {
    if (!may_plan()) return std::nullopt;
    plan_step();
  }
  const Plan& plan = plans_.at(state.next_step);
  const auto member = std::lower_bound(plan.members.begin(), plan.members.end(), worker);
  MURM_ASSERT(member != plan.members.end(), to_string(worker) + " is not in its step");
  const auto rank = static_cast<std::uint32_t>(member - plan.members.begin());
  if (rank >= plan.quorum)
    return std::nullopt;  // the run's last step has fewer leases than workers
  const LeaseId lease = plan.first + rank;
  asked(state.next_step++);
  return hand_out(outstanding_.at(lease), worker, true);
}

void LeasePlan::asked(Step step) {
  const auto plan = plans_.find(step);
  if (--plan->second.missing == 0) plans_.erase(plan);
}

std::optional<Grant> LeasePlan::next_grant(PeerId worker) {
  if (options_.synchronous) return next_synchronous(worker);
  Worker& asking = workers_.at(worker);
  Step& clock = asking.next_step;
  LeaseId id = 0;
  if (!orphans_.empty()) {
    id = orphans_.front();
    orphans_.pop_front();
  } else if (may_plan()) {
    const std::uint32_t most = samples_at(position_);
    const std::uint32_t samples = asking.samples == 0 ? most : std::min(asking.samples, most);
    id = append(clock, 0, 1, worker, samples).id;
  } else {
    return std::nullopt;
  }
  Outstanding& entry = outstanding_.at(id);
  entry.lease.step = clock++;
  return hand_out(entry, worker, true);
}

std::vector<Grant> LeasePlan::request(PeerId worker, std::uint32_t samples) {
  std::vector<Grant> grants;
  const auto asking = workers_.find(worker);
  if (asking == workers_.end()) return grants;
  asking->second.samples = samples;
  while (options_.synchronous && !orphans_.empty()) {
    grants.push_back(hand_out(outstanding_.at(orphans_.front()), worker, false));
    orphans_.pop_front();
  }
  if (const auto grant = next_grant(worker)) {
    grants.push_back(*grant);
  } else {
    pending_.push_back(worker);
  }
  return grants;
}

PeerId LeasePlan::least_busy() const {
  return std::min_element(
             workers_.begin(), workers_.end(),
             [](const auto& a, const auto& b) { return a.second.in_hand < b.second.in_hand; })
      ->first;
}

std::vector<Grant> LeasePlan::leave(PeerId worker) {
  if (const auto leaving = workers_.find(worker); leaving != workers_.end()) {
    for (Step step = leaving->second.next_step; options_.synchronous && step < next_step_; ++step)
      asked(step);
    workers_.erase(leaving);
  }
  std::erase(pending_, worker);
  std::vector<Grant> grants;
  for (auto& [id, entry] : outstanding_) {
    if (entry.holder != worker) continue;
    entry.holder = PeerId{};
    if (options_.synchronous && has_workers()) {
      grants.push_back(hand_out(entry, least_busy(), false));
    } else {
      orphans_.push_back(id);
    }
  }
  for (const Grant& grant : serve_pending()) grants.push_back(grant);
  return grants;
}

std::vector<Grant> LeasePlan::serve_pending() {
  std::vector<Grant> grants;
  std::vector<PeerId> waiting;
  waiting.swap(pending_);
  for (const PeerId worker : waiting) {
    for (const Grant& grant : request(worker, workers_.at(worker).samples)) grants.push_back(grant);
  }
  return grants;
}

bool LeasePlan::applied(LeaseId lease, bool dropped) {
  const auto found = outstanding_.find(lease);
  MURM_ASSERT(found != outstanding_.end(), "lease " + std::to_string(lease));
  Outstanding& entry = found->second;
  entry.dropped = entry.dropped || dropped;
  if (--entry.shards_missing > 0) return false;
  const auto holder = workers_.find(entry.holder);
  if (holder != workers_.end()) --holder->second.in_hand;
  ++(entry.dropped ? counts_.dropped : counts_.applied);
  (entry.dropped ? counts_.samples_dropped : counts_.samples_applied) += entry.lease.samples;
  std::erase(orphans_, lease);
  outstanding_.erase(found);
  return true;
}

std::vector<Grant> LeasePlan::hold_at(SampleCount boundary) {
  boundary_ = boundary;
  return serve_pending();
}

void LeasePlan::replan(LeasePlanOptions options) {
  MURM_ASSERT(outstanding_.empty(), std::to_string(outstanding_.size()));
  options_ = options;
  pending_.clear();
  plans_.clear();
  next_step_ = 0;
  for (auto& [peer, worker] : workers_) worker = Worker{};
}

void LeasePlan::restore(LeaseId lease, Step step, SampleCount position) {
  MURM_ASSERT(workers_.empty(), "workers join a restored plan, not the other way round");
  next_lease_ = lease;
  next_step_ = step;
  position_ = position;
  counts_.issued = lease;
  counts_.applied = lease;
  counts_.samples_applied = position;
}

}  // namespace murm
