// ZeroMQ in the terms of the transport: configured sockets, one message out, one message in.
// Room: runtime, inside of the transport: only its own files see zmq.hpp.
// Caller: runtime/zmq_transport.cpp. Source: reliability design, Z1, Z3, Z7, Z9, Z11.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "runtime/transport.hpp"
#include "runtime/zmq_transport.hpp"

namespace murm {

inline constexpr std::size_t routing_id_bytes = 16;

/// Written by the I/O thread, read by any.
struct ZmqCounters {
  std::atomic<std::uint64_t> bytes_sent{0};
  std::atomic<std::uint64_t> bytes_received{0};
  std::atomic<std::uint64_t> messages_sent{0};
  std::atomic<std::uint64_t> messages_received{0};
  std::atomic<std::uint64_t> refused{0};

  TransportCounters snapshot() const;
};

/// A message on its way out. ZeroMQ drops `keep_alive` when the last byte has left, or when this dies.
struct ZmqMessage {
  zmq::message_t header;
  std::optional<zmq::message_t> payload;
  std::size_t bytes = 0;
};
ZmqMessage to_zmq(Outgoing&& message);

enum class Sent : std::uint8_t { done, full, gone };
/// Never blocks. `routing_id` addresses a ROUTER's peer; empty for a DEALER. The message is spent by `done`.
Sent send_now(zmq::socket_t& socket, const std::string& routing_id, ZmqMessage& message);

/// Messages that the socket does not take yet, in order.
class ParkedMessages {
 public:
  void push(ZmqMessage message);
  /// Sends from the front until one is not taken: done = nothing is left.
  Sent flush(zmq::socket_t& socket, const std::string& routing_id, ZmqCounters& counters);
  bool empty() const { return messages_.empty(); }
  std::size_t count() const { return messages_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::deque<ZmqMessage> messages_;
  std::size_t bytes_ = 0;
};

struct Arrival {
  std::string from;  // routing id, ROUTER only
  Frames frames;
  std::size_t bytes = 0;
  bool well_formed = false;  // one or two frames
};
/// The next complete message, if there is one.
std::optional<Arrival> receive_now(zmq::socket_t& socket, bool is_router);

/// Opened with every option set and LINGER 0; not yet bound or connected.
zmq::socket_t make_socket(zmq::context_t& context, zmq::socket_type type, Channel channel,
                          const ZmqLimits& limits);

/// Random, so that no two processes ever share one; never starts with the zero byte of ZeroMQ's own ids.
std::string make_routing_id();

}  // namespace murm
