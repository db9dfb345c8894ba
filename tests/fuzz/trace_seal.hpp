// Puts hand-made contents into the blocks of a trace, with fitting lengths and checksums.
// Room: tests.
// Caller: tests/fuzz. Source: runtime/trace_file.hpp.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "runtime/hash.hpp"
#include "runtime/trace_bytes.hpp"
#include "runtime/trace_file.hpp"

namespace murm::test {

/// Requires: contents that a block can have, 1 to trace_record_max bytes.
inline std::vector<std::byte> sealed_trace(const std::vector<std::vector<std::byte>>& contents) {
  std::vector<std::byte> file;
  ByteSink sink(file);
  for (const char letter : std::string_view("MURMTRC"))
    sink.byte(static_cast<std::uint8_t>(letter));
  sink.byte(trace_version);
  std::uint64_t chain = 0;
  for (const auto& content : contents) {
    std::vector<std::byte> linked;
    ByteSink(linked).word(chain, 8);
    linked.insert(linked.end(), content.begin(), content.end());
    chain = hash_bytes(linked);
    sink.varint(content.size());
    file.insert(file.end(), content.begin(), content.end());
    sink.word(chain, 2);
  }
  return file;
}

}  // namespace murm::test
