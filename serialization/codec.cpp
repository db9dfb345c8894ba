#include "serialization/codec.hpp"

#include <capnp/serialize.h>
#include <kj/exception.h>
#include <xxhash.h>

#include <cstring>
#include <string>
#include <utility>

#include "serialization/bounds.hpp"
#include "serialization/murmuration.capnp.h"

namespace murm {
namespace {

template <class T, class Read>
Decoded<T> gate(const Read& read) {
  try {
    return read();
  } catch (const Refused& refused) {
    return refused;
  } catch (const kj::Exception& exception) {
    return Refused{DecodeFault::malformed,
                   std::string("Cap'n Proto: ") + exception.getDescription().cStr()};
  } catch (const std::exception& exception) {
    return Refused{DecodeFault::malformed, exception.what()};
  }
}

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Everything about frame 0 that needs no parsing; returns what follows the prefix, aligned.
kj::Array<capnp::word> open_header(FrameView frame) {
  if (frame.size() < prefix_bytes + sizeof(capnp::word)) {
    throw Refused{DecodeFault::too_short, "frame 0 has " + std::to_string(frame.size()) + " bytes"};
  }
  if (frame.size() > header_bytes_max) {
    throw Refused{DecodeFault::oversized, "frame 0 has " + std::to_string(frame.size()) + " bytes"};
  }
  if (std::memcmp(frame.data(), "MURM", 4) != 0) {
    throw Refused{DecodeFault::bad_magic, "frame 0 does not start with MURM"};
  }
  const auto version = load<std::uint32_t>(frame.data() + 4);
  if (version != protocol_version) {
    throw Refused{DecodeFault::unknown_version, "the peer speaks protocol version " +
                                                    std::to_string(version) + ", this program " +
                                                    std::to_string(protocol_version)};
  }
  const FrameView content = frame.subspan(prefix_bytes);
  if (load<std::uint64_t>(frame.data() + 8) != XXH3_64bits(content.data(), content.size())) {
    throw Refused{DecodeFault::bad_checksum, "frame 0 was damaged on its way"};
  }
  if (content.size() % sizeof(capnp::word) != 0) {
    throw Refused{DecodeFault::misaligned_size, "frame 0 is not a multiple of 8 bytes"};
  }
  auto words = kj::heapArray<capnp::word>(content.size() / sizeof(capnp::word));
  std::memcpy(words.begin(), content.data(), content.size());
  return words;
}

/// Frame 0 under parsing. Readers are lazy, so it lives until every field has been copied.
class Header {
 public:
  explicit Header(FrameView frame)
      : words_(open_header(frame)), reader_(words_, options(words_.size())) {
    if (reader_.getEnd() != words_.end()) {
      throw Refused{DecodeFault::malformed, "bytes are left over behind the message"};
    }
  }
  wire::Wire::Reader root() { return reader_.getRoot<wire::Wire>(); }

