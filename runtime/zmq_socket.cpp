#include "runtime/zmq_socket.hpp"

#include <sys/random.h>

#include <cerrno>
#include <utility>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr int heartbeat_interval_ms = 1000;  // connection hygiene; peers are judged by the actors
constexpr int heartbeat_timeout_ms = 5000;
constexpr int heartbeat_ttl_ms = 6000;  // libzmq overflows above 65 s
constexpr int connect_timeout_ms = 1000;
constexpr int handshake_ms = 2000;  // cuts half-open peers
constexpr int reconnect_ms = 3600 * 1000;
constexpr int pending_connections_max = 256;
constexpr std::size_t frames_max = 2;

/// Gives the bytes to ZeroMQ together with what keeps them alive. The callback runs on its thread.
template <class Owner>
zmq::message_t lend(const void* data, std::size_t size, Owner owner) {
  auto* held = new Owner(std::move(owner));
  const auto release = [](void*, void* hint) { delete static_cast<Owner*>(hint); };
  try {
    return zmq::message_t(const_cast<void*>(data), size, release, held);
  } catch (...) {
    delete held;
    throw;
  }
}

}  // namespace

TransportCounters ZmqCounters::snapshot() const {
  constexpr auto relaxed = std::memory_order_relaxed;
  return {bytes_sent.load(relaxed), bytes_received.load(relaxed), messages_sent.load(relaxed),
          messages_received.load(relaxed), refused.load(relaxed)};
}

ZmqMessage to_zmq(Outgoing&& message) {
  ZmqMessage result;
  const std::size_t header_bytes = message.header.size();
  const void* header = message.header.data();  // moving a vector keeps its address
  result.header = lend(header, header_bytes, std::move(message.header));
  result.bytes = header_bytes;
  if (message.payload != nullptr) {
    result.payload = lend(message.payload, message.payload_bytes, std::move(message.keep_alive));
    result.bytes += message.payload_bytes;
  }
  return result;
}

Sent send_now(zmq::socket_t& socket, const std::string& routing_id, ZmqMessage& message) {
  using zmq::send_flags;
  const send_flags more = send_flags::dontwait | send_flags::sndmore;
  const send_flags header_flags = message.payload ? more : send_flags::dontwait;
  bool begun = false;
  try {
    if (!routing_id.empty()) {
      if (!socket.send(zmq::buffer(routing_id), more)) return Sent::full;
      begun = true;
    }
    // Once the first part is taken the others are, unless the connection dies in between.
    if (!socket.send(message.header, header_flags)) return begun ? Sent::gone : Sent::full;
    if (message.payload && !socket.send(*message.payload, send_flags::dontwait)) return Sent::gone;
  } catch (const zmq::error_t& error) {
    if (error.num() == EHOSTUNREACH) return Sent::gone;
    throw;
  }
  return Sent::done;
}

void ParkedMessages::push(ZmqMessage message) {
  bytes_ += message.bytes;
  messages_.push_back(std::move(message));
}

Sent ParkedMessages::flush(zmq::socket_t& socket, const std::string& routing_id,
                           ZmqCounters& counters) {
  while (!messages_.empty()) {
    const Sent sent = send_now(socket, routing_id, messages_.front());
    if (sent != Sent::done) return sent;
    bytes_ -= messages_.front().bytes;
    counters.bytes_sent.fetch_add(messages_.front().bytes, std::memory_order_relaxed);
    counters.messages_sent.fetch_add(1, std::memory_order_relaxed);
    messages_.pop_front();
  }
  return Sent::done;
}

std::optional<Arrival> receive_now(zmq::socket_t& socket, bool is_router) {
  Arrival arrival;
  std::size_t count = 0;
  for (bool more = true; more; ++count) {
    zmq::message_t part;
    // Multi-part messages arrive whole: only the first part can be missing.
    if (!socket.recv(part, zmq::recv_flags::dontwait)) break;
    more = part.more();
    if (is_router && count == 0) {
      arrival.from = part.to_string();
      continue;
    }
    arrival.bytes += part.size();
    if (arrival.frames.frames.size() > frames_max) continue;  // refused below; hold no more of it
    auto owner = std::make_shared<zmq::message_t>(std::move(part));
    const auto* data = static_cast<const std::byte*>(owner->data());
    const std::size_t size = owner->size();
    arrival.frames.frames.push_back(Frame{data, size, std::move(owner)});
  }
  if (count == 0) return std::nullopt;
  const std::size_t frames = arrival.frames.frames.size();
  arrival.well_formed = frames >= 1 && frames <= frames_max;
  return arrival;
}

zmq::socket_t make_socket(zmq::context_t& context, zmq::socket_type type, Channel channel,
                          const ZmqLimits& limits) {
  namespace option = zmq::sockopt;
  const bool control = channel == Channel::control;
  const int high_water = control ? limits.control_high_water : limits.bulk_high_water;
  const std::size_t frame_bytes_max = control ? limits.control_frame_bytes_max
                                              : limits.bulk_frame_bytes_max;

  zmq::socket_t socket(context, type);
  socket.set(option::linger, 0);
  socket.set(option::ipv6, false);
  socket.set(option::sndhwm, high_water);
  socket.set(option::rcvhwm, high_water);
  socket.set(option::maxmsgsize, static_cast<std::int64_t>(frame_bytes_max));
  socket.set(option::handshake_ivl, handshake_ms);
  socket.set(option::heartbeat_ivl, heartbeat_interval_ms);
  socket.set(option::heartbeat_timeout, heartbeat_timeout_ms);
  socket.set(option::heartbeat_ttl, heartbeat_ttl_ms);
  // Without a domain libzmq falls back to ZMTP 1.0 and takes random bytes for messages.
  socket.set(option::zap_domain, "murmuration");
  if (type == zmq::socket_type::router) {
    socket.set(option::router_mandatory, true);  // else messages to a missing peer vanish silently
    socket.set(option::router_handover, false);  // else a newcomer can take over a peer's address
    socket.set(option::backlog, pending_connections_max);
  } else {
    // An hour: in effect never, for the client hangs up at the first news of a break. Not -1 (nor
    // IMMEDIATE): with these libzmq throws away what has arrived before the break unread.
    socket.set(option::reconnect_ivl, reconnect_ms);
    socket.set(option::connect_timeout, connect_timeout_ms);
  }
  return socket;
}

std::string make_routing_id() {
  std::string id(routing_id_bytes, '\0');
  const ssize_t drawn = ::getrandom(id.data(), id.size(), 0);
  MURM_ASSERT(drawn == static_cast<ssize_t>(id.size()), "getrandom gave " + std::to_string(drawn));
  id[0] = static_cast<char>(static_cast<unsigned char>(id[0]) | 1U);
  return id;
}

}  // namespace murm
