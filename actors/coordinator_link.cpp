#include "actors/coordinator_link.hpp"

#include <map>
#include <set>

#include "actors/wire_connection.hpp"
#include "algorithms/registry.hpp"
#include "runtime/liveness.hpp"

namespace murm {

namespace {

constexpr std::chrono::seconds kJoinDeadline{10};
constexpr std::size_t kDroppedRemembered = 4096;  // connections; the transport forgets no sooner

/// A lease that was granted, and the shards that have not had its gradient yet.
struct Granted {
  Lease lease;
  std::set<std::uint64_t> shards;
};

struct Peer {
  WireConnection wire;
  std::map<PeerId, std::map<LeaseId, Granted>> workers;  // that this process speaks for
  Nanoseconds heard{0};
  bool joining = false;
  bool asking = false;  // for another algorithm; waits in silence, however long that takes
  bool stopping = false;
};

bool same(const Lease& a, const Lease& b) {
  return a.id == b.id && a.step == b.step && a.index == b.index && a.quorum == b.quorum &&
         a.position == b.position && a.samples == b.samples && a.epoch == b.epoch;
}

class Link {
 public:
  Link(CoordinatorLink::pointer self, CoordinatorLinkOptions options,
       std::shared_ptr<const Clock> clock)
      : self_(self), options_(std::move(options)), clock_(std::move(clock)) {
    tick_again();
  }

  void attach(std::shared_ptr<Transport> transport) {
    transport_ = std::move(transport);
    for (const WireFrames& event : std::exchange(early_, {})) take(event);
  }

  void take(const WireFrames& event) {
    if (!transport_) return early_.push_back(event);
    if (dropped_.contains(event.connection)) return;  // was under way when its peer was dropped
    auto found = peers_.find(event.connection);
    if (found == peers_.end()) {
      if (event.channel == Channel::bulk) return;  // of a connection that was dropped
      found = peers_
                  .emplace(event.connection,
                           Peer{{*transport_, event.connection}, {}, {}, false, false})
                  .first;
    }
    Peer& peer = found->second;
    peer.heard = clock_->now();
    if (event.channel == Channel::control) {
      if (auto body = peer.wire.take_control(event.frames)) control(peer, *body);
    } else if (!peer.wire.admitted()) {
      return lose(event.connection, "it sent tensors before it had joined");
    } else if (auto routed = peer.wire.take_bulk(event.frames)) {
      if (!bulk(peer, std::move(*routed))) {
        faults_.count(DecodeFault::bad_field);
        return lose(event.connection, "it spoke for others, or of a lease it was not given");
      }
    }
    check(event.connection);
  }

  void lost(const WireLost& event) { lose(event.connection, event.reason); }

  void tick() {
    const Nanoseconds deadline = options_.heartbeat * heartbeat_misses_max;
    const Nanoseconds now = clock_->now();
    std::vector<ConnectionId> silent;
    for (auto& [id, peer] : peers_) {
      if (!peer.asking && now - peer.heard > deadline) {
        silent.push_back(id);
      } else if (peer.wire.admitted()) {
        peer.wire.send(Heartbeat{});
      }
    }
    for (const ConnectionId id : silent) lose(id, "no sign of life for 4 heartbeats");
    tick_again();
  }

  void deliver(const Delivery& delivery) {
    if (Peer* peer = peer_of(delivery.to)) peer->wire.send(Routed{delivery.to, delivery.message});
  }
  void grant(const LeaseGrant& grant) {
    Peer* peer = peer_of(grant.worker);
    if (peer == nullptr) return;
    Granted granted{grant.lease, {}};
    for (std::uint64_t shard = 0; shard < options_.aggregators.size(); ++shard) {
      granted.shards.insert(shard);
    }
    peer->workers.at(grant.worker)[grant.lease.id] = std::move(granted);
    peer->wire.send(grant);
  }
  void tell(const Members& members) {
    if (Peer* peer = peer_of(members.worker)) peer->wire.send(members);
  }
  void collect(const Collect& collect) {
    if (Peer* peer = peer_of(collect.worker)) peer->wire.send(collect);
  }
  /// From the first one on, what still comes of the course before is not judged, but dropped.
  void begin_course(const WorkerCourse& next) {
    options_.course = next.course.course;
    const Algorithm& algorithm = find_algorithm(*next.algorithm);
    options_.peers = algorithm.peers;
    options_.replicas = algorithm.replicas;
    if (Peer* peer = peer_of(next.course.worker)) peer->wire.send(next.course);
  }
  void stop(const StopWorker& stop) {
    Peer* peer = peer_of(stop.worker);
    if (peer == nullptr || peer->stopping) return;
    peer->stopping = true;  // one word ends the whole process
    peer->wire.send(Stop{"the run is over"});
  }

