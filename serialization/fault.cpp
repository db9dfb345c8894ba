#include "serialization/fault.hpp"

#include <numeric>

namespace murm {

const char* to_string(DecodeFault fault) {
  switch (fault) {
    case DecodeFault::frame_count:
      return "frame_count";
    case DecodeFault::too_short:
      return "too_short";
    case DecodeFault::oversized:
      return "oversized";
    case DecodeFault::bad_magic:
      return "bad_magic";
    case DecodeFault::unknown_version:
      return "unknown_version";
    case DecodeFault::bad_checksum:
      return "bad_checksum";
    case DecodeFault::misaligned_size:
      return "misaligned_size";
    case DecodeFault::malformed:
      return "malformed";
    case DecodeFault::unknown_kind:
      return "unknown_kind";
    case DecodeFault::wrong_run:
      return "wrong_run";
    case DecodeFault::stale_epoch:
      return "stale_epoch";
    case DecodeFault::bad_field:
      return "bad_field";
    case DecodeFault::bad_sequence:
      return "bad_sequence";
    case DecodeFault::bad_payload:
      return "bad_payload";
  }
  return "unknown";
}

std::uint64_t DecodeCounters::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

}  // namespace murm
