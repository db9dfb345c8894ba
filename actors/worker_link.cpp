#include "actors/worker_link.hpp"

#include <map>
#include <optional>
#include <set>

#include "actors/wire_connection.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/liveness.hpp"
#include "runtime/process_info.hpp"

namespace murm {

namespace {

class Link {
 public:
  Link(WorkerLink::pointer self, WorkerLinkOptions options, std::shared_ptr<const Clock> clock)
      : self_(self), options_(std::move(options)), clock_(std::move(clock)) {}

  void attach(std::shared_ptr<Transport> transport) {
    transport_ = std::move(transport);
    if (early_ != 0) connected(early_);
  }

  void connected(ConnectionId id) {
    if (!transport_) {
      early_ = id;
      return;
    }
    if (wire_) return;
    wire_.emplace(*transport_, id);
    heard_ = clock_->now();
    wire_->send(options_.hello);
    tick_again();
  }

  void take(const WireFrames& event) {
    if (!wire_ || event.connection != wire_->id()) return;
    heard_ = clock_->now();
    if (event.channel == Channel::control) {
      if (auto body = wire_->take_control(event.frames)) control(*body);
    } else if (auto routed = wire_->take_bulk(event.frames)) {
      const auto worker = workers_.find(routed->to);
      if (worker != workers_.end()) {
        self_->send(worker->second, Delivery{routed->to, std::move(routed->message)});
      }
    }
    if (wire_->faults().of(DecodeFault::unknown_version) > 0) {
      end("the coordinator speaks another protocol version. HINT: use the same murm on both sides");
    } else if (wire_->broken()) {
      end("the coordinator sent a message that was refused");
    }
  }

  void lost(const std::string& reason) { end("lost its coordinator: " + reason); }

  void tick() {
    if (ended_) return;
    if (clock_->now() - heard_ > heartbeat_ * heartbeat_misses_max) {
      return lost("no sign of life for 4 heartbeats");
    }
    if (wire_->admitted()) wire_->send(Heartbeat{});
    tick_again();
  }

  void deliver(const Delivery& delivery) { wire_->send(Routed{delivery.to, delivery.message}); }
  void request(const LeaseRequest& request) { wire_->send(request); }
  void fail(const Failure& failure) {
    failure_ = failure.reason;
    wire_->send(failure);
    if (!failure.of_worker_alone) return;
    failed_.insert(failure.worker);
    if (failed_.size() == workers_.size()) leave(failure_);
  }
  void report(WorkerReport report) {
    const TransportCounters counters = transport_->counters();
    report.bytes_sent = counters.bytes_sent;
    report.bytes_received = counters.bytes_received;
    report.peak_rss_bytes = peak_rss_bytes();
    wire_->send(report);
  }
  /// A worker ends by itself after its last report; before that it is a failure.
  void worker_ended(const caf::actor_addr& address, const std::string& reason) {
    if (!stopping_) return end("a worker ended: " + reason);
    std::erase_if(workers_, [&](const auto& entry) { return entry.second.address() == address; });
    if (workers_.empty()) end(failure_);
  }
  void leave(std::string reason) {
    if (wire_ && wire_->admitted()) wire_->send(Leave{process_id()});
    end(std::move(reason));
  }

  void end(std::string reason) {
    if (ended_) return;
    ended_ = true;
    options_.ended(std::move(reason));
  }

