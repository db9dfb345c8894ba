#include <unistd.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "algorithms/vocabulary.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/zmq_loop.hpp"
#include "runtime/zmq_socket.hpp"
#include "runtime/zmq_transport.hpp"

namespace murm {
namespace {

constexpr std::size_t gone_peers_remembered = 4096;

/// ZeroMQ 4.3.4 leaves the file of an ipc socket behind.
void remove_socket_file(const std::string& endpoint) {
  constexpr std::string_view scheme = "ipc://";
  if (endpoint.starts_with(scheme) && !endpoint.starts_with("ipc://@")) {
    ::unlink(endpoint.c_str() + scheme.size());
  }
}

class ZmqServer final : public ZmqLoop {
 public:
  ZmqServer(const Endpoint& endpoint, TransportEvents events, const ZmqLimits& limits)
      : ZmqLoop(std::move(events), limits) {
    control_.bind(to_string(endpoint));
    bulk_.bind(to_string(bulk_listen_endpoint(endpoint)));
    control_endpoint_ = control_.get(zmq::sockopt::last_endpoint);
    bulk_endpoint_ = bulk_.get(zmq::sockopt::last_endpoint);
    start();
  }
  ~ZmqServer() override { shutdown(destructor_patience); }

  std::string control_endpoint() const override { return control_endpoint_; }
  std::string bulk_endpoint() const override { return bulk_endpoint_; }

 private:
  struct Peer {
    std::string routing_id;
    ParkedMessages control;
    ParkedMessages bulk;
    bool bulk_seen = false;  // its bulk socket has connected: from then on "unreachable" is final
    bool bulk_gone = false;
  };

  void add_poll_items(std::vector<zmq::pollitem_t>& items) override {
    items.push_back({control_.handle(), 0, ZMQ_POLLIN, 0});
    items.push_back({bulk_.handle(), 0, ZMQ_POLLIN, 0});
  }
  Clock::time_point next_appointment() const override {
    Clock::time_point next = never;
    for (const auto& [connection, report_at] : leaving_) next = std::min(next, report_at);
    return next;
  }

  void turn() override {
    const auto turn_begun = Clock::now();
    const bool all_heard = receive(control_, Channel::control, true, [this](Arrival& arrival) {
      const ConnectionId connection = admit(arrival.from);
      connection == 0 ? refuse() : deliver(connection, Channel::control, arrival);
    });
    receive(bulk_, Channel::bulk, true, [this](Arrival& arrival) {
      const auto known = ids_.find(arrival.from);
      if (known == ids_.end()) return refuse();
      peers_.at(known->second).bulk_seen = true;
      deliver(known->second, Channel::bulk, arrival);
    });
    const std::set<ConnectionId> waiting = waiting_;
    for (const ConnectionId connection : waiting) flush(connection);
    if (!all_heard) return;
    // Only now: what a peer said before it left comes before the news that it has.
    const std::map<ConnectionId, Clock::time_point> leaving = leaving_;
    for (const auto& [connection, report_at] : leaving) {
      if (report_at < turn_begun) lose(connection, "it has closed the connection");
    }
  }

  /// The connection of a control message's sender, made by its first; 0: not wanted.
  ConnectionId admit(const std::string& routing_id) {
    const auto known = ids_.find(routing_id);
    if (known != ids_.end()) return known->second;
    const bool wanted = routing_id.size() == routing_id_bytes && !gone_.contains(routing_id) &&
                        peers_.size() < limits_.connections_max;
    if (!wanted) return 0;
    const ConnectionId connection = ++connections_made_;
    ids_.emplace(routing_id, connection);
    peers_[connection].routing_id = routing_id;
    return connection;
  }

