// Carries byte frames between processes: sends and events, no meaning.
// Room: runtime. Never interprets a byte; what a frame says is the codec's business.
// Caller: actors/wire_connection. Implementation: runtime/zmq_transport. Source: reliability design, sections 2 and 7.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace murm {

/// A peer process as seen from here; fresh per connection, never reused by a transport, never 0.
using ConnectionId = std::uint64_t;

/// Two sockets per connection: a heartbeat on `control` never waits behind a tensor on `bulk`.
enum class Channel : std::uint8_t { control, bulk };

/// ByteView as they arrived, readable in place as long as `owner` lives. Alignment: 8 bytes from a size
/// of 8192 bytes on, none below.
struct Frame {
  const std::byte* data = nullptr;
  std::size_t size = 0;
  std::shared_ptr<void> owner;
};

/// One message: the header, and the payload when the sender gave one.
struct Frames {
  std::vector<Frame> frames;
};

/// One message to send. Nothing is copied: the header is moved in, the payload is read until
/// `keep_alive` is dropped, which happens on a foreign thread (so its destructor must be trivial work:
/// no lock of an actor, no log line, no device call). Never write to the payload before that.
struct Outgoing {
  ConnectionId to = 0;
  Channel channel = Channel::control;
  std::vector<std::byte> header;
  const void* payload = nullptr;  // null: the message has one frame only
  std::size_t payload_bytes = 0;
  std::shared_ptr<void> keep_alive;
};

/// Called on the I/O thread: hand over to an actor and return; never block, never throw.
/// `disconnected` is the last event of a connection and comes once, except after `drop`.
struct TransportEvents {
  std::function<void(ConnectionId, Channel, Frames)> received;
  std::function<void(ConnectionId)> connected;  // client side only; a server learns by `received`
  std::function<void(ConnectionId, std::string reason)> disconnected;
};

struct TransportCounters {
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t refused =
      0;  // messages of a wrong shape, too large, or of an unknown or dropped peer
};

/// The sockets of one process on one I/O thread. A server has many connections, a client has one.
/// Order is kept per connection and channel. A connection that breaks is reported and never silently
/// replaced, because messages are lost at that moment. Thread: every method from any thread except
/// the I/O thread's callbacks, which must not call `shutdown`.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Returns at once. A message to an unknown, lost or dropped connection is discarded.
  virtual void send(Outgoing message) = 0;
  /// Forgets the peer: no further event of it, its later messages are ignored and counted. A control
  /// message sent before still leaves.
  virtual void drop(ConnectionId connection) = 0;
  /// Client side: opens the bulk channel of the connection; bulk messages wait until it stands.
  virtual void connect_bulk(std::string endpoint) = 0;

  /// Server side: the endpoints really bound (wildcard ports resolved). Client side: those connected to.
  virtual std::string control_endpoint() const = 0;
  virtual std::string bulk_endpoint() const = 0;
  virtual TransportCounters counters() const = 0;

  /// Queued control messages may still leave until `patience` is over; then everything is closed. When
  /// this has returned no event is delivered any more and every keep_alive is dropped. Idempotent.
  virtual void shutdown(std::chrono::milliseconds patience) = 0;
};

}  // namespace murm
