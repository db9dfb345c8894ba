// Structs to bytes and back: the only judge of bytes that come from another process.
// Room: serialization. Knows fields and bounds; not what a message causes, nor who is connected.
// Caller: actors/wire_connection. Source: reliability page, section 6, rule 6; fields in murmuration.capnp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "serialization/fault.hpp"
#include "serialization/limits.hpp"
#include "serialization/messages.hpp"

namespace murm {

using Bytes = std::vector<std::byte>;
using FrameView = std::span<const std::byte>;

/// Replaces `out` by frame 0 of a control message. Sentences (reason, build, device) that are too
/// long or hold control characters are shortened and cleaned.
/// Requires: the other fields within their bounds.
/// Throws InputError when job, endpoint, slots or seats pass their limits.  Thread: any.
void encode_control(const Envelope& envelope, const ControlBody& body, Bytes& out);

/// Replaces `out` by frame 0 of one chunk; frame 1 is the memory of `chunk` itself, which is read
/// once for its checksum and not copied. `routed.message.payload` is not looked at.
/// Requires: chunk.size() == info.elements, inside the payload, at most chunk_elements_max.
void encode_bulk_header(const Envelope& envelope, const Routed& routed, const ChunkInfo& info,
                        std::span<const float> chunk, Bytes& out);

/// The bytes of a chunk as they travel in frame 1.
inline FrameView frame_of(std::span<const float> chunk) { return std::as_bytes(chunk); }

/// What the receiver knows; zero or empty means unknown, so unchecked.
struct Expectations {
  std::uint64_t run = 0;
  Epoch epoch_min = 0;  // older messages are refused, except hello and refusal
  std::uint32_t shards = 0;
  std::uint64_t parameters = 0;                // no payload may be longer, but for a code's slack
  std::vector<std::uint64_t> shard_lengths{};  // of parameters and replicas; a push has a slack
};

struct ControlMessage {
  Envelope envelope;
  ControlBody body;
};

/// One chunk. `routed.message.payload` is empty: the Reassembler fills it in.
struct BulkMessage {
  Envelope envelope;
  Routed routed;
  ChunkInfo chunk;
};

/// Judges the frames of one multipart message received on the control, or bulk, socket. The frames
/// may lie anywhere in memory and are not referred to afterwards. Never throws for what is in them.
/// Thread: any.
/// Cost: one copy of frame 0, allocations bounded by it; one pass over frame 1 for its checksum.
Decoded<ControlMessage> decode_control(std::span<const FrameView> frames,
                                       const Expectations& expectations);
Decoded<BulkMessage> decode_bulk(std::span<const FrameView> frames,
                                 const Expectations& expectations);

/// Order of the messages of one sender on one socket: sequence 0, 1, 2, ... and nothing else.
class SequenceGate {
 public:
  /// Nothing when `envelope` is the next one, otherwise bad_sequence; the expected number stays.
  std::optional<Refused> admit(const Envelope& envelope);

 private:
  std::uint64_t next_ = 0;
};

}  // namespace murm
