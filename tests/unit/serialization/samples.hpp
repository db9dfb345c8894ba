// One message of every kind with a different number in every field, and how to compare them.
// Room: tests. Also makes the seeds of the fuzzers.
// Caller: tests/unit/serialization, tests/fuzz. Source: serialization/messages.hpp.
#pragma once
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include "serialization/codec.hpp"

namespace murm::samples {

inline const Envelope envelope{.run = 0x1122334455667788, .epoch = 7, .sequence = 42};

inline const Lease lease{.id = 1001,
                         .step = 502,
                         .index = 3,
                         .quorum = 8,
                         .position = 123456,
                         .samples = 64,
                         .requested = false,
                         .epoch = 6};

inline std::vector<ControlBody> controls() {
  return {
      Hello{"murm 0.1.0", 4711, {0, 3, 1023}},
      Welcome{"[job]\nname = \"mnist\"\n",
              "tcp://127.0.0.1:7071",
              {{PeerId::worker(5), 2}, {PeerId::worker(6), 4}},
              3,
              101770,
              600000,
              2},
      Refusal{"the run is full"},
      Heartbeat{99},
      LeaseRequest{PeerId::worker(12), 4096, 3},
      LeaseGrant{PeerId::worker(13), lease},
      Credit{1234567},
      WorkerReport{PeerId::worker(14), 1, 2, 3, 4, 5, 6, 7, 8, "cuda:1"},
      Failure{PeerId::worker(15), "the device is lost", true},
      Stop{"the run is complete"},
      Leave{4712},
      Members{PeerId::worker(16),
              {8, {PeerId::worker(17), PeerId::worker(18)}, {PeerId::worker(3)}}},
      Collect{PeerId::worker(19)},
      Course{PeerId::worker(20), 4, "ad-psgd"},
      SwitchRequest{"diloco"},
      SwitchAnswer{true, "switched"},
  };
}

inline Routed pull() {
  Message message;
  message.kind = MessageKind::pull;
  message.from = PeerId::worker(5);
  message.shard = 2;
  message.version = 76;
  message.lease.step = 501;
  return {PeerId::aggregator(2), message};
}

inline Routed push() {
  Routed routed = pull();
  routed.message.kind = MessageKind::push;
  routed.message.version = 77;
  routed.message.lease = lease;
  routed.message.loss_sum = 147.25;
  return routed;
}

inline Routed parameters() {
  Message message;
  message.kind = MessageKind::parameters;
  message.from = PeerId::aggregator(2);
  message.shard = 2;
  message.version = 78;
  message.learning_rate = 0.0625;
  message.dropped = true;
  message.course = 5;
  return {PeerId::worker(5), message};
}

inline Routed between(MessageKind kind) {
  Message message;
  message.kind = kind;
  message.from = PeerId::worker(5);
  message.shard = 700;  // a part, not a shard
  message.version = 79;
  message.round = 80;
  message.weight = 0.75;
  return {PeerId::worker(6), message};
}

inline Routed replica() {
  Routed routed = pull();
  routed.message.kind = MessageKind::replica;
  routed.message.round = 81;
  return routed;
}

inline std::vector<float> numbers(std::size_t length) {
  std::vector<float> values(length);
  std::iota(values.begin(), values.end(), 0.5F);
  return values;
}

inline auto fields(const Envelope& x) { return std::tie(x.run, x.epoch, x.sequence); }
inline auto fields(const Lease& x) {
  return std::tie(x.id, x.step, x.index, x.quorum, x.position, x.samples, x.requested, x.epoch);
}
inline auto fields(const Hello& x) { return std::tie(x.build, x.process_id, x.slots); }
inline auto fields(const WorkerSeat& x) { return std::tie(x.peer, x.slot); }
inline auto fields(const Welcome& x) {
  std::vector<std::tuple<PeerId, std::uint32_t>> seats;
  for (const WorkerSeat& seat : x.seats) seats.emplace_back(fields(seat));
  return std::tuple(x.job, x.bulk_endpoint, seats, x.shards, x.parameters, x.samples, x.course);
}
inline auto fields(const Refusal& x) { return std::tie(x.reason); }
inline auto fields(const Heartbeat& x) { return std::tie(x.count); }
inline auto fields(const LeaseRequest& x) { return std::tie(x.worker, x.samples, x.course); }
inline auto fields(const LeaseGrant& x) {
  return std::tuple_cat(std::tie(x.worker), fields(x.lease));
}
inline auto fields(const Credit& x) { return std::tie(x.bytes); }
inline auto fields(const WorkerReport& x) {
  return std::tie(x.worker, x.steps, x.samples, x.busy_ns, x.elapsed_ns, x.bytes_sent,
                  x.bytes_received, x.peak_rss_bytes, x.data_wait_ns, x.device);
}
inline auto fields(const Failure& x) { return std::tie(x.worker, x.reason, x.of_worker_alone); }
inline auto fields(const Stop& x) { return std::tie(x.reason); }
inline auto fields(const Leave& x) { return std::tie(x.process_id); }
inline auto fields(const Members& x) {
  return std::tie(x.worker, x.change.epoch, x.change.joined, x.change.left);
}
inline auto fields(const Collect& x) { return std::tie(x.worker); }
inline auto fields(const Course& x) { return std::tie(x.worker, x.course, x.to); }
inline auto fields(const SwitchRequest& x) { return std::tie(x.to); }
inline auto fields(const SwitchAnswer& x) { return std::tie(x.done, x.text); }
inline auto fields(const Routed& x) {
  const Message& m = x.message;
  return std::tuple_cat(std::tie(x.to, m.kind, m.from, m.shard, m.version, m.loss_sum,
                                 m.learning_rate, m.round, m.weight, m.dropped, m.course),
                        fields(m.lease));
}
inline auto fields(const ChunkInfo& x) {
  return std::tie(x.transfer, x.payload_elements, x.offset_elements, x.elements);
}

inline bool equal(const ControlBody& a, const ControlBody& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&](const auto& x) { return fields(x) == fields(std::get<std::decay_t<decltype(x)>>(b)); },
      a);
}

inline Bytes encoded(const ControlBody& body, const Envelope& with = envelope) {
  Bytes out;
  encode_control(with, body, out);
  return out;
}

/// Header of a message whose whole payload is `chunk`.
inline Bytes encoded(const Routed& routed, std::span<const float> chunk,
                     const Envelope& with = envelope) {
  Bytes out;
  const auto length = static_cast<std::uint32_t>(chunk.size());
  encode_bulk_header(with, routed, {9, length, 0, length}, chunk, out);
  return out;
}

}  // namespace murm::samples
