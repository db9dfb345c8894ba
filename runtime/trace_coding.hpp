// Records of a trace <-> bytes: each field as what it differs from the record before.
// Room: runtime. Judges bytes field by field; files and their checksums are runtime/trace_file's.
// Caller: runtime/trace_file, one coder per file and direction.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/trace_bytes.hpp"
#include "runtime/trace_record.hpp"

namespace murm {

inline constexpr std::size_t trace_peers_max = 4096;    // in one membership record
inline constexpr std::size_t trace_record_max = 65536;  // bytes of a record

/// Layout of a record; varints are LEB128, differences are zigzag coded:
///   tag       1 byte: TraceKind, or for a message 8 + its kind | has a lease << 4 | requested << 5
///   time      difference, nanoseconds
///   lease     [if it has one] id difference, mask byte, the fields that are not as expected
///   gradient  loss 8 bytes, fingerprint 4
///   message   mask byte, sender, [shard], version difference, [loss 8], [rate 8], [fingerprint 4],
///             [round difference], [weight 8]
///   state     version difference, fingerprint 4
///   members   epoch difference, two lists of ids
///   timer     cookie difference
class TraceCoder {
 public:
  /// Appends the bytes of `record`. Requires: at most trace_peers_max peers, kinds in range (asserted).
  void encode(const TraceRecord& record, std::vector<std::byte>& bytes);
  /// The record in `bytes`, which it must fill; none: malformed, and the coder is of no use any more.
  std::optional<TraceRecord> decode(std::span<const std::byte> bytes);

 private:
  struct Last {  // of the records so far
    std::uint64_t time = 0;
    TraceLease lease;
    std::uint32_t shard = 0;
    Version version = 0;
    double learning_rate = 0;
    std::uint64_t round = 0;
    std::uint64_t cookie = 0;
    Epoch epoch = 0;
  };
  TraceLease expected(LeaseId id) const;
  void encode_lease(const TraceLease& lease, std::vector<std::byte>& bytes);
  void encode_message(const TraceRecord& record, std::vector<std::byte>& bytes);
  bool decode_lease(ByteSource& source, bool requested, TraceLease& lease);
  bool decode_message(ByteSource& source, TraceRecord& record);
  bool decode_membership(ByteSource& source, TraceRecord& record);

  Last last_;
  std::vector<PeerId> peers_;  // senders so far; named by their place
};

/// The head of a trace, under the same framing as a record.
void encode_header(const TraceHeader& header, std::vector<std::byte>& bytes);
std::optional<TraceHeader> decode_header(std::span<const std::byte> bytes);

}  // namespace murm
