#include "actors/data_steward.hpp"

#include <algorithm>
#include <map>

#include "algorithms/registry.hpp"

namespace murm {

namespace {

class Steward {
 public:
  Steward(StewardActor::pointer self, StewardOptions options, std::shared_ptr<const Clock> clock,
          DrainedDesk coordinator)
      : self_(self),
        clock_(std::move(clock)),
        coordinator_(std::move(coordinator)),
        peers_(options.peers),
        plan_(options.plan),
        course_(options.course) {
    if (options.restored) {
      plan_.restore(options.restored->next_lease, options.restored->next_step,
                    options.restored->position);
    }
  }

  void request(const LeaseRequest& request) {
    if (request.course < course_) return;           // its machine is no more
    const bool of_now = request.course == course_;  // else its worker has heard of it sooner
    if (of_now && begun_ && routes_.contains(request.worker)) {
      hand_out(plan_.request(request.worker, request.samples));
    } else {
      early_.push_back(request);
    }
  }

  void applied(const Applied& event) {
    last_apply_ = clock_->now();
    if (plan_.applied(event.lease.id, event.dropped)) announce_when_drained();
  }

  void change_membership(const Membership& membership) {
    epoch_ = membership.change.epoch;
    plan_.enter(epoch_);
    for (const auto& [peer, actor] : membership.routes) {
      routes_.emplace(peer, actor);
      plan_.join(peer);
    }
    std::vector<Grant> grants;
    for (const PeerId peer : membership.change.left) {
      routes_.erase(peer);
      std::erase_if(early_, [&](const LeaseRequest& request) { return request.worker == peer; });
      for (const Grant& grant : plan_.leave(peer)) grants.push_back(grant);
    }
    if (peers_) spread(membership);  // nobody gets a lease of an epoch it has not heard of
    hand_out(grants);
    if (begun_) serve_early();
  }

  void begin_course(const NextCourse& next) {
    course_ = next.course;
    std::erase_if(early_, [&](const LeaseRequest& early) { return early.course < course_; });
    plan_.replan(next.leases);
    peers_ = find_algorithm(*next.algorithm).peers;
    if (!peers_) return;
    Membership all;
    all.change.epoch = epoch_;
    for (const auto& [peer, actor] : routes_) all.change.joined.push_back(peer);
    spread(all);
  }

  void hold_at(SampleCount boundary) {
    if (announced_drain_) {
      announced_drain_ = false;
      paused_ += clock_->now() - drained_at_;
    }
    hand_out(plan_.hold_at(boundary));
    begun_ = true;
    serve_early();
    announce_when_drained();
  }

  void stop() {
    plan_.stop();
    announce_when_drained();
  }

  StewardView view() const {
    const Nanoseconds active = first_grant_.count() == 0 ? Nanoseconds{0}
                                                         : last_apply_ - first_grant_ - paused_;
    return StewardView{plan_.counts(),   plan_.next_lease(), plan_.next_step(),
                       plan_.position(), plan_.finished(),   std::max(active, Nanoseconds{0})};
  }

 private:
  void serve_early() {
    for (const LeaseRequest& early : std::exchange(early_, {})) request(early);
  }

  /// The old members hear what changes, the new ones of everybody.
  void spread(const Membership& membership) {
    const MembershipChange& change = membership.change;
    PeerNews news{{PeerId{}, change}, {membership.routes.begin(), membership.routes.end()}};
    PeerNews all{{PeerId{}, {change.epoch, {}, {}}}, {routes_.begin(), routes_.end()}};
    for (const auto& [peer, actor] : routes_) all.members.change.joined.push_back(peer);
    for (const auto& [peer, actor] : routes_) {
      const auto& joined = change.joined;
      const bool is_new = std::find(joined.begin(), joined.end(), peer) != joined.end();
      PeerNews& told = is_new ? all : news;
      told.members.worker = peer;
      self_->send(actor, told);
    }
  }

  void hand_out(const std::vector<Grant>& grants) {
    for (const Grant& grant : grants) {
      if (first_grant_.count() == 0) first_grant_ = clock_->now();
      const auto route = routes_.find(grant.worker);
      if (route != routes_.end()) self_->send(route->second, LeaseGrant{grant.worker, grant.lease});
    }
  }

  void announce_when_drained() {
    if (announced_drain_ || !plan_.drained()) return;
    announced_drain_ = true;
    drained_at_ = clock_->now();
    self_->send(coordinator_, Drained{view()});
  }

  StewardActor::pointer self_;
  std::shared_ptr<const Clock> clock_;
  DrainedDesk coordinator_;
  bool peers_;
  LeasePlan plan_;
  std::uint32_t course_;
  Epoch epoch_ = 0;
  std::map<PeerId, WorkerActor> routes_;
  std::vector<LeaseRequest> early_;  // made before the run, or the worker's membership, began
  bool begun_ = false;
  bool announced_drain_ = false;
  Nanoseconds first_grant_{0};
  Nanoseconds last_apply_{0};
  Nanoseconds drained_at_{0};
  Nanoseconds paused_{0};
};

}  // namespace

StewardActor::behavior_type data_steward(StewardActor::pointer self, StewardOptions options,
                                         std::shared_ptr<const Clock> clock,
                                         DrainedDesk coordinator) {
  auto steward = std::make_shared<Steward>(self, std::move(options), std::move(clock),
                                           std::move(coordinator));
  return {
      [steward](const LeaseRequest& request) { steward->request(request); },
      [steward](const Applied& event) { steward->applied(event); },
      [steward](const Membership& membership) { steward->change_membership(membership); },
      [steward](const HoldAt& hold) { steward->hold_at(hold.boundary); },
      [steward](const StopLeases&) { steward->stop(); },
      [steward](const NextCourse& next) { steward->begin_course(next); },
      [steward](const ViewRequest&) { return steward->view(); },
  };
}

}  // namespace murm
