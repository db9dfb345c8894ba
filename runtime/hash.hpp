// Hashes of bytes: to recognise, not to protect.
// Room: runtime. XXH3; the same bytes give the same hash on every machine.
// Caller: report (parameters_hash), actors/checkpointer (what must not change on resume).
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace murm {

std::uint64_t hash_bytes(std::span<const std::byte> bytes);

/// Hash of bytes that come in several parts: the same as of all of them in one.
class StreamHash {
 public:
  StreamHash();
  void add(std::span<const std::byte> bytes);
  std::string hex() const;  // 32 digits

 private:
  std::shared_ptr<void> state_;
};

}  // namespace murm
