// What a transport tells a link: frames and ends of connections, as messages of actors.
// Room: actors.
// Caller: actors/coordinator_link, actors/worker_link.
#pragma once
#include <string>

#include "actors/caf.hpp"
#include "runtime/transport.hpp"

namespace murm {

struct WireFrames {
  ConnectionId connection = 0;
  Channel channel = Channel::control;
  Frames frames;
};
struct WireConnected {
  ConnectionId connection = 0;
};
struct WireLost {
  ConnectionId connection = 0;
  std::string reason;
};
struct HeartbeatTick {};

/// Callbacks for a transport that post to `link`; they hold its address only, so they keep nothing alive.
template <class Link>
TransportEvents post_to(const Link& link) {
  const auto address = caf::actor_cast<caf::actor_addr>(link);
  const auto post = [address](auto message) {
    if (const auto alive = caf::actor_cast<caf::strong_actor_ptr>(address)) {
      caf::anon_send(caf::actor_cast<caf::actor>(alive), std::move(message));
    }
  };
  TransportEvents events;
  events.received = [post](ConnectionId id, Channel channel, Frames frames) {
    post(WireFrames{id, channel, std::move(frames)});
  };
  events.connected = [post](ConnectionId id) { post(WireConnected{id}); };
  events.disconnected = [post](ConnectionId id, std::string reason) {
    post(WireLost{id, std::move(reason)});
  };
  return events;
}

}  // namespace murm

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::WireFrames)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::WireConnected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::WireLost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::HeartbeatTick)
