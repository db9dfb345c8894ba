// Tensors made of received frames, and the assembly of a payload from its chunks.
// Room: serialization. Knows chunks and memory, not peers or meanings of payloads.
// Caller: actors/wire_connection, one Reassembler per sender. Source: docs/protocol.md, section "Chunks".
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "algorithms/tensor.hpp"
#include "serialization/codec.hpp"

namespace murm {

/// Frames as host memory, one run per frame, read in place; each frame lives as long as a tensor
/// over it.
/// Thread: filled by one, read by any; the owners are released where the last handle dies.
class FrameStorage final : public HostStorage {
 public:
  /// Appends `bytes`, whose memory `owner` keeps alive. Bytes that are not aligned for float are
  /// copied.
  /// Requires: a multiple of 4 bytes (asserted). No bytes: nothing happens.
  void append(std::shared_ptr<void> owner, std::span<const std::byte> bytes);

  std::span<const Run> runs() const override { return runs_; }

 private:
  std::vector<Run> runs_;
  std::vector<std::shared_ptr<void>> owners_;
};

/// Puts the chunks of ONE sender together: transfers strictly growing, each from offset 0 without
/// gaps, one at a time, with the same header in every chunk. Thread: one at a time.
class Reassembler {
 public:
  /// A payload of more than `payload_bytes_max` bytes is refused at its first chunk (oversized).
  explicit Reassembler(std::uint64_t payload_bytes_max) : payload_bytes_max_(payload_bytes_max) {}

  /// Adds a decoded chunk whose numbers are `payload` (frame 1, or empty), kept alive by `owner`.
  /// Returns the complete message after its last chunk, otherwise nothing yet. A refusal drops what
  /// has been assembled, and the rest of that transfer is refused too.
  Decoded<std::optional<Routed>> add(const BulkMessage& message, std::span<const std::byte> payload,
                                     std::shared_ptr<void> owner);

  std::uint64_t bytes_in_assembly() const { return elements_ * sizeof(float); }

 private:
  std::optional<Refused> judge(const BulkMessage& message,
                               std::span<const std::byte> payload) const;
  void drop();

  std::uint64_t payload_bytes_max_;
  std::uint64_t next_transfer_ = 0;        // smallest number a new transfer may have
  std::optional<BulkMessage> first_;       // first chunk of the transfer under assembly
  std::shared_ptr<FrameStorage> storage_;  // of it
  std::uint64_t elements_ = 0;             // received of it
  std::uint64_t chunks_ = 0;               // likewise
};

}  // namespace murm
