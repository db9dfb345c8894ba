#include "actors/coordinator_link.hpp"

#include <map>
#include <set>

#include "actors/wire_connection.hpp"
#include "algorithms/partition.hpp"

namespace murm {

namespace {

constexpr std::chrono::seconds kJoinDeadline{10};

struct Peer {
  WireConnection wire;
  std::set<PeerId> workers;  // that this process speaks for
  Nanoseconds heard{0};
  bool stopping = false;
};

class Link {
 public:
  Link(CoordinatorLink::pointer self, CoordinatorLinkOptions options,
       std::shared_ptr<const Clock> clock)
      : self_(self), options_(std::move(options)), clock_(std::move(clock)) {
    tick_again();
  }

  void attach(std::shared_ptr<Transport> transport) { transport_ = std::move(transport); }

  void take(const WireFrames& event) {
    if (!transport_) return;
    auto found = peers_.find(event.connection);
    if (found == peers_.end()) {
      if (event.channel == Channel::bulk) return;  // of a connection that was dropped
      found = peers_.emplace(event.connection, Peer{{*transport_, event.connection}, {}, {}, false}).first;
    }
    Peer& peer = found->second;
    peer.heard = clock_->now();
    if (event.channel == Channel::control) {
      if (auto body = peer.wire.take_control(event.frames)) control(peer, *body);
    } else if (auto routed = peer.wire.take_bulk(event.frames)) {
      bulk(peer, std::move(*routed));
    }
    if (peer.wire.broken()) lose(event.connection, "it sent messages that make no sense");
  }

  void lost(const WireLost& event) { lose(event.connection, event.reason); }

  void tick() {
    const Nanoseconds deadline = options_.heartbeat * heartbeat_misses_max;
    const Nanoseconds now = clock_->now();
    std::vector<ConnectionId> silent;
    for (auto& [id, peer] : peers_) {
      if (now - peer.heard > deadline) {
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
    if (Peer* peer = peer_of(grant.worker)) peer->wire.send(grant);
  }
  void stop(const StopWorker& stop) {
    Peer* peer = peer_of(stop.worker);
    if (peer == nullptr || peer->stopping) return;
    peer->stopping = true;  // one word ends the whole process
    peer->wire.send(Stop{"the run is over"});
  }

  LinkCounts counts() const {
    LinkCounts result;
    for (std::size_t i = 0; i < decode_fault_count; ++i) {
      const auto fault = static_cast<DecodeFault>(i);
      if (faults_.of(fault) > 0) result.refused[to_string(fault)] = faults_.of(fault);
    }
    return result;
  }

 private:
  void control(Peer& peer, const ControlBody& body) {
    if (const auto* hello = std::get_if<Hello>(&body)) return join(peer.wire.id(), *hello);
    if (const auto* request = std::get_if<LeaseRequest>(&body)) {
      if (peer.workers.contains(request->worker)) self_->send(options_.steward, *request);
    } else if (const auto* report = std::get_if<WorkerReport>(&body)) {
      if (peer.workers.contains(report->worker)) self_->send(options_.coordinator, *report);
    } else if (const auto* failure = std::get_if<Failure>(&body)) {
      if (peer.workers.contains(failure->worker)) self_->send(options_.coordinator, *failure);
    } else if (std::holds_alternative<Leave>(body)) {
      lose(peer.wire.id(), "it left");
    }
  }

  void bulk(const Peer& peer, Routed routed) {
    const bool speaks_for_itself = peer.workers.contains(routed.message.from);
    const bool known = routed.to.role() == Role::aggregator &&
                       routed.to.ordinal() < options_.aggregators.size() &&
                       routed.message.shard == routed.to.ordinal();
    if (!speaks_for_itself || !known) return faults_.count(DecodeFault::bad_field);
    self_->send(options_.aggregators[routed.to.ordinal()],
                Delivery{routed.to, std::move(routed.message)});
  }

  void join(ConnectionId id, const Hello& hello) {
    JoinRequest request{hello, id, {WorkerActor(self_)}};
    self_->request(options_.coordinator, kJoinDeadline, std::move(request))
        .then([this, id](const JoinAnswer& answer) { joined(id, answer); },
              [this, id](const caf::error&) { lose(id, "the coordinator is gone"); });
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
    Expectations expectations;
    expectations.shards = welcome.shards;
    expectations.parameters = welcome.parameters;
    for (std::uint32_t shard = 0; shard < welcome.shards; ++shard) {
      expectations.shard_lengths.push_back(
          shard_range(welcome.parameters, welcome.shards, shard).length);
    }
    peer.wire.admit(answer.run, answer.epoch, expectations);
    for (const WorkerSeat& seat : welcome.seats) {
      peer.workers.insert(seat.peer);
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
    for (const PeerId worker : peer.workers) connections_.erase(worker);
    peers_.erase(found);
    transport_->drop(id);
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
  DecodeCounters faults_;  // of connections that are gone, and of wrong addresses
};

}  // namespace

CoordinatorLink::behavior_type coordinator_link(CoordinatorLink::pointer self,
                                                CoordinatorLinkOptions options,
                                                std::shared_ptr<const Clock> clock) {
  auto link = std::make_shared<Link>(self, std::move(options), std::move(clock));
  return {
      [link](const Delivery& delivery) { link->deliver(delivery); },
      [link](const LeaseGrant& grant) { link->grant(grant); },
      [link](const StopWorker& stop) { link->stop(stop); },
      [link](const AttachTransport& attach) { link->attach(attach.transport); },
      [link](const WireFrames& event) { link->take(event); },
      [](const WireConnected&) {},  // a server learns of clients by their first word
      [link](const WireLost& event) { link->lost(event); },
      [link](const HeartbeatTick&) { link->tick(); },
      [link](const LinkCountsRequest&) { return link->counts(); },
  };
}

}  // namespace murm
