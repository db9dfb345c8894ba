// The transport over ZeroMQ: ROUTER sockets on the server's side, DEALER sockets on the client's.
// Room: runtime. Hides every ZeroMQ type; its limits are named here.
// Caller: actors/training_node. Source: reliability design, section 2 (constants), section 7 (Z1-Z16, bridge).
#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "runtime/transport.hpp"

namespace murm {

/// What a peer may cost us. Meeting one of them is weather: counted or reported, never fatal.
struct ZmqLimits {
  std::size_t control_frame_bytes_max = std::size_t{64} << 10U;
  std::size_t bulk_frame_bytes_max = std::size_t{4} << 20U;
  int control_high_water = 1000;  // messages inside ZeroMQ, per connection and direction
  int bulk_high_water = 64;
  std::size_t parked_messages_max = 16384;               // beyond the high water, per connection:
  std::size_t parked_bytes_max = std::size_t{1} << 30U;  // credit should keep both far away
  std::size_t connections_max = 4096;
  std::chrono::milliseconds retry_first{100};  // between attempts to reach a server, doubling
  std::chrono::milliseconds retry_max{2000};
};

/// Listens for clients: control at `endpoint` (see runtime/endpoint), bulk at one of its own beside it.
/// Throws InputError when the endpoint is malformed or cannot be bound.
std::unique_ptr<Transport> serve_zmq(const std::string& endpoint, TransportEvents events,
                                     const ZmqLimits& limits = {});

/// Connects to a server, trying until it appears; messages wait meanwhile. Once the connection has stood
/// its end is final: to come back, make a new transport. Throws InputError when the endpoint is malformed.
std::unique_ptr<Transport> connect_zmq(const std::string& endpoint, TransportEvents events,
                                       const ZmqLimits& limits = {});

}  // namespace murm