 private:
  void control(const ControlBody& body) {
    if (const auto* welcome = std::get_if<Welcome>(&body)) return welcomed(*welcome);
    if (const auto* refusal = std::get_if<Refusal>(&body)) {
      return end("the coordinator refused: " + refusal->reason);
    }
    if (const auto* grant = std::get_if<LeaseGrant>(&body)) {
      const auto worker = workers_.find(grant->worker);
      if (worker != workers_.end()) self_->send(worker->second, *grant);
    } else if (const auto* members = std::get_if<Members>(&body)) {
      pass_on(*members);
    } else if (const auto* collect = std::get_if<Collect>(&body)) {
      const auto worker = workers_.find(collect->worker);
      if (worker != workers_.end()) self_->send(worker->second, *collect);
    } else if (const auto* course = std::get_if<Course>(&body)) {
      const auto worker = workers_.find(course->worker);
      if (worker != workers_.end()) {
        self_->send(worker->second, WorkerCourse{*course, options_.switched(*course)});
      }
    } else if (std::holds_alternative<Stop>(body)) {
      stopping_ = true;
      for (const auto& [peer, worker] : workers_) self_->send(worker, StopWorker{peer});
      if (workers_.empty()) end("");
    }
  }

  /// The workers of this process speak to each other directly, to others through here.
  void pass_on(const Members& members) {
    const auto worker = workers_.find(members.worker);
    if (worker == workers_.end()) return;
    PeerNews news{members, {}};
    for (const PeerId peer : members.change.joined) {
      const auto local = workers_.find(peer);
      news.routes.emplace_back(peer, local != workers_.end()
                                         ? DeliveryActor(local->second)
                                         : caf::actor_cast<DeliveryActor>(self_));
    }
    self_->send(worker->second, std::move(news));
  }

  void welcomed(const Welcome& welcome) {
    if (wire_->admitted()) return;
    wire_->admit(wire_->last_envelope().run, wire_->last_envelope().epoch,
                 expectations_of(welcome));
    transport_->connect_bulk(reachable_bulk_endpoint(options_.endpoint, welcome.bulk_endpoint));
    const SeatedWorkers seated = options_.welcomed(welcome, wire_->last_envelope().run,
                                                   caf::actor_cast<caf::actor>(self_));
    heartbeat_ = seated.heartbeat;
    for (std::size_t i = 0; i < seated.workers.size(); ++i) {
      workers_.emplace(welcome.seats[i].peer, seated.workers[i]);
      self_->monitor(seated.workers[i]);
    }
  }

  void tick_again() { self_->delayed_send(self_, heartbeat_, HeartbeatTick{}); }

  WorkerLink::pointer self_;
  WorkerLinkOptions options_;
  std::shared_ptr<const Clock> clock_;
  std::shared_ptr<Transport> transport_;
  std::optional<WireConnection> wire_;
  std::map<PeerId, WorkerActor> workers_;
  std::chrono::milliseconds heartbeat_{500};
  Nanoseconds heard_{0};
  ConnectionId early_ = 0;   // that stood before the transport was attached
  std::string failure_;      // of a worker here; empty: all is well
  std::set<PeerId> failed_;  // workers without a device
  bool stopping_ = false;
  bool ended_ = false;
};

}  // namespace

WorkerLink::behavior_type worker_link(WorkerLink::pointer self, WorkerLinkOptions options,
                                      std::shared_ptr<const Clock> clock) {
  auto link = std::make_shared<Link>(self, std::move(options), std::move(clock));
  self->set_down_handler([link, self](const caf::down_msg& down) {
    link->worker_ended(down.source, self->system().render(down.reason));
  });
  self->set_exception_handler([link](std::exception_ptr& pointer) -> caf::error {
    link->end(describe(pointer));
    return caf::exit_reason::unhandled_exception;
  });
  return {
      [link](const Delivery& delivery) { link->deliver(delivery); },
      [link](const LeaseRequest& request) { link->request(request); },
      [link](const WorkerReport& report) { link->report(report); },
      [link](const Failure& failure) { link->fail(failure); },
      [link](const AttachTransport& attach) { link->attach(attach.transport); },
      [link](const WireFrames& event) { link->take(event); },
      [link](const WireConnected& event) { link->connected(event.connection); },
      [link](const WireLost& event) { link->lost(event.reason); },
      [link](const HeartbeatTick&) { link->tick(); },
      [link](const LeaveRun&) { link->leave("left"); },
  };
}

}  // namespace murm
