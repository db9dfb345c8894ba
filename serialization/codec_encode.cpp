#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/io.h>
#include <xxhash.h>

#include <bit>
#include <cstring>
#include <string>
#include <string_view>

#include "serialization/codec.hpp"
#include "serialization/murmuration.capnp.h"

namespace murm {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers travel as they lie in memory");
static_assert(protocol_version == wire::PROTOCOL_VERSION,
              "limits.hpp and murmuration.capnp disagree");

// Large enough for all but long texts, so that a message costs no allocation besides `out`.
constexpr std::size_t scratch_words = 64;

void seal(capnp::MessageBuilder& builder, Bytes& out) {
  const std::size_t content_bytes = capnp::computeSerializedSizeInWords(builder) *
                                    sizeof(capnp::word);
  MURM_ASSERT(prefix_bytes + content_bytes <= header_bytes_max, std::to_string(content_bytes));
  out.resize(prefix_bytes + content_bytes);
  std::byte* content = out.data() + prefix_bytes;
  kj::ArrayOutputStream stream(kj::arrayPtr(reinterpret_cast<kj::byte*>(content), content_bytes));
  capnp::writeMessage(stream, builder);
  const std::uint64_t checksum = XXH3_64bits(content, content_bytes);
  std::memcpy(out.data(), "MURM", 4);
  std::memcpy(out.data() + 4, &protocol_version, sizeof protocol_version);
  std::memcpy(out.data() + 8, &checksum, sizeof checksum);
}

wire::Wire::Body::Builder begin(capnp::MessageBuilder& builder, const Envelope& envelope) {
  auto root = builder.initRoot<wire::Wire>();
  root.setRun(envelope.run);
  root.setEpoch(envelope.epoch);
  root.setSequence(envelope.sequence);
  return root.getBody();
}

/// The text as the receiver will accept it; reasons may hold what an operating system or a library
/// said.
std::string sentence(std::string_view text, std::size_t bytes_max = text_bytes_max) {
  if (text.size() > bytes_max) {
    while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0U) == 0x80U)
      --bytes_max;
    text = text.substr(0, bytes_max);  // not inside a UTF-8 character
  }
  std::string clean(text);
  for (char& c : clean) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) c = '?';
  }
  return clean;
}

const std::string& fitting(const std::string& text, std::size_t bytes_max, const char* what) {
  if (text.size() <= bytes_max) return text;
  throw InputError("[serialization] the " + std::string(what) + " has " +
                   std::to_string(text.size()) + " bytes; at most " + std::to_string(bytes_max) +
                   " can be sent to a worker. HINT: shorten its paths and lists.");
}

unsigned fitting(std::size_t workers) {
  if (workers <= seats_max) return static_cast<unsigned>(workers);
  throw InputError("[serialization] a process asks for " + std::to_string(workers) +
                   " workers; at most " + std::to_string(seats_max) +
                   " can join at once. HINT: start more processes.");
}

unsigned fitting(const std::vector<PeerId>& members) {
  MURM_ASSERT(members.size() <= members_max, std::to_string(members.size()));
  return static_cast<unsigned>(members.size());
}

void put_peers(const std::vector<PeerId>& peers, capnp::List<std::uint64_t>::Builder to) {
  for (unsigned i = 0; i < to.size(); ++i) to.set(i, peers[i].value);
}

capnp::Text::Reader text_of(const std::string& text) { return {text.c_str(), text.size()}; }

void put_lease(const Lease& lease, wire::Lease::Builder to) {
  to.setId(lease.id);
  to.setStep(lease.step);
  to.setIndex(lease.index);
  to.setQuorum(lease.quorum);
  to.setPosition(lease.position);
  to.setSamples(lease.samples);
  to.setRequested(lease.requested);
  to.setEpoch(lease.epoch);
}

struct ControlWriter {
  wire::Wire::Body::Builder body;

