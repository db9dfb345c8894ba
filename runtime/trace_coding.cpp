#include "runtime/trace_coding.hpp"

#include <algorithm>

namespace murm {

namespace {

constexpr std::uint8_t kWhat = 15;         // a TraceKind, or what follows
constexpr std::uint8_t kFirstMessage = 9;  // MessageKind counts from 1
constexpr std::uint8_t kHasLease = 1U << 4U;
constexpr std::uint8_t kRequested = 1U << 5U;
constexpr std::uint8_t kTagMask = 63;
constexpr std::uint8_t kMessageKinds = 7;

// Mask of a lease: fields that are not as expected.
constexpr std::uint8_t kStep = 1;
constexpr std::uint8_t kIndex = 2;
constexpr std::uint8_t kQuorum = 4;
constexpr std::uint8_t kPosition = 8;
constexpr std::uint8_t kSamples = 16;
constexpr std::uint8_t kEpoch = 32;
constexpr std::uint8_t kLeaseMask = 63;

// Mask of a message: what follows.
constexpr std::uint8_t kShard = 1;
constexpr std::uint8_t kLoss = 2;
constexpr std::uint8_t kRate = 4;
constexpr std::uint8_t kPayload = 8;
constexpr std::uint8_t kRound = 16;
constexpr std::uint8_t kWeight = 32;
constexpr std::uint8_t kDropped = 64;
constexpr std::uint8_t kMessageMask = 127;

constexpr std::size_t kSendersMax = 65536;  // later ones are spelled out each time
constexpr std::size_t kNameMax = 64;

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

void encode_peers(const std::vector<PeerId>& peers, ByteSink& sink) {
  sink.varint(peers.size());
  for (const PeerId peer : peers) sink.word(peer.value, 8);
}

bool decode_peers(ByteSource& source, std::vector<PeerId>& peers) {
  const std::uint64_t count = source.varint();
  if (count > trace_peers_max || count * 8 > source.left()) return false;
  for (std::uint64_t i = 0; i < count; ++i) peers.push_back(PeerId{source.word(8)});
  return true;
}

}  // namespace

/// The next lease is most often the one after, of the same size, and the stream has no gaps.
TraceLease TraceCoder::expected(LeaseId id) const {
  TraceLease lease = last_.lease;
  lease.position += (id - lease.id) * lease.samples;
  lease.id = id;
  return lease;
}

void TraceCoder::encode_lease(const TraceLease& lease, std::vector<std::byte>& bytes) {
  ByteSink sink(bytes);
  sink.difference(lease.id, last_.lease.id);
  const TraceLease guess = expected(lease.id);
  std::uint8_t mask = 0;
  if (lease.step != guess.step) mask |= kStep;
  if (lease.index != guess.index) mask |= kIndex;
  if (lease.quorum != guess.quorum) mask |= kQuorum;
  if (lease.position != guess.position) mask |= kPosition;
  if (lease.samples != guess.samples) mask |= kSamples;
  if (lease.epoch != guess.epoch) mask |= kEpoch;
  sink.byte(mask);
  if ((mask & kStep) != 0) sink.difference(lease.step, guess.step);
  if ((mask & kIndex) != 0) sink.varint(lease.index);
  if ((mask & kQuorum) != 0) sink.varint(lease.quorum);
  if ((mask & kPosition) != 0) sink.difference(lease.position, guess.position);
  if ((mask & kSamples) != 0) sink.varint(lease.samples);
  if ((mask & kEpoch) != 0) sink.difference(lease.epoch, guess.epoch);
  last_.lease = lease;
}

bool TraceCoder::decode_lease(ByteSource& source, bool requested, TraceLease& lease) {
  lease = expected(source.difference(last_.lease.id));
  lease.requested = requested;
  const std::uint8_t mask = source.byte();
  if ((mask & ~kLeaseMask) != 0) return false;
  if ((mask & kStep) != 0) lease.step = source.difference(lease.step);
  if ((mask & kIndex) != 0) lease.index = source.small();
  if ((mask & kQuorum) != 0) lease.quorum = source.small();
  if ((mask & kPosition) != 0) lease.position = source.difference(lease.position);
  if ((mask & kSamples) != 0) lease.samples = source.small();
  if ((mask & kEpoch) != 0) lease.epoch = source.difference(lease.epoch);
  last_.lease = lease;
  return true;
}

void TraceCoder::encode_message(const TraceRecord& record, std::vector<std::byte>& bytes) {
  ByteSink sink(bytes);
  std::uint8_t mask = 0;
  if (record.shard != last_.shard) mask |= kShard;
  if (!same_bits(record.loss_sum, 0)) mask |= kLoss;
  if (!same_bits(record.learning_rate, last_.learning_rate)) mask |= kRate;
  if (record.fingerprint != 0) mask |= kPayload;
  if (record.round != last_.round) mask |= kRound;
  if (!same_bits(record.weight, 0)) mask |= kWeight;
  if (record.dropped) mask |= kDropped;
  sink.byte(mask);
  const auto known = std::find(peers_.begin(), peers_.end(), record.from);
  if (known != peers_.end()) {
    sink.varint(static_cast<std::uint64_t>(known - peers_.begin()) + 1);
  } else {
    sink.varint(0);
    sink.word(record.from.value, 8);
    if (peers_.size() < kSendersMax) peers_.push_back(record.from);
  }
  if ((mask & kShard) != 0) sink.varint(record.shard);
  sink.difference(record.version, last_.version);
  if ((mask & kLoss) != 0) sink.real(record.loss_sum);
  if ((mask & kRate) != 0) sink.real(record.learning_rate);
  if ((mask & kPayload) != 0) sink.word(record.fingerprint, 4);
  if ((mask & kRound) != 0) sink.difference(record.round, last_.round);
  if ((mask & kWeight) != 0) sink.real(record.weight);
  last_.round = record.round;
  last_.shard = record.shard;
  last_.version = record.version;
  last_.learning_rate = record.learning_rate;
}

bool TraceCoder::decode_message(ByteSource& source, TraceRecord& record) {
  const std::uint8_t mask = source.byte();
  if ((mask & ~kMessageMask) != 0) return false;
  const std::uint64_t place = source.varint();
  if (place > peers_.size()) return false;
  if (place > 0) {
    record.from = peers_[place - 1];
  } else {
    record.from = PeerId{source.word(8)};
    if (peers_.size() < kSendersMax) peers_.push_back(record.from);
  }
  record.shard = (mask & kShard) != 0 ? source.small() : last_.shard;
  record.version = source.difference(last_.version);
  if ((mask & kLoss) != 0) record.loss_sum = source.real();
  record.learning_rate = (mask & kRate) != 0 ? source.real() : last_.learning_rate;
  if ((mask & kPayload) != 0) record.fingerprint = static_cast<std::uint32_t>(source.word(4));
  record.round = (mask & kRound) != 0 ? source.difference(last_.round) : last_.round;
  if ((mask & kWeight) != 0) record.weight = source.real();
  record.dropped = (mask & kDropped) != 0;
  last_.round = record.round;
  last_.shard = record.shard;
  last_.version = record.version;
  last_.learning_rate = record.learning_rate;
  return true;
}

bool TraceCoder::decode_membership(ByteSource& source, TraceRecord& record) {
  record.epoch = last_.epoch = source.difference(last_.epoch);
  return decode_peers(source, record.joined) && decode_peers(source, record.left) &&
         record.joined.size() + record.left.size() <= trace_peers_max;
}

void TraceCoder::encode(const TraceRecord& record, std::vector<std::byte>& bytes) {
  MURM_ASSERT(record.kind != TraceKind::message || record.message != 0, "no kind of message");
  MURM_ASSERT(record.message <= kMessageKinds, std::to_string(record.message));
  MURM_ASSERT(record.joined.size() + record.left.size() <= trace_peers_max, "too many peers");
  ByteSink sink(bytes);
  const bool with_lease = record.lease != TraceLease{};
  auto tag = static_cast<std::uint8_t>(record.kind);
  if (record.kind == TraceKind::message) {
    tag = static_cast<std::uint8_t>(kFirstMessage + record.message - 1);
  }
  if (with_lease) tag |= kHasLease;
  if (record.lease.requested) tag |= kRequested;
  sink.byte(tag);
  const auto time = static_cast<std::uint64_t>(record.time.count());
  sink.difference(time, last_.time);
  last_.time = time;
  if (with_lease) encode_lease(record.lease, bytes);
  switch (record.kind) {
    case TraceKind::start:
    case TraceKind::lease:
      break;
    case TraceKind::gradient:
      sink.real(record.loss_sum);
      sink.word(record.fingerprint, 4);
      break;
    case TraceKind::message:
      encode_message(record, bytes);
      break;
    case TraceKind::membership:
      sink.difference(record.epoch, last_.epoch);
      last_.epoch = record.epoch;
      encode_peers(record.joined, sink);
      encode_peers(record.left, sink);
      break;
    case TraceKind::state:
      sink.difference(record.version, last_.version);
      last_.version = record.version;
      sink.word(record.fingerprint, 4);
      break;
    case TraceKind::timer:
      sink.difference(record.round, last_.cookie);
      last_.cookie = record.round;
      break;
    case TraceKind::collect:
      break;
  }
}

std::optional<TraceRecord> TraceCoder::decode(std::span<const std::byte> bytes) {
  ByteSource source(bytes);
  TraceRecord record;
  const std::uint8_t tag = source.byte();
  const std::uint8_t what = tag & kWhat;
  record.kind = static_cast<TraceKind>(what);
  bool good = (tag & ~kTagMask) == 0 && record.kind != TraceKind::message;
  if (what >= kFirstMessage) {
    record.kind = TraceKind::message;
    record.message = static_cast<std::uint8_t>(what - kFirstMessage + 1);
  }
  record.time = std::chrono::nanoseconds(static_cast<std::int64_t>(source.difference(last_.time)));
  last_.time = static_cast<std::uint64_t>(record.time.count());
  record.lease.requested = (tag & kRequested) != 0;
  if ((tag & kHasLease) != 0) {
    good = good && decode_lease(source, record.lease.requested, record.lease);
  }
  switch (record.kind) {
    case TraceKind::start:
    case TraceKind::lease:
      break;
    case TraceKind::gradient:
      record.loss_sum = source.real();
      record.fingerprint = static_cast<std::uint32_t>(source.word(4));
      break;
    case TraceKind::message:
      good = good && decode_message(source, record);
      break;
    case TraceKind::membership:
      good = good && decode_membership(source, record);
      break;
    case TraceKind::state:
      record.version = last_.version = source.difference(last_.version);
      record.fingerprint = static_cast<std::uint32_t>(source.word(4));
      break;
    case TraceKind::timer:
      record.round = last_.cookie = source.difference(last_.cookie);
      break;
    case TraceKind::collect:
      break;
    default:
      good = false;
  }
  if (!good || !source.at_end()) return std::nullopt;
  return record;
}

void encode_header(const TraceHeader& header, std::vector<std::byte>& bytes) {
  MURM_ASSERT(header.algorithm.size() <= kNameMax, header.algorithm);
  ByteSink sink(bytes);
  sink.word(header.machine.value, 8);
  sink.word(header.run, 8);
  sink.varint(header.parameters);
  sink.varint(header.shards);
  sink.varint(header.algorithm.size());
  for (const char letter : header.algorithm) sink.byte(static_cast<std::uint8_t>(letter));
}

std::optional<TraceHeader> decode_header(std::span<const std::byte> bytes) {
  ByteSource source(bytes);
  TraceHeader header;
  header.machine = PeerId{source.word(8)};
  header.run = source.word(8);
  header.parameters = source.varint();
  header.shards = source.small();
  const std::uint64_t letters = source.varint();
  if (letters > kNameMax || letters != source.left()) return std::nullopt;
  while (source.left() > 0) header.algorithm += static_cast<char>(source.byte());
  if (!source.at_end()) return std::nullopt;
  return header;
}

std::string machine_name(PeerId machine) {
  const std::uint64_t ordinal = machine.ordinal();
  if (machine.role() == Role::worker) {  // the seats of a run: the slot below, its occupants above
    return "worker-" + std::to_string(ordinal & UINT32_MAX) + "-" + std::to_string(ordinal >> 32U);
  }
  if (machine.role() == Role::aggregator) return "aggregator-" + std::to_string(ordinal);
  return "peer-" + std::to_string(machine.value);
}

std::string to_string(TraceKind kind) {
  switch (kind) {
    case TraceKind::start:
      return "start";
    case TraceKind::lease:
      return "lease";
    case TraceKind::gradient:
      return "gradient";
    case TraceKind::message:
      return "message";
    case TraceKind::membership:
      return "membership";
    case TraceKind::state:
      return "state";
    case TraceKind::timer:
      return "timer";
    case TraceKind::collect:
      return "collect";
  }
  return "unknown";
}

}  // namespace murm
