// Gives damaged or hand-made header bytes a valid prefix, so that the checks behind it are reached.
// Room: tests.
// Caller: tests/unit/serialization, tests/fuzz. Source: docs/protocol.md, section "Frames".
#pragma once
#include <xxhash.h>

#include <cstring>
#include <span>

#include "serialization/limits.hpp"

namespace murm::samples {

/// Requires: at least a prefix.
inline void seal(std::span<std::byte> frame) {
  const auto content = frame.subspan(prefix_bytes);
  const std::uint64_t checksum = XXH3_64bits(content.data(), content.size());
  std::memcpy(frame.data(), "MURM", 4);
  std::memcpy(frame.data() + 4, &protocol_version, 4);
  std::memcpy(frame.data() + 8, &checksum, 8);
}

}  // namespace murm::samples
