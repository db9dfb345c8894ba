// Why bytes were refused: the kinds, one refusal, a value-or-refusal, and counters per kind.
// Room: serialization. Knows no message; the caller decides how to react.
// Caller: codec, reassembler, actors/wire_connection. Source: reliability page, section 6, rule 6.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace murm {

/// In the order of the gate: the first check that fails names the fault.
enum class DecodeFault : std::uint8_t {
  frame_count,      // not one frame (control) or one or two (bulk), or a chunk without its numbers
  too_short,        // frame 0 cannot hold prefix and segment table
  oversized,        // frame 0, frame 1, or the payload under assembly passes its limit
  bad_magic,        // not ours
  unknown_version,  // ours, of another protocol version
  bad_checksum,     // frame 0 was damaged
  misaligned_size,  // frame 0 is not a multiple of 8 bytes
  malformed,        // not a Cap'n Proto message, or bytes left over
  unknown_kind,     // arm of the union unset, unknown, or of the other socket
  wrong_run,        // another run, or none where one is required
  stale_epoch,      // membership epoch older than allowed
  bad_field,        // a value outside its bounds, or fields that contradict each other or frame 1
  bad_sequence,     // a message, transfer or chunk is missing, repeated or out of order
  bad_payload,      // frame 1 was damaged
};
inline constexpr std::size_t decode_fault_count = 14;

const char* to_string(DecodeFault fault);

/// One refusal; `text` is a sentence without the peer's own bytes in it.
struct Refused {
  DecodeFault fault = DecodeFault::malformed;
  std::string text;
};

/// What was decoded, or why nothing was.
template <class T>
class [[nodiscard]] Decoded {
 public:
  Decoded(T value) : content_(std::move(value)) {}            // NOLINT(google-explicit-constructor)
  Decoded(Refused refused) : content_(std::move(refused)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return content_.index() == 0; }
  T& operator*() { return std::get<0>(content_); }
  const T& operator*() const { return std::get<0>(content_); }
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }
  const Refused& refused() const { return std::get<1>(content_); }

 private:
  std::variant<T, Refused> content_;
};

/// Refusals so far, by kind. Thread: one at a time.
class DecodeCounters {
 public:
  void count(DecodeFault fault) { ++counts_[static_cast<std::size_t>(fault)]; }
  std::uint64_t of(DecodeFault fault) const { return counts_[static_cast<std::size_t>(fault)]; }
  std::uint64_t total() const;

 private:
  std::array<std::uint64_t, decode_fault_count> counts_{};
};

}  // namespace murm
