// One connection to another process: structs in and out, credit, order, refusals.
// Room: actors. Codec on one side, transport on the other; decides nothing about the run.
// Caller: actors/coordinator_link, actors/worker_link, one per peer process.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>

#include "runtime/transport.hpp"
#include "serialization/codec.hpp"
#include "serialization/frame_tensor.hpp"

namespace murm {

/// Bytes of tensors one side may have under way to the other: what the receiving link has not taken yet.
inline constexpr std::uint64_t credit_window_bytes = std::uint64_t{64} << 20U;
/// Bytes of tensors that may wait for credit before the peer counts as too slow and is dropped.
inline constexpr std::uint64_t credit_queue_bytes_max = std::uint64_t{1} << 30U;
/// What both sides know of the messages to come, once they are agreed on a welcome.
Expectations expectations_of(const Welcome& welcome);

class WireConnection {
 public:
  WireConnection(Transport& transport, ConnectionId id) : transport_(transport), id_(id) {}

  /// From the handshake on: what is sent is stamped with, and what comes must match.
  void admit(std::uint64_t run, Epoch epoch, const Expectations& expectations);
  bool admitted() const { return run_ != 0; }

  void send(const ControlBody& body);
  /// Cuts the payload into chunks and sends as many as credit allows; the tensor is read in place.
  void send(Routed message);

  /// The struct in a control message; nothing when it was refused (counted) or only concerned credit.
  std::optional<ControlBody> take_control(const Frames& frames);
  /// A whole message once its last chunk has come.
  std::optional<Routed> take_bulk(const Frames& frames);

  ConnectionId id() const { return id_; }
  /// Of the latest control message that was taken.
  const Envelope& last_envelope() const { return last_envelope_; }
  /// True when the peer must be dropped: it is too slow for what it is sent, or a message of it was
  /// refused, so that whoever waits for that message would wait for ever.
  bool broken() const { return faults_.total() > 0 || queued_bytes_ > credit_queue_bytes_max; }
  const DecodeCounters& faults() const { return faults_; }

 private:
  struct Piece {  // one chunk, waiting for credit
    Routed routed;
    ChunkInfo info;
    std::span<const float> numbers;
    std::shared_ptr<void> keep_alive;
  };
  void transmit(const Piece& piece);
  void drain();
  Envelope next_envelope(std::uint64_t& sequence) const;

  Transport& transport_;
  ConnectionId id_;
  std::uint64_t run_ = 0;
  Epoch epoch_ = 0;
  Expectations expectations_;
  Envelope last_envelope_;
  std::uint64_t control_sent_ = 0;
  std::uint64_t bulk_sent_ = 0;
  std::uint64_t transfers_ = 0;
  SequenceGate control_gate_;
  SequenceGate bulk_gate_;
  Reassembler reassembler_{payload_elements_max * sizeof(float)};
  std::deque<Piece> queue_;
  std::uint64_t queued_bytes_ = 0;
  std::uint64_t credit_ = credit_window_bytes;
  std::uint64_t consumed_ = 0;  // not yet credited to the peer
  DecodeCounters faults_;
};

}  // namespace murm