  void execute(Outgoing&& message) override {
    const ConnectionId connection = message.to;
    const auto found = peers_.find(connection);
    if (found == peers_.end()) return;
    if (const std::string reason = oversize(message); !reason.empty()) {
      refuse();
      return lose(connection, reason);
    }
    const bool control = message.channel == Channel::control;
    if (!control && found->second.bulk_gone) return;
    ParkedMessages& parked = control ? found->second.control : found->second.bulk;
    parked.push(to_zmq(std::move(message)));
    flush(connection);
    if (overflows(parked)) {
      lose(connection, "it does not take what is sent to it; the queue has reached its limit");
    }
  }
  void execute(Drop&& command) override { forget(command.connection); }
  void execute(ConnectBulk&&) override {
    MURM_ASSERT(false, "connect_bulk belongs to the client side");
  }

  void flush(ConnectionId connection) {
    Peer& peer = peers_.at(connection);
    const Sent control = peer.control.flush(control_, peer.routing_id, counters_);
    const std::size_t bulk_before = peer.bulk.count();
    Sent bulk = peer.bulk.flush(bulk_, peer.routing_id, counters_);
    peer.bulk_seen = peer.bulk_seen || peer.bulk.count() < bulk_before;
    if (bulk == Sent::gone && peer.bulk_seen) {
      peer.bulk_gone = true;
      peer.bulk = {};
      bulk = Sent::done;
      leaving_.try_emplace(connection, Clock::now() + last_words_max);
    }
    if (control == Sent::gone) {
      peer.control = {};
      auto& report_at = leaving_.try_emplace(connection, never).first->second;
      report_at = std::min(report_at, Clock::now());
    }
    const bool rest = control == Sent::full || bulk != Sent::done;
    anything_parked_ = anything_parked_ || rest;
    rest ? void(waiting_.insert(connection)) : void(waiting_.erase(connection));
  }

  void lose(ConnectionId connection, const std::string& reason) {
    forget(connection);
    if (events_.disconnected) events_.disconnected(connection, reason);
  }

  void forget(ConnectionId connection) {
    const auto found = peers_.find(connection);
    if (found == peers_.end()) return;
    ids_.erase(found->second.routing_id);
    gone_.insert(found->second.routing_id);
    gone_order_.push_back(std::move(found->second.routing_id));
    if (gone_order_.size() > gone_peers_remembered) {
      gone_.erase(gone_order_.front());
      gone_order_.pop_front();
    }
    waiting_.erase(connection);
    leaving_.erase(connection);
    peers_.erase(found);
  }

  bool flush_control() override {
    bool all = true;
    for (auto& [connection, peer] : peers_) {
      all = peer.control.flush(control_, peer.routing_id, counters_) != Sent::full && all;
    }
    return all;
  }
  void close(std::chrono::milliseconds control_linger) override {
    peers_.clear();
    control_.set(zmq::sockopt::linger, static_cast<int>(control_linger.count()));
    control_.close();
    bulk_.close();
    remove_socket_file(control_endpoint_);
    remove_socket_file(bulk_endpoint_);
  }

  zmq::socket_t control_ = make_socket(context_, zmq::socket_type::router, Channel::control,
                                       limits_);
  zmq::socket_t bulk_ = make_socket(context_, zmq::socket_type::router, Channel::bulk, limits_);
  std::string control_endpoint_;
  std::string bulk_endpoint_;
  std::map<ConnectionId, Peer> peers_;
  std::unordered_map<std::string, ConnectionId> ids_;
  std::set<ConnectionId> waiting_;                     // peers with parked messages
  std::map<ConnectionId, Clock::time_point> leaving_;  // peers found gone, and when to report it
  std::unordered_set<std::string> gone_;
  std::deque<std::string> gone_order_;
  ConnectionId connections_made_ = 0;
};

}  // namespace

std::unique_ptr<Transport> serve_zmq(const std::string& endpoint, TransportEvents events,
                                     const ZmqLimits& limits) {
  const Endpoint parsed = parse_endpoint("listen address", endpoint, EndpointUse::listen);
  try {
    return std::make_unique<ZmqServer>(parsed, std::move(events), limits);
  } catch (const zmq::error_t& error) {
    throw InputError("listen address '" + endpoint + "' cannot be used: " + error.what() +
                     ". HINT: choose a free port of an interface of this machine.");
  }
}

}  // namespace murm