 private:
  // The library's own limits are 64 MiB and depth 64; our messages are read once and are flat.
  static capnp::ReaderOptions options(std::size_t words) {
    capnp::ReaderOptions options;
    options.traversalLimitInWords = words * 2 + 64;
    options.nestingLimit = 16;
    return options;
  }
  kj::Array<capnp::word> words_;
  capnp::FlatArrayMessageReader reader_;
};

Envelope read_envelope(wire::Wire::Reader from) {
  return {.run = from.getRun(), .epoch = from.getEpoch(), .sequence = from.getSequence()};
}

std::string read_text(capnp::Text::Reader from) { return {from.begin(), from.size()}; }

Lease read_lease(wire::Lease::Reader from) {
  return {.id = from.getId(),
          .step = from.getStep(),
          .index = from.getIndex(),
          .quorum = from.getQuorum(),
          .position = from.getPosition(),
          .samples = from.getSamples(),
          .requested = from.getRequested(),
          .epoch = from.getEpoch()};
}

Hello read_hello(wire::Hello::Reader from) {
  Hello hello;
  hello.build = read_text(from.getBuild());
  hello.process_id = from.getProcessId();
  const auto slots = from.getSlots();
  if (slots.size() > seats_max)
    throw Refused{DecodeFault::bad_field, "hello asks for too many slots"};
  hello.slots.reserve(slots.size());
  for (const std::uint32_t slot : slots) hello.slots.push_back(slot);
  return hello;
}

Welcome read_welcome(wire::Welcome::Reader from) {
  Welcome welcome;
  welcome.job = read_text(from.getJob());
  welcome.bulk_endpoint = read_text(from.getBulkEndpoint());
  const auto seats = from.getSeats();
  if (seats.size() > seats_max)
    throw Refused{DecodeFault::bad_field, "welcome admits too many workers"};
  welcome.seats.reserve(seats.size());
  for (const auto seat : seats) welcome.seats.push_back({PeerId{seat.getPeer()}, seat.getSlot()});
  welcome.shards = from.getShards();
  welcome.parameters = from.getParameters();
  welcome.samples = from.getSamples();
  welcome.course = from.getCourse();
  return welcome;
}

std::vector<PeerId> read_peers(capnp::List<std::uint64_t>::Reader from) {
  if (from.size() > members_max) throw Refused{DecodeFault::bad_field, "too many members at once"};
  std::vector<PeerId> peers;
  peers.reserve(from.size());
  for (const std::uint64_t peer : from) peers.push_back(PeerId{peer});
  return peers;
}

Members read_members(wire::Members::Reader from) {
  return {PeerId{from.getWorker()},
          {from.getEpoch(), read_peers(from.getJoined()), read_peers(from.getLeft())}};
}

WorkerReport read_report(wire::WorkerReport::Reader from) {
  return {.worker = PeerId{from.getWorker()},
          .steps = from.getSteps(),
          .samples = from.getSamples(),
          .busy_ns = from.getBusyNs(),
          .elapsed_ns = from.getElapsedNs(),
          .bytes_sent = from.getBytesSent(),
          .bytes_received = from.getBytesReceived(),
          .peak_rss_bytes = from.getPeakRssBytes(),
          .data_wait_ns = from.getDataWaitNs(),
          .device = read_text(from.getDevice())};
}

ControlBody read_control(wire::Wire::Body::Reader from) {
  using Arm = wire::Wire::Body;
  switch (from.which()) {
    case Arm::HELLO:
      return read_hello(from.getHello());
    case Arm::WELCOME:
      return read_welcome(from.getWelcome());
    case Arm::REFUSAL:
      return Refusal{read_text(from.getRefusal().getReason())};
    case Arm::HEARTBEAT:
      return Heartbeat{from.getHeartbeat().getCount()};
    case Arm::LEASE_REQUEST: {
      const auto request = from.getLeaseRequest();
      return LeaseRequest{PeerId{request.getWorker()}, request.getSamples(), request.getCourse()};
    }
    case Arm::LEASE_GRANT: {
      const auto grant = from.getLeaseGrant();
      return LeaseGrant{PeerId{grant.getWorker()}, read_lease(grant.getLease())};
    }
    case Arm::CREDIT:
      return Credit{from.getCredit().getBytes()};
    case Arm::WORKER_REPORT:
      return read_report(from.getWorkerReport());
    case Arm::FAILURE: {
      const auto failure = from.getFailure();
      return Failure{PeerId{failure.getWorker()}, read_text(failure.getReason()),
                     failure.getOfWorkerAlone()};
    }
    case Arm::STOP:
      return Stop{read_text(from.getStop().getReason())};
    case Arm::LEAVE:
      return Leave{from.getLeave().getProcessId()};
    case Arm::MEMBERS:
      return read_members(from.getMembers());
    case Arm::COLLECT:
      return Collect{PeerId{from.getCollect().getWorker()}};
    case Arm::COURSE: {
      const auto course = from.getCourse();
      return Course{PeerId{course.getWorker()}, course.getCourse(), read_text(course.getTo())};
    }
    case Arm::SWITCH_REQUEST:
      return SwitchRequest{read_text(from.getSwitchRequest().getTo())};
    case Arm::SWITCH_ANSWER: {
      const auto answer = from.getSwitchAnswer();
      return SwitchAnswer{answer.getDone(), read_text(answer.getText())};
    }
    case Arm::UNSET:
    case Arm::BULK:
      break;
  }
  throw Refused{DecodeFault::unknown_kind, "this is no control message"};
}

MessageKind read_kind(wire::MessageKind from) {
  switch (from) {
    case wire::MessageKind::PULL:
      return MessageKind::pull;
    case wire::MessageKind::PUSH:
      return MessageKind::push;
    case wire::MessageKind::PARAMETERS:
      return MessageKind::parameters;
    case wire::MessageKind::EXCHANGE:
      return MessageKind::exchange;
    case wire::MessageKind::ANSWER:
      return MessageKind::answer;
    case wire::MessageKind::DECLINE:
      return MessageKind::decline;
    case wire::MessageKind::REPLICA:
      return MessageKind::replica;
    case wire::MessageKind::UNSET:
      break;
  }
  throw Refused{DecodeFault::unknown_kind, "a bulk message is of no known kind"};
}

Routed read_routed(wire::Bulk::Reader from) {
  Message message;
  message.kind = read_kind(from.getKind());
  message.from = PeerId{from.getFrom()};
  message.shard = from.getShard();
  message.version = from.getVersion();
  if (message.kind != MessageKind::parameters) message.lease = read_lease(from.getLease());
  message.loss_sum = from.getLossSum();
  message.learning_rate = from.getLearningRate();
  message.round = from.getRound();
  message.weight = from.getWeight();
  message.dropped = from.getDropped();
  message.course = from.getCourse();
  return {PeerId{from.getTo()}, std::move(message)};
}

void judge_chunk_frame(std::span<const FrameView> frames, std::uint32_t elements,
                       std::uint64_t checksum) {
  if (elements != 0 && frames.size() != 2) {
    throw Refused{DecodeFault::frame_count, "a chunk came without its numbers"};
  }
  const FrameView chunk = frames.size() == 2 ? frames[1] : FrameView{};
  if (chunk.size() != std::size_t{elements} * sizeof(float)) {
    throw Refused{DecodeFault::bad_field, "frame 1 is not as long as its chunk"};
  }
  if (XXH3_64bits(chunk.data(), chunk.size()) != checksum) {
    throw Refused{DecodeFault::bad_payload, "the numbers of a chunk were damaged on their way"};
  }
}

}  // namespace

Decoded<ControlMessage> decode_control(std::span<const FrameView> frames,
                                       const Expectations& expectations) {
  return gate<ControlMessage>([&] {
    if (frames.size() != 1) {
      throw Refused{DecodeFault::frame_count,
                    "a control message has " + std::to_string(frames.size()) + " frames"};
    }
    Header header(frames[0]);
    const wire::Wire::Reader root = header.root();
    const Envelope envelope = read_envelope(root);
    const auto body = root.getBody();
    const bool of_stranger = body.isHello() || body.isRefusal() || body.isSwitchRequest() ||
                             body.isSwitchAnswer();
    judge_envelope(envelope, of_stranger, expectations);
    ControlMessage message{envelope, read_control(body)};
    judge_control(message.body);
    return message;
  });
}

Decoded<BulkMessage> decode_bulk(std::span<const FrameView> frames,
                                 const Expectations& expectations) {
  return gate<BulkMessage>([&] {
    if (frames.empty() || frames.size() > frames_max) {
      throw Refused{DecodeFault::frame_count,
                    "a bulk message has " + std::to_string(frames.size()) + " frames"};
    }
    if (frames.size() == 2 && frames[1].size() > chunk_bytes_max) {
      throw Refused{DecodeFault::oversized,
                    "frame 1 has " + std::to_string(frames[1].size()) + " bytes"};
    }
    Header header(frames[0]);
    const wire::Wire::Reader root = header.root();
    BulkMessage message;
    message.envelope = read_envelope(root);
    if (!root.getBody().isBulk())
      throw Refused{DecodeFault::unknown_kind, "this is no bulk message"};
    judge_envelope(message.envelope, false, expectations);
    const wire::Bulk::Reader bulk = root.getBody().getBulk();
    message.routed = read_routed(bulk);
    message.chunk = {.transfer = bulk.getTransfer(),
                     .payload_elements = bulk.getPayloadElements(),
                     .offset_elements = bulk.getOffsetElements(),
                     .elements = bulk.getElements()};
    judge_bulk(message.routed, message.chunk, expectations);
    judge_chunk_frame(frames, message.chunk.elements, bulk.getChecksum());
    return message;
  });
}

std::optional<Refused> SequenceGate::admit(const Envelope& envelope) {
  if (envelope.sequence != next_) {
    return Refused{DecodeFault::bad_sequence, "message " + std::to_string(envelope.sequence) +
                                                  " came where " + std::to_string(next_) +
                                                  " was due"};
  }
  ++next_;
  return std::nullopt;
}

}  // namespace murm