  void operator()(const Hello& hello) {
    auto to = body.initHello();
    to.setBuild(text_of(sentence(hello.build, label_bytes_max)));
    to.setProcessId(hello.process_id);
    auto slots = to.initSlots(fitting(hello.slots.size()));
    for (unsigned i = 0; i < slots.size(); ++i) slots.set(i, hello.slots[i]);
  }
  void operator()(const Welcome& welcome) {
    auto to = body.initWelcome();
    to.setJob(text_of(fitting(welcome.job, job_bytes_max, "resolved job")));
    to.setBulkEndpoint(text_of(fitting(welcome.bulk_endpoint, label_bytes_max, "bulk endpoint")));
    auto seats = to.initSeats(fitting(welcome.seats.size()));
    for (unsigned i = 0; i < seats.size(); ++i) {
      seats[i].setPeer(welcome.seats[i].peer.value);
      seats[i].setSlot(welcome.seats[i].slot);
    }
    to.setShards(welcome.shards);
    to.setParameters(welcome.parameters);
    to.setSamples(welcome.samples);
    to.setCourse(welcome.course);
  }
  void operator()(const Refusal& refusal) {
    body.initRefusal().setReason(text_of(sentence(refusal.reason)));
  }
  void operator()(const Heartbeat& heartbeat) { body.initHeartbeat().setCount(heartbeat.count); }
  void operator()(const LeaseRequest& request) {
    auto to = body.initLeaseRequest();
    to.setWorker(request.worker.value);
    to.setSamples(request.samples);
    to.setCourse(request.course);
  }
  void operator()(const LeaseGrant& grant) {
    auto to = body.initLeaseGrant();
    to.setWorker(grant.worker.value);
    put_lease(grant.lease, to.initLease());
  }
  void operator()(const Credit& credit) { body.initCredit().setBytes(credit.bytes); }
  void operator()(const WorkerReport& report) {
    auto to = body.initWorkerReport();
    to.setWorker(report.worker.value);
    to.setSteps(report.steps);
    to.setSamples(report.samples);
    to.setBusyNs(report.busy_ns);
    to.setElapsedNs(report.elapsed_ns);
    to.setBytesSent(report.bytes_sent);
    to.setBytesReceived(report.bytes_received);
    to.setPeakRssBytes(report.peak_rss_bytes);
    to.setDataWaitNs(report.data_wait_ns);
    to.setDevice(text_of(sentence(report.device, label_bytes_max)));
  }
  void operator()(const Failure& failure) {
    auto to = body.initFailure();
    to.setWorker(failure.worker.value);
    to.setReason(text_of(sentence(failure.reason)));
    to.setOfWorkerAlone(failure.of_worker_alone);
  }
  void operator()(const Stop& stop) { body.initStop().setReason(text_of(sentence(stop.reason))); }
  void operator()(const Leave& leave) { body.initLeave().setProcessId(leave.process_id); }
  void operator()(const Members& members) {
    auto to = body.initMembers();
    to.setWorker(members.worker.value);
    to.setEpoch(members.change.epoch);
    put_peers(members.change.joined, to.initJoined(fitting(members.change.joined)));
    put_peers(members.change.left, to.initLeft(fitting(members.change.left)));
  }
  void operator()(const Collect& collect) { body.initCollect().setWorker(collect.worker.value); }
  void operator()(const Course& course) {
    auto to = body.initCourse();
    to.setWorker(course.worker.value);
    to.setCourse(course.course);
    to.setTo(text_of(sentence(course.to, label_bytes_max)));
  }
  void operator()(const SwitchRequest& request) {
    body.initSwitchRequest().setTo(text_of(sentence(request.to, label_bytes_max)));
  }
  void operator()(const SwitchAnswer& answer) {
    auto to = body.initSwitchAnswer();
    to.setDone(answer.done);
    to.setText(text_of(sentence(answer.text)));
  }
};

wire::MessageKind kind_of(MessageKind kind) {
  switch (kind) {
    case MessageKind::pull:
      return wire::MessageKind::PULL;
    case MessageKind::push:
      return wire::MessageKind::PUSH;
    case MessageKind::parameters:
      return wire::MessageKind::PARAMETERS;
    case MessageKind::exchange:
      return wire::MessageKind::EXCHANGE;
    case MessageKind::answer:
      return wire::MessageKind::ANSWER;
    case MessageKind::decline:
      return wire::MessageKind::DECLINE;
    case MessageKind::replica:
      return wire::MessageKind::REPLICA;
  }
  return wire::MessageKind::UNSET;
}

}  // namespace

void encode_control(const Envelope& envelope, const ControlBody& body, Bytes& out) {
  capnp::word scratch[scratch_words] = {};
  capnp::MallocMessageBuilder builder(kj::arrayPtr(scratch, scratch_words));
  std::visit(ControlWriter{begin(builder, envelope)}, body);
  seal(builder, out);
}

void encode_bulk_header(const Envelope& envelope, const Routed& routed, const ChunkInfo& info,
                        std::span<const float> chunk, Bytes& out) {
  MURM_ASSERT(chunk.size() == info.elements, std::to_string(chunk.size()));
  MURM_ASSERT(chunk.size() <= chunk_elements_max, std::to_string(chunk.size()));
  MURM_ASSERT(info.offset_elements <= info.payload_elements, std::to_string(info.offset_elements));
  MURM_ASSERT(info.elements <= info.payload_elements - info.offset_elements,
              std::to_string(info.elements));
  const Message& message = routed.message;
  capnp::word scratch[scratch_words] = {};
  capnp::MallocMessageBuilder builder(kj::arrayPtr(scratch, scratch_words));
  auto to = begin(builder, envelope).initBulk();
  to.setTo(routed.to.value);
  to.setKind(kind_of(message.kind));
  to.setFrom(message.from.value);
  to.setShard(message.shard);
  to.setVersion(message.version);
  if (message.kind != MessageKind::parameters) put_lease(message.lease, to.initLease());
  to.setLossSum(message.loss_sum);
  to.setLearningRate(message.learning_rate);
  to.setRound(message.round);
  to.setWeight(message.weight);
  to.setDropped(message.dropped);
  to.setCourse(message.course);
  to.setTransfer(info.transfer);
  to.setPayloadElements(info.payload_elements);
  to.setOffsetElements(info.offset_elements);
  to.setElements(info.elements);
  to.setChecksum(XXH3_64bits(chunk.data(), chunk.size_bytes()));
  seal(builder, out);
}

}  // namespace murm
