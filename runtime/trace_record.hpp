// One event that a machine was given, as a recording keeps it: ids, integers and fingerprints of tensors.
// Room: runtime. Plain values; what they mean to a machine is known to actors/trace_events.
// Caller: runtime/trace_coding, runtime/trace_file, actors (recording, replay).
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "algorithms/vocabulary.hpp"

namespace murm {

enum class TraceKind : std::uint8_t {
  start = 1,
  lease = 2,
  gradient = 3,
  message = 4,
  membership = 5,
  state = 6,  // the machine's state was read: a cut, or the end of the run
  timer = 7,
  collect = 8,  // replicas are asked for: a cut, or the end of the run
};

struct TraceLease {
  LeaseId id = 0;
  Step step = 0;
  std::uint32_t index = 0;
  std::uint32_t quorum = 1;
  SampleCount position = 0;
  std::uint32_t samples = 0;
  bool requested = true;
  Epoch epoch = 0;
  friend bool operator==(const TraceLease&, const TraceLease&) = default;
};

struct TraceRecord {
  TraceKind kind = TraceKind::start;
  std::chrono::nanoseconds time{0};  // of the host's monotonic clock, before the machine acted
  TraceLease lease;                  // lease, gradient, message
  std::uint8_t message = 0;          // message: its kind, 1 to 7
  PeerId from;                       // message
  std::uint32_t shard = 0;           // message
  Version version = 0;               // message, state
  double loss_sum = 0;               // gradient, message
  double learning_rate = 0;          // message
  std::uint64_t round = 0;           // message; timer: its cookie
  double weight = 0;                 // message
  bool dropped = false;              // message
  std::uint32_t fingerprint = 0;     // gradient, message, state: of the tensors
  Epoch epoch = 0;                   // membership
  std::vector<PeerId> joined;        // membership
  std::vector<PeerId> left;          // membership
};

/// What stands at the head of a machine's trace.
struct TraceHeader {
  PeerId machine;
  std::uint64_t run = 0;         // the same in all traces of a run
  std::uint64_t parameters = 0;  // length of the flat vector
  std::uint32_t shards = 0;
  std::string algorithm;
};

/// "aggregator-0", "worker-<slot>-<how many sat there before>": in texts and names of files.
std::string machine_name(PeerId machine);
std::string to_string(TraceKind kind);

}  // namespace murm
