// A trace with one record of each kind, and what makes two records the same.
// Room: tests.
// Caller: tests/unit/runtime, tests/fuzz.
#pragma once
#include <bit>
#include <limits>
#include <vector>

#include "runtime/trace_record.hpp"

namespace murm::test {

inline const TraceHeader trace_header{PeerId::worker((std::uint64_t{2} << 32U) | 7),
                                      0x0123456789ABCDEFU, 235146, 4, "asp"};

inline bool same(const TraceHeader& a, const TraceHeader& b) {
  return a.machine == b.machine && a.run == b.run && a.parameters == b.parameters &&
         a.shards == b.shards && a.algorithm == b.algorithm;
}

inline bool same(const TraceRecord& a, const TraceRecord& b) {
  const auto bits = [](double x) { return std::bit_cast<std::uint64_t>(x); };
  return a.kind == b.kind && a.time == b.time && a.lease == b.lease && a.message == b.message &&
         a.from == b.from && a.shard == b.shard && a.version == b.version &&
         bits(a.loss_sum) == bits(b.loss_sum) && bits(a.learning_rate) == bits(b.learning_rate) &&
         a.round == b.round && bits(a.weight) == bits(b.weight) && a.dropped == b.dropped &&
         a.fingerprint == b.fingerprint && a.epoch == b.epoch && a.joined == b.joined &&
         a.left == b.left;
}

inline TraceLease trace_lease(std::uint64_t id) { return {id, id / 4, 0, 1, id * 32, 32, true, 0}; }

inline TraceRecord push_record(std::uint64_t id, std::int64_t time) {
  TraceRecord record;
  record.kind = TraceKind::message;
  record.time = std::chrono::nanoseconds(time);
  record.message = 2;
  record.from = PeerId::worker(id % 4);
  record.version = id > 3 ? id - 3 : 0;
  record.lease = trace_lease(id);
  record.loss_sum = 70.25 + static_cast<double>(id);
  record.fingerprint = static_cast<std::uint32_t>(0x9E3779B9U * (id + 1));
  return record;
}

/// One of each kind, with fields at their ends.
inline std::vector<TraceRecord> assorted_records() {
  std::vector<TraceRecord> records(1);
  records[0].time = std::chrono::nanoseconds(1'000'000'000'000);
  for (std::uint64_t id = 0; id < 6; ++id) {
    records.push_back(
        push_record(id, 1'000'000'100'000 + 3'000'000 * static_cast<std::int64_t>(id)));
  }
  TraceRecord parameters;
  parameters.kind = TraceKind::message;
  parameters.time = std::chrono::nanoseconds(5);
  parameters.message = 3;
  parameters.from = PeerId::aggregator(3);
  parameters.shard = 3;
  parameters.version = std::numeric_limits<Version>::max();
  parameters.learning_rate = -0.0;
  parameters.fingerprint = 1;
  parameters.round = std::numeric_limits<std::uint64_t>::max();
  parameters.weight = -0.0;
  parameters.dropped = true;
  records.push_back(parameters);
  parameters.version = 0;
  parameters.learning_rate = std::numeric_limits<double>::quiet_NaN();
  parameters.fingerprint = 0;
  records.push_back(parameters);
  TraceRecord granted;
  granted.kind = TraceKind::lease;
  granted.time = std::chrono::nanoseconds(std::numeric_limits<std::int64_t>::max());
  granted.lease = {std::numeric_limits<LeaseId>::max(),
                   std::numeric_limits<Step>::max(),
                   7,
                   65536,
                   std::numeric_limits<SampleCount>::max(),
                   UINT32_MAX,
                   false,
                   std::numeric_limits<Epoch>::max()};
  records.push_back(granted);
  granted.kind = TraceKind::gradient;
  granted.loss_sum = std::numeric_limits<double>::infinity();
  granted.fingerprint = UINT32_MAX;
  records.push_back(granted);
  TraceRecord members;
  members.kind = TraceKind::membership;
  members.epoch = 3;
  for (std::uint64_t i = 0; i < 300; ++i) members.joined.push_back(PeerId::worker(i << 20U));
  members.left = {PeerId::worker(1), PeerId{UINT64_MAX}};
  records.push_back(members);
  TraceRecord state;
  state.kind = TraceKind::state;
  state.version = 17;
  state.fingerprint = 99;
  records.push_back(state);
  for (std::uint8_t kind = 1; kind <= 7; ++kind) {
    TraceRecord message = push_record(kind, 1000 * kind);
    message.message = kind;
    message.round = kind * 3;
    message.lease.epoch = kind / 3;
    records.push_back(message);
  }
  TraceRecord timer;
  timer.kind = TraceKind::timer;
  for (const std::uint64_t cookie : {std::uint64_t{5}, UINT64_MAX, std::uint64_t{0}}) {
    timer.round = cookie;
    records.push_back(timer);
  }
  TraceRecord collect;
  collect.kind = TraceKind::collect;
  records.push_back(collect);
  return records;
}

}  // namespace murm::test
