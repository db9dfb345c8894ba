#include "actors/trace_events.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "runtime/hash.hpp"

namespace murm {

namespace {

constexpr std::size_t kSampled = 64;

std::uint32_t hash_words(std::span<const std::uint32_t> words) {
  const std::uint64_t hash = hash_bytes(std::as_bytes(words));
  const auto folded = static_cast<std::uint32_t>(hash ^ (hash >> 32U));
  return folded == 0 ? 1 : folded;  // 0 says that there is no tensor
}

std::string spelled(std::uint64_t value) { return std::to_string(value); }
std::string spelled(std::uint32_t fingerprint) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%08x", fingerprint);
  return text.data();
}
/// As many digits as it takes to tell it from every other number.
std::string spelled(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

}  // namespace

std::uint32_t fingerprint(const Tensor& tensor) {
  const std::size_t length = tensor.length();
  if (length == 0) return 0;
  std::array<std::uint32_t, kSampled + 2> words{};
  std::size_t count = 0;
  const std::size_t stride = (length + kSampled - 1) / kSampled;
  std::size_t next = 0;
  for_each_run(tensor, [&](const float* data, std::size_t offset, std::size_t run) {
    for (; next < offset + run; next += stride) {
      words[count++] = std::bit_cast<std::uint32_t>(data[next - offset]);
    }
    if (offset + run == length) words[count++] = std::bit_cast<std::uint32_t>(data[run - 1]);
  });
  words[count++] = static_cast<std::uint32_t>(length);
  return hash_words(std::span(words).first(count));
}

TraceLease trace_lease(const Lease& lease) {
  return {lease.id,       lease.step,    lease.index,     lease.quorum,
          lease.position, lease.samples, lease.requested, lease.epoch};
}

Lease lease_of(const TraceLease& lease) {
  return {lease.id,       lease.step,    lease.index,     lease.quorum,
          lease.position, lease.samples, lease.requested, lease.epoch};
}

TraceRecord start_record() { return {}; }

TraceRecord timer_record(std::uint64_t cookie) {
  TraceRecord record;
  record.kind = TraceKind::timer;
  record.round = cookie;
  return record;
}

TraceRecord collect_record() {
  TraceRecord record;
  record.kind = TraceKind::collect;
  return record;
}

TraceRecord record_of(const Lease& lease) {
  TraceRecord record;
  record.kind = TraceKind::lease;
  record.lease = trace_lease(lease);
  return record;
}

TraceRecord record_of(const GradientReady& gradient) {
  TraceRecord record;
  record.kind = TraceKind::gradient;
  record.lease = trace_lease(gradient.lease);
  record.loss_sum = gradient.loss_sum;
  record.fingerprint = fingerprint(gradient.gradient);
  return record;
}

TraceRecord record_of(const Message& message) {
  TraceRecord record;
  record.kind = TraceKind::message;
  record.message = static_cast<std::uint8_t>(message.kind);
  record.from = message.from;
  record.shard = message.shard;
  record.version = message.version;
  record.lease = trace_lease(message.lease);
  record.loss_sum = message.loss_sum;
  record.learning_rate = message.learning_rate;
  record.round = message.round;
  record.weight = message.weight;
  record.dropped = message.dropped;
  record.fingerprint = fingerprint(message.payload);
  return record;
}

TraceRecord record_of(const MembershipChange& change) {
  TraceRecord record;
  record.kind = TraceKind::membership;
  record.epoch = change.epoch;
  record.joined = change.joined;
  record.left = change.left;
  return record;
}

TraceRecord record_of(const MachineState& state) {
  TraceRecord record;
  record.kind = TraceKind::state;
  for (const auto& [name, number] : state.numbers) {
    if (name == "version") record.version = number;
  }
  std::vector<std::uint32_t> prints;
  for (const auto& [name, tensor] : state.tensors) prints.push_back(fingerprint(tensor));
  record.fingerprint = hash_words(prints);
  return record;
}

std::string describe(const TraceRecord& record) {
  const std::string lease = "lease " + std::to_string(record.lease.id);
  const std::string round = ", round " + std::to_string(record.round);
  switch (record.kind) {
    case TraceKind::lease:
      return lease;
    case TraceKind::gradient:
      return "gradient of " + lease;
    case TraceKind::message:
      break;
    default:
      return to_string(record.kind);
  }
  switch (static_cast<MessageKind>(record.message)) {
    case MessageKind::pull:
      return "pull of " + machine_name(record.from) + ", " + lease;
    case MessageKind::push:
      return "push of " + machine_name(record.from) + ", " + lease;
    case MessageKind::parameters:
      return "parameters of " + machine_name(record.from);
    case MessageKind::exchange:
      return "exchange of " + machine_name(record.from) + round;
    case MessageKind::answer:
      return "answer of " + machine_name(record.from) + round;
    case MessageKind::decline:
      return "decline of " + machine_name(record.from) + round;
    case MessageKind::replica:
      return "replica of " + machine_name(record.from);
  }
  return "message of " + machine_name(record.from);
}

std::string difference(const TraceRecord& recorded, const TraceRecord& replayed, bool numbers) {
  std::string text;
  const auto look = [&](const char* what, const auto& was, const auto& is) {
    if (!text.empty() || std::memcmp(&was, &is, sizeof was) == 0) return;
    text = std::string(what) + " recorded " + spelled(was) + ", replayed " + spelled(is);
  };
  const auto integer = [&](const char* what, std::uint64_t was, std::uint64_t is) {
    look(what, was, is);
  };
  integer("kind of event", static_cast<unsigned>(recorded.kind),
          static_cast<unsigned>(replayed.kind));
  integer("kind of message", recorded.message, replayed.message);
  integer("sender", recorded.from.value, replayed.from.value);
  integer("shard", recorded.shard, replayed.shard);
  integer("lease", recorded.lease.id, replayed.lease.id);
  integer("step of the lease", recorded.lease.step, replayed.lease.step);
  integer("index of the lease", recorded.lease.index, replayed.lease.index);
  integer("quorum of the lease", recorded.lease.quorum, replayed.lease.quorum);
  integer("position of the lease", recorded.lease.position, replayed.lease.position);
  integer("samples of the lease", recorded.lease.samples, replayed.lease.samples);
  integer("epoch of the lease", recorded.lease.epoch, replayed.lease.epoch);
  integer("version", recorded.version, replayed.version);
  look("loss", recorded.loss_sum, replayed.loss_sum);
  look("learning rate", recorded.learning_rate, replayed.learning_rate);
  integer(recorded.kind == TraceKind::timer ? "cookie" : "round", recorded.round, replayed.round);
  look("weight", recorded.weight, replayed.weight);
  integer("drop of what it answers", recorded.dropped ? 1 : 0, replayed.dropped ? 1 : 0);
  if (numbers) look("fingerprint of the numbers", recorded.fingerprint, replayed.fingerprint);
  return text;
}

MembershipChange change_of(const TraceRecord& record) {
  return {record.epoch, record.joined, record.left};
}

}  // namespace murm