  LinkCounts counts() const {
    LinkCounts result;
    result.relayed = relayed_;
    result.undeliverable = undeliverable_;
    for (std::size_t i = 0; i < decode_fault_count; ++i) {
      const auto fault = static_cast<DecodeFault>(i);
      if (faults_.of(fault) > 0) result.refused[to_string(fault)] = faults_.of(fault);
    }
    return result;
  }

 private:
  /// Drops a peer whose message was refused; one of another protocol version is told so first.
  void check(ConnectionId id) {
    const auto found = peers_.find(id);
    if (found == peers_.end() || !found->second.wire.broken()) return;
    if (found->second.wire.faults().of(DecodeFault::unknown_version) > 0) {
      found->second.wire.send(
          Refusal{"this coordinator speaks protocol version " + std::to_string(protocol_version)});
    }
    lose(id, "it sent a message that was refused");
  }

  void control(Peer& peer, const ControlBody& body) {
    if (const auto* hello = std::get_if<Hello>(&body)) {
      if (!options_.joins) return peer.wire.send(Refusal{"this run has all its workers"});
      if (!peer.asking && !std::exchange(peer.joining, true)) join(peer.wire.id(), *hello);
      return;
    }
    if (const auto* request = std::get_if<LeaseRequest>(&body)) {
      const bool may = peer.workers.contains(request->worker) && request->course <= options_.course;
      if (may) self_->send(options_.steward, *request);
    } else if (const auto* report = std::get_if<WorkerReport>(&body)) {
      if (peer.workers.contains(report->worker)) self_->send(options_.coordinator, *report);
    } else if (const auto* failure = std::get_if<Failure>(&body)) {
      if (peer.workers.contains(failure->worker)) self_->send(options_.coordinator, *failure);
    } else if (const auto* change = std::get_if<SwitchRequest>(&body)) {
      if (!peer.joining && !std::exchange(peer.asking, true)) ask(peer.wire.id(), *change);
    } else if (std::holds_alternative<Leave>(body)) {
      lose(peer.wire.id(), "it left");
    }
  }

  /// False when the peer may not say this.
  bool bulk(Peer& peer, Routed routed) {
    const Message& message = routed.message;
    const auto worker = peer.workers.find(message.from);
    if (worker == peer.workers.end() || message.course > options_.course) return false;
    if (message.course < options_.course) return true;
    if (routed.to.role() == Role::worker) return options_.peers && relay(std::move(routed));
    const bool known = routed.to.role() == Role::aggregator &&
                       routed.to.ordinal() < options_.aggregators.size() &&
                       message.shard == routed.to.ordinal();
    if (!known) return false;
    if (message.kind == MessageKind::push && !redeem(worker->second, message)) return false;
    if (message.kind == MessageKind::replica && !options_.replicas) return false;
    self_->send(options_.aggregators[routed.to.ordinal()],
                Delivery{routed.to, std::move(routed.message)});
    return true;
  }

  /// The numbers go out from the frames in which they came.
  bool relay(Routed routed) {
    if (Peer* receiver = peer_of(routed.to)) {
      ++relayed_;
      receiver->wire.send(std::move(routed));
    } else {
      ++undeliverable_;
    }
    return true;
  }

  /// A gradient must be of a lease that was granted to this worker, once for each shard.
  static bool redeem(std::map<LeaseId, Granted>& leases, const Message& push) {
    const auto found = leases.find(push.lease.id);
    if (found == leases.end() || !same(found->second.lease, push.lease)) return false;
    if (found->second.shards.erase(push.shard) == 0) return false;
    if (found->second.shards.empty()) leases.erase(found);
    return true;
  }

  void join(ConnectionId id, const Hello& hello) {
    JoinRequest request{hello, id, {WorkerActor(self_)}};
    self_->request(options_.coordinator, kJoinDeadline, std::move(request))
        .then([this, id](const JoinAnswer& answer) { joined(id, answer); },
              [this, id](const caf::error&) { lose(id, "the coordinator is gone"); });
  }

