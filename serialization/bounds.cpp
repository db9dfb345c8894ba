#include "serialization/bounds.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

namespace murm {
namespace {

void require(bool holds, const char* text) {
  if (!holds) throw Refused{DecodeFault::bad_field, text};
}

// Texts end up in terminals and logs, so what could steer a terminal is refused.
void judge_text(std::string_view text, std::size_t bytes_max) {
  require(text.size() <= bytes_max, "a text is longer than its limit");
  require(std::none_of(text.begin(), text.end(),
                       [](char c) {
                         const auto byte = static_cast<unsigned char>(c);
                         return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
                       }),
          "a text holds control characters");
}

void judge_worker(PeerId id) {
  require(id.role() == Role::worker, "a peer id is not that of a worker");
}

void judge_lease(const Lease& lease) {
  require(lease.id < lease_ids_max, "the id of a lease passes its limit");
  require(lease.quorum >= 1, "a lease has quorum 0");
  require(lease.quorum <= quorum_max, "the quorum of a lease passes its limit");
  require(lease.index < lease.quorum, "the index of a lease is not below its quorum");
  require(lease.samples >= 1, "a lease has no samples");
  require(lease.samples <= lease_samples_max, "the samples of a lease pass their limit");
  require(lease.position < position_max, "the position of a lease passes its limit");
}

struct ControlJudge {
  void operator()(const Hello& hello) const {
    judge_text(hello.build, label_bytes_max);
    for (const std::uint32_t slot : hello.slots)
      require(slot < seats_max, "a slot passes its limit");
  }
  void operator()(const Welcome& welcome) const {
    judge_text(welcome.job, job_bytes_max);
    judge_text(welcome.bulk_endpoint, label_bytes_max);
    require(!welcome.seats.empty(), "welcome admits no worker");
    for (const WorkerSeat& seat : welcome.seats) {
      judge_worker(seat.peer);
      require(seat.slot < seats_max, "a slot passes its limit");
    }
    require(welcome.shards >= 1, "welcome has no shards");
    require(welcome.shards <= shards_max, "welcome has too many shards");
    require(welcome.parameters >= welcome.shards, "welcome has fewer parameters than shards");
    require(welcome.parameters <= parameters_max, "the parameters of welcome pass their limit");
    require(welcome.samples < position_max, "the samples of welcome pass their limit");
  }
  void operator()(const Refusal& refusal) const { judge_text(refusal.reason, text_bytes_max); }
  void operator()(const Heartbeat&) const {}
  void operator()(const LeaseRequest& request) const {
    judge_worker(request.worker);
    require(request.samples <= lease_samples_max, "the samples of a request pass their limit");
  }
  void operator()(const LeaseGrant& grant) const {
    judge_worker(grant.worker);
    judge_lease(grant.lease);
  }
  void operator()(const Credit& credit) const {
    require(credit.bytes <= credit_bytes_max, "a credit passes its limit");
  }
  void operator()(const WorkerReport& report) const {
    judge_worker(report.worker);
    judge_text(report.device, label_bytes_max);
  }
  void operator()(const Failure& failure) const {
    judge_worker(failure.worker);
    judge_text(failure.reason, text_bytes_max);
  }
  void operator()(const Stop& stop) const { judge_text(stop.reason, text_bytes_max); }
  void operator()(const Leave&) const {}
  void operator()(const Members& members) const {
    judge_worker(members.worker);
    for (const PeerId peer : members.change.joined) judge_worker(peer);
    for (const PeerId peer : members.change.left) judge_worker(peer);
  }
  void operator()(const Collect& collect) const { judge_worker(collect.worker); }
  void operator()(const Course& course) const {
    judge_worker(course.worker);
    judge_text(course.to, label_bytes_max);
  }
  void operator()(const SwitchRequest& request) const { judge_text(request.to, label_bytes_max); }
  void operator()(const SwitchAnswer& answer) const { judge_text(answer.text, text_bytes_max); }
};

void judge_chunk(const ChunkInfo& info) {
  require(info.payload_elements <= payload_elements_max, "a payload passes its limit");
  require(info.offset_elements <= info.payload_elements, "a chunk starts behind its payload");
  require(info.elements <= info.payload_elements - info.offset_elements,
          "a chunk ends behind its payload");
  require(info.elements <= chunk_elements_max, "a chunk passes its limit");
  require((info.elements == 0) == (info.payload_elements == 0),
          "a chunk of a payload has no numbers");
}

/// A code may need more than the numbers it stands for, if they are few.
void judge_payload_bound(std::uint64_t elements, std::uint64_t length) {
  if (length != 0) {
    require(elements <= length + payload_slack_elements, "a payload is longer than what it is of");
  }
}

void judge_shard_payload(const Message& message, std::uint64_t elements,
                         const Expectations& expectations) {
  judge_payload_bound(elements, expectations.parameters);
  const auto& lengths = expectations.shard_lengths;
  require(lengths.empty() || message.shard < lengths.size(),
          "a shard number passes the number of shards");
  const std::uint64_t length = lengths.empty() ? 0 : lengths[message.shard];
  switch (message.kind) {
    case MessageKind::pull:
      return require(elements == 0, "a pull has a payload");
    case MessageKind::push:
      return judge_payload_bound(elements, length);
    case MessageKind::parameters:
      require(elements >= 1, "a parameters message has no payload");
      return require(length == 0 || elements <= length, "a payload is longer than its shard");
    default:
      if (elements == 0) return;  // a replica that is not there yet
  }
  require(length == 0 || elements == length, "a payload is not as long as its shard");
}

bool between_workers(const Routed& routed) {
  return routed.to.role() == Role::worker && routed.message.from.role() == Role::worker;
}

void judge_between_workers(const Routed& routed, std::uint64_t elements,
                           const Expectations& expectations) {
  const Message& message = routed.message;
  require(message.kind != MessageKind::push && message.kind != MessageKind::replica,
          "what is for an aggregator is addressed to a worker");
  require(message.shard < parts_max, "the number of a part passes its limit");
  const bool bare = message.kind == MessageKind::pull || message.kind == MessageKind::decline;
  require(!bare || elements == 0, "a pull or decline has a payload");
  judge_payload_bound(elements, expectations.parameters);
}

void judge_with_aggregator(const Routed& routed, std::uint64_t elements,
                           const Expectations& expectations) {
  const Message& message = routed.message;
  require(message.shard < (expectations.shards != 0 ? expectations.shards : shards_max),
          "a shard number passes the number of shards");
  require(message.kind <= MessageKind::parameters || message.kind == MessageKind::replica,
          "what is for a worker is addressed to an aggregator");
  const PeerId owner = PeerId::aggregator(message.shard);
  const bool answer = message.kind == MessageKind::parameters;
  judge_worker(answer ? routed.to : message.from);
  require((answer ? message.from : routed.to) == owner,
          "a message is not with the owner of its shard");
  judge_shard_payload(message, elements, expectations);
}

}  // namespace

void judge_envelope(const Envelope& envelope, bool may_precede_run,
                    const Expectations& expectations) {
  if (may_precede_run && envelope.run == 0) return;
  if (envelope.run == 0) throw Refused{DecodeFault::wrong_run, "the message belongs to no run"};
  if (expectations.run != 0 && envelope.run != expectations.run) {
    throw Refused{DecodeFault::wrong_run, "the message belongs to another run"};
  }
  if (!may_precede_run && envelope.epoch < expectations.epoch_min) {
    throw Refused{DecodeFault::stale_epoch, "membership epoch " + std::to_string(envelope.epoch) +
                                                " is older than " +
                                                std::to_string(expectations.epoch_min)};
  }
}

void judge_control(const ControlBody& body) { std::visit(ControlJudge{}, body); }

void judge_bulk(const Routed& routed, const ChunkInfo& info, const Expectations& expectations) {
  const Message& message = routed.message;
  require(std::isfinite(message.loss_sum), "a loss is not finite");
  require(std::isfinite(message.learning_rate), "a learning rate is not finite");
  require(std::isfinite(message.weight), "a weight is not finite");
  if (message.kind == MessageKind::push) judge_lease(message.lease);
  judge_chunk(info);
  const auto judge = between_workers(routed) ? judge_between_workers : judge_with_aggregator;
  judge(routed, info.payload_elements, expectations);
}

}  // namespace murm