  /// Of a stranger, who stays one: it is answered once, when the algorithm has changed or will not.
  void ask(ConnectionId id, const SwitchRequest& request) {
    const auto answer = [this, id](const SwitchAnswer& text) {
      const auto found = peers_.find(id);
      if (found != peers_.end()) found->second.wire.send(text);
    };
    self_->request(options_.coordinator, caf::infinite, request)
        .then(answer, [answer](const caf::error&) {
          answer({false, "the run ended before the change"});
        });
  }

  void joined(ConnectionId id, const JoinAnswer& answer) {
    const auto found = peers_.find(id);
    if (found == peers_.end()) {  // gone while it was being admitted
      if (answer.welcome) self_->send(options_.coordinator, ProcessLost{id, 0, "it left"});
      return;
    }
    Peer& peer = found->second;
    if (!answer.welcome) return peer.wire.send(Refusal{answer.refusal});
    Welcome welcome = *answer.welcome;
    welcome.bulk_endpoint = transport_->bulk_endpoint();
    peer.wire.admit(answer.run, answer.epoch, expectations_of(welcome));
    for (const WorkerSeat& seat : welcome.seats) {
      peer.workers[seat.peer];
      connections_[seat.peer] = id;
    }
    peer.wire.send(welcome);
  }

  void lose(ConnectionId id, const std::string& reason) {
    const auto found = peers_.find(id);
    if (found == peers_.end()) return;
    Peer& peer = found->second;
    for (std::size_t i = 0; i < decode_fault_count; ++i) {
      const auto fault = static_cast<DecodeFault>(i);
      for (std::uint64_t n = peer.wire.faults().of(fault); n > 0; --n) faults_.count(fault);
    }
    for (const auto& [worker, leases] : peer.workers) connections_.erase(worker);
    peers_.erase(found);
    transport_->drop(id);
    dropped_.insert(id);
    if (dropped_.size() > kDroppedRemembered) dropped_.erase(dropped_.begin());
    self_->send(options_.coordinator, ProcessLost{id, 0, reason});
  }

  Peer* peer_of(PeerId worker) {
    const auto connection = connections_.find(worker);
    return connection == connections_.end() ? nullptr : &peers_.at(connection->second);
  }

  void tick_again() { self_->delayed_send(self_, options_.heartbeat, HeartbeatTick{}); }

  CoordinatorLink::pointer self_;
  CoordinatorLinkOptions options_;
  std::shared_ptr<const Clock> clock_;
  std::shared_ptr<Transport> transport_;
  std::map<ConnectionId, Peer> peers_;
  std::map<PeerId, ConnectionId> connections_;
  std::vector<WireFrames> early_;   // that came before the transport was attached
  std::set<ConnectionId> dropped_;  // the latest ones
  std::uint64_t relayed_ = 0;
  std::uint64_t undeliverable_ = 0;
  DecodeCounters faults_;  // of connections that are gone, and of wrong addresses
};

}  // namespace

CoordinatorLink::behavior_type coordinator_link(CoordinatorLink::pointer self,
                                                CoordinatorLinkOptions options,
                                                std::shared_ptr<const Clock> clock) {
  const CoordinatorActor owner = options.coordinator;
  auto link = std::make_shared<Link>(self, std::move(options), std::move(clock));
  self->set_exception_handler([self, owner](std::exception_ptr& pointer) -> caf::error {
    self->send(owner, Failure{PeerId{}, "the link failed: " + describe(pointer)});
    return caf::exit_reason::unhandled_exception;
  });
  return {
      [link](const Delivery& delivery) { link->deliver(delivery); },
      [link](const LeaseGrant& grant) { link->grant(grant); },
      [link](const StopWorker& stop) { link->stop(stop); },
      [link](const PeerNews& news) { link->tell(news.members); },
      [link](const Collect& collect) { link->collect(collect); },
      [link](const WorkerCourse& next) { link->begin_course(next); },
      [link](const AttachTransport& attach) { link->attach(attach.transport); },
      [link](const WireFrames& event) { link->take(event); },
      [](const WireConnected&) {},  // a server learns of clients by their first word
      [link](const WireLost& event) { link->lost(event); },
      [link](const HeartbeatTick&) { link->tick(); },
      [link](const LinkCountsRequest&) { return link->counts(); },
  };
}

}  // namespace murm
