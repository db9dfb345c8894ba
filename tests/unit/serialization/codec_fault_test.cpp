// Provokes every refusal of the decoder, each through the smallest change of a good message.
#include <capnp/message.h>
#include <capnp/serialize.h>

#include <array>
#include <functional>
#include <limits>
#include <set>
#include <string>

#include "serialization/codec.hpp"
#include "serialization/frame_tensor.hpp"
#include "serialization/murmuration.capnp.h"
#include "tests/catch.hpp"
#include "tests/unit/serialization/samples.hpp"
#include "tests/unit/serialization/seal.hpp"

using namespace murm;

namespace {

const std::vector<float> chunk = samples::numbers(6);
const Expectations expectations{.run = samples::envelope.run,
                                .epoch_min = 7,
                                .shards = 3,
                                .parameters = 18,
                                .shard_lengths = {6, 6, 6}};

std::string verdict(const std::vector<FrameView>& frames, bool bulk) {
  if (bulk) {
    const auto decoded = decode_bulk(frames, expectations);
    return decoded ? "accepted" : to_string(decoded.refused().fault);
  }
  const auto decoded = decode_control(frames, expectations);
  return decoded ? "accepted" : to_string(decoded.refused().fault);
}

std::string control(const ControlBody& body, const Envelope& envelope = samples::envelope) {
  const Bytes header = samples::encoded(body, envelope);
  return verdict({header}, false);
}

using ChangeHeader = std::function<void(Bytes&)>;
std::string changed(const ChangeHeader& change) {
  Bytes header = samples::encoded(Heartbeat{1});
  change(header);
  return verdict({header}, false);
}

using ChangeWire = std::function<void(wire::Wire::Builder)>;
Bytes hand_made(const ChangeWire& fill) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<wire::Wire>();
  root.setRun(samples::envelope.run);
  root.setEpoch(samples::envelope.epoch);
  fill(root);
  const auto words = capnp::messageToFlatArray(builder);
  const auto bytes = words.asBytes();
  Bytes header(prefix_bytes + bytes.size());
  std::memcpy(header.data() + prefix_bytes, bytes.begin(), bytes.size());
  samples::seal(header);
  return header;
}

/// A good push of six numbers, changed in one place.
using ChangeBulk = std::function<void(Routed&, ChunkInfo&)>;
std::string bulk(const ChangeBulk& change, Routed routed = samples::push()) {
  ChunkInfo info{0, 6, 0, 6};
  change(routed, info);
  Bytes header;
  const auto sent = std::span(chunk).first(std::min<std::size_t>(info.elements, 6));
  encode_bulk_header(samples::envelope, routed, info, sent, header);
  return verdict({header, frame_of(sent)}, true);
}

std::string wire_bulk(const std::function<void(wire::Bulk::Builder)>& change) {
  return verdict({hand_made([&](wire::Wire::Builder root) {
                    auto to = root.getBody().initBulk();
                    to.setKind(wire::MessageKind::PUSH);
                    to.setTo(PeerId::aggregator(2).value);
                    to.setFrom(PeerId::worker(5).value);
                    to.setShard(2);
                    to.initLease().setQuorum(1);
                    to.getLease().setSamples(1);
                    to.setPayloadElements(6);
                    to.setElements(6);
                    to.setChecksum(XXH3_64bits(chunk.data(), 24));
                    change(to);
                  }),
                  frame_of(chunk)},
                 true);
}

}  // namespace

TEST_CASE("each damage of a frame is refused by its name") {
  const Bytes good = samples::encoded(Heartbeat{1});
  const Bytes push = samples::encoded(samples::push(), chunk);
  const Bytes big(chunk_bytes_max + 4);
  CHECK(changed([](Bytes&) {}) == "accepted");
  CHECK(verdict({push, frame_of(chunk)}, true) == "accepted");

  CHECK(verdict({}, false) == "frame_count");
  CHECK(verdict({good, good}, false) == "frame_count");
  CHECK(verdict({}, true) == "frame_count");
  CHECK(verdict({push, frame_of(chunk), frame_of(chunk)}, true) == "frame_count");
  CHECK(verdict({push}, true) == "frame_count");
  CHECK(verdict({FrameView{}}, false) == "too_short");
  CHECK(changed([](Bytes& b) { b.resize(prefix_bytes + 7); }) == "too_short");
  CHECK(changed([](Bytes& b) { b.resize(header_bytes_max + 8); }) == "oversized");
  CHECK(verdict({push, big}, true) == "oversized");
  CHECK(changed([](Bytes& b) { b[3] = std::byte{'m'}; }) == "bad_magic");
  CHECK(changed([](Bytes& b) { b[4] = std::byte{1}; }) == "unknown_version");
  CHECK(changed([](Bytes& b) { b[8] ^= std::byte{1}; }) == "bad_checksum");
  CHECK(changed([](Bytes& b) { b.back() ^= std::byte{1}; }) == "bad_checksum");
  CHECK(changed([](Bytes& b) {
          b.push_back({});
          samples::seal(b);
        }) == "misaligned_size");
  CHECK(changed([](Bytes& b) {
          b.resize(b.size() - 8);
          samples::seal(b);
        }) == "malformed");
  CHECK(changed([](Bytes& b) {
          b.resize(b.size() + 8);
          samples::seal(b);
        }) == "malformed");
  CHECK(changed([](Bytes& b) {
          b[prefix_bytes] = std::byte{0xff};
          samples::seal(b);
        }) == "malformed");
  CHECK(changed([](Bytes& b) {
          b[prefix_bytes + 8] = std::byte{0xfc};
          samples::seal(b);
        }) == "malformed");
}

TEST_CASE("a payload frame that does not match its header is refused") {
  const Bytes push = samples::encoded(samples::push(), chunk);
  CHECK(verdict({push, frame_of(chunk).first(20)}, true) == "bad_field");
  CHECK(verdict({push, frame_of(chunk).first(23)}, true) == "bad_field");
  const Bytes pull = samples::encoded(samples::pull(), {});
  CHECK(verdict({pull, frame_of(chunk)}, true) == "bad_field");
  std::vector<float> damaged = chunk;
  damaged[5] = 0;
  CHECK(verdict({push, frame_of(damaged)}, true) == "bad_payload");
}

TEST_CASE("unset, unknown and misplaced kinds are refused") {
  CHECK(verdict({hand_made([](wire::Wire::Builder) {})}, false) == "unknown_kind");
  CHECK(verdict({hand_made([](wire::Wire::Builder) {})}, true) == "unknown_kind");
  const Bytes all_zero_root = hand_made([](wire::Wire::Builder root) { root.setRun(0); });
  CHECK(verdict({all_zero_root}, false) != "accepted");
  CHECK(verdict({samples::encoded(samples::push(), chunk)}, false) == "unknown_kind");
  CHECK(verdict({samples::encoded(Heartbeat{1})}, true) == "unknown_kind");
  CHECK(wire_bulk([](wire::Bulk::Builder) {}) == "accepted");
  CHECK(wire_bulk([](wire::Bulk::Builder b) { b.setKind(wire::MessageKind::UNSET); }) ==
        "unknown_kind");
  CHECK(wire_bulk([](wire::Bulk::Builder b) { b.setKind(static_cast<wire::MessageKind>(9)); }) ==
        "unknown_kind");
  // The union's tag follows run, epoch and sequence; this arm is of a later version.
  Bytes later = samples::encoded(Heartbeat{1});
  later[prefix_bytes + 16 + 24] = std::byte{200};
  samples::seal(later);
  CHECK(verdict({later}, false) == "unknown_kind");
}

TEST_CASE("messages of other runs and old epochs are refused") {
  CHECK(control(Heartbeat{1}, {1, 7, 0}) == "wrong_run");
  CHECK(control(Heartbeat{1}, {0, 7, 0}) == "wrong_run");
  CHECK(control(Hello{"b", 1, {}}, {1, 7, 0}) == "wrong_run");
  CHECK(control(Heartbeat{1}, {samples::envelope.run, 6, 0}) == "stale_epoch");
  const Bytes old = samples::encoded(samples::push(), chunk, {samples::envelope.run, 6, 0});
  CHECK(verdict({old, frame_of(chunk)}, true) == "stale_epoch");
  const Bytes other = samples::encoded(samples::push(), chunk, {5, 7, 0});
  CHECK(verdict({other, frame_of(chunk)}, true) == "wrong_run");
}

TEST_CASE("control fields outside their bounds are refused") {
  const auto grant = [](const std::function<void(Lease&)>& change) {
    Lease lease = samples::lease;
    change(lease);
    return control(LeaseGrant{PeerId::worker(1), lease});
  };
  CHECK(grant([](Lease&) {}) == "accepted");
  CHECK(grant([](Lease& l) { l.id = lease_ids_max; }) == "bad_field");
  CHECK(grant([](Lease& l) { l.index = l.quorum; }) == "bad_field");
  CHECK(grant([](Lease& l) { l.quorum = 0, l.index = 0; }) == "bad_field");
  CHECK(grant([](Lease& l) { l.quorum = quorum_max + 1; }) == "bad_field");
  CHECK(grant([](Lease& l) { l.samples = 0; }) == "bad_field");
  CHECK(grant([](Lease& l) { l.samples = lease_samples_max + 1; }) == "bad_field");
  CHECK(grant([](Lease& l) { l.position = position_max; }) == "bad_field");
  CHECK(control(LeaseGrant{PeerId::aggregator(1), samples::lease}) == "bad_field");
  CHECK(control(LeaseRequest{PeerId{}}) == "bad_field");
  CHECK(control(WorkerReport{}) == "bad_field");
  CHECK(control(Failure{PeerId::coordinator(), "why"}) == "bad_field");
  CHECK(control(Credit{credit_bytes_max}) == "accepted");
  CHECK(control(Credit{credit_bytes_max + 1}) == "bad_field");
  CHECK(control(Hello{"b", 1, {seats_max}}) == "bad_field");

  const auto welcome = [](const std::function<void(Welcome&)>& change) {
    Welcome body = std::get<Welcome>(samples::controls()[1]);
    change(body);
    return control(body);
  };
  CHECK(welcome([](Welcome&) {}) == "accepted");
  CHECK(welcome([](Welcome& w) { w.seats.clear(); }) == "bad_field");
  CHECK(welcome([](Welcome& w) { w.seats[0].peer = {}; }) == "bad_field");
  CHECK(welcome([](Welcome& w) { w.seats[0].slot = seats_max; }) == "bad_field");
  CHECK(welcome([](Welcome& w) { w.shards = 0; }) == "bad_field");
  CHECK(welcome([](Welcome& w) { w.shards = shards_max + 1; }) == "bad_field");
  CHECK(welcome([](Welcome& w) { w.parameters = 2; }) == "bad_field");
  CHECK(welcome([](Welcome& w) { w.parameters = parameters_max + 1; }) == "bad_field");
  CHECK(welcome([](Welcome& w) { w.samples = position_max; }) == "bad_field");
}

TEST_CASE("texts and lists beyond their limits are refused") {
  const auto stop = [](const std::string& reason) {
    return verdict({hand_made([&](wire::Wire::Builder root) {
                     root.getBody().initStop().setReason(reason.c_str());
                   })},
                   false);
  };
  CHECK(stop(std::string(text_bytes_max, 'x')) == "accepted");
  CHECK(stop(std::string(text_bytes_max + 1, 'x')) == "bad_field");
  CHECK(stop("\x1b[2J") == "bad_field");
  CHECK(verdict({hand_made([](wire::Wire::Builder root) {
                  root.getBody().initHello().initSlots(seats_max + 1);
                })},
                false) == "bad_field");
  CHECK(verdict({hand_made([](wire::Wire::Builder root) {
                  root.getBody().initWelcome().initSeats(seats_max + 1);
                })},
                false) == "bad_field");
}

TEST_CASE("bulk fields outside their bounds or against each other are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(bulk([](Routed&, ChunkInfo&) {}) == "accepted");
  CHECK(bulk([](Routed&, ChunkInfo&) {}, samples::parameters()) == "accepted");
  CHECK(bulk([](Routed& r, ChunkInfo&) { r.message.shard = 3; }) == "bad_field");
  CHECK(bulk([](Routed& r, ChunkInfo&) { r.message.shard = 1; }) == "bad_field");
  CHECK(bulk([](Routed& r, ChunkInfo&) { r.to = PeerId::worker(1); }) == "bad_field");
  CHECK(bulk([](Routed& r, ChunkInfo&) { r.message.from = PeerId::aggregator(2); }) == "bad_field");
  CHECK(bulk([](Routed& r, ChunkInfo&) { r.message.from = PeerId::aggregator(1); },
             samples::parameters()) == "bad_field");
  CHECK(bulk([](Routed& r, ChunkInfo&) { r.message.from = PeerId::coordinator(); },
             samples::parameters()) == "bad_field");
  CHECK(bulk([&](Routed& r, ChunkInfo&) { r.message.weight = nan; }) == "bad_field");
  CHECK(bulk([](Routed& r, ChunkInfo&) { r.message.lease.samples = 0; }) == "bad_field");
  CHECK(bulk([&](Routed& r, ChunkInfo&) { r.message.loss_sum = nan; }) == "bad_field");
  CHECK(bulk([&](Routed& r, ChunkInfo&) { r.message.learning_rate = 1 / 0.0; },
             samples::parameters()) == "bad_field");
  CHECK(bulk([](Routed&, ChunkInfo& c) { c.payload_elements = 7; }, samples::parameters()) ==
        "bad_field");
  CHECK(bulk([](Routed&, ChunkInfo& c) { c.elements = 0; }) == "bad_field");
  CHECK(bulk(
            [](Routed&, ChunkInfo& c) {
              c = {0, 0, 0, 0};
            },
            samples::parameters()) == "bad_field");
  CHECK(bulk([](Routed& r, ChunkInfo&) { r.message.kind = MessageKind::pull; }) == "bad_field");
  CHECK(wire_bulk([](wire::Bulk::Builder b) { b.setOffsetElements(1); }) == "bad_field");
  CHECK(wire_bulk([](wire::Bulk::Builder b) { b.setOffsetElements(7); }) == "bad_field");
  CHECK(wire_bulk([](wire::Bulk::Builder b) { b.setOffsetElements(~std::uint64_t{0}); }) ==
        "bad_field");
  CHECK(wire_bulk([](wire::Bulk::Builder b) { b.setPayloadElements(payload_elements_max + 1); }) ==
        "bad_field");
  CHECK(wire_bulk([](wire::Bulk::Builder b) { b.setElements(chunk_elements_max + 1); }) ==
        "bad_field");
  CHECK(wire_bulk([](wire::Bulk::Builder b) { b.disownLease(); }) == "bad_field");
}

TEST_CASE("what came of a lease may be nothing, or a code that is a little longer") {
  const auto push_of = [](std::uint64_t elements) {
    return bulk([=](Routed&, ChunkInfo& c) {
      c.payload_elements = elements;
      c.elements = elements == 0 ? 0 : 6;
    });
  };
  CHECK(push_of(0) == "accepted");
  CHECK(push_of(6 + payload_slack_elements) == "accepted");
  CHECK(push_of(7 + payload_slack_elements) == "bad_field");
  const auto replica_of = [](std::uint64_t elements, std::uint32_t chunk_elements) {
    return bulk(
        [=](Routed&, ChunkInfo& c) {
          c = {0, elements, 0, chunk_elements};
        },
        samples::replica());
  };
  CHECK(replica_of(6, 6) == "accepted");
  CHECK(replica_of(0, 0) == "accepted");
  CHECK(replica_of(7, 6) == "bad_field");
  CHECK(bulk([](Routed& r, ChunkInfo&) { r.to = PeerId::aggregator(1); }, samples::replica()) ==
        "bad_field");
}

TEST_CASE("workers may write to each other, but not what is for an aggregator") {
  const auto between = [](
                           MessageKind kind, std::uint64_t elements,
                           const std::function<void(Routed&)>& change = [](Routed&) {}) {
    return bulk(
        [&](Routed& r, ChunkInfo& c) {
          const std::uint32_t sent = elements < 6 ? static_cast<std::uint32_t>(elements) : 6;
          c = {0, elements, 0, sent};
          change(r);
        },
        samples::between(kind));
  };
  for (const MessageKind kind :
       {MessageKind::parameters, MessageKind::exchange, MessageKind::answer}) {
    CHECK(between(kind, 0) == "accepted");
    CHECK(between(kind, 18 + payload_slack_elements) == "accepted");
    CHECK(between(kind, 19 + payload_slack_elements) == "bad_field");
  }
  CHECK(between(MessageKind::pull, 0) == "accepted");
  CHECK(between(MessageKind::pull, 6) == "bad_field");
  CHECK(between(MessageKind::decline, 0) == "accepted");
  CHECK(between(MessageKind::decline, 6) == "bad_field");
  CHECK(between(MessageKind::replica, 6) == "bad_field");
  CHECK(between(MessageKind::push, 6, [](Routed& r) { r.message.lease = samples::lease; }) ==
        "bad_field");
  CHECK(between(MessageKind::exchange, 6, [](Routed& r) { r.message.shard = parts_max; }) ==
        "bad_field");
  CHECK(between(MessageKind::exchange, 6, [](Routed& r) {
          r.message.shard = 2;
          r.to = PeerId::aggregator(2);
        }) == "bad_field");
  CHECK(between(MessageKind::answer, 6, [](Routed& r) {
          r.message.shard = 2;
          r.message.from = PeerId::aggregator(2);
        }) == "bad_field");
}

TEST_CASE("news of members is bounded and names workers") {
  const PeerId worker = PeerId::worker(1);
  const std::vector<PeerId> many(members_max, worker);
  CHECK(control(Members{worker, {9, many, many}}) == "accepted");
  CHECK(control(Members{PeerId::aggregator(1), {9, {worker}, {}}}) == "bad_field");
  CHECK(control(Members{worker, {9, {PeerId{}}, {}}}) == "bad_field");
  CHECK(control(Members{worker, {9, {}, {PeerId::coordinator()}}}) == "bad_field");
  CHECK(verdict({hand_made([&](wire::Wire::Builder root) {
                  auto to = root.getBody().initMembers();
                  to.setWorker(worker.value);
                  to.initJoined(members_max + 1);
                })},
                false) == "bad_field");
  CHECK(control(Collect{worker}) == "accepted");
  CHECK(control(Collect{PeerId::coordinator()}) == "bad_field");
  CHECK(control(LeaseRequest{worker, lease_samples_max}) == "accepted");
  CHECK(control(LeaseRequest{worker, lease_samples_max + 1}) == "bad_field");
}

TEST_CASE("without expectations a shard number still has a limit") {
  Routed routed = samples::push();
  routed.message.shard = shards_max;
  routed.to = PeerId::aggregator(shards_max);
  const Bytes header = samples::encoded(routed, chunk);
  const std::array<FrameView, 2> frames{FrameView(header), frame_of(chunk)};
  const auto decoded = decode_bulk(frames, {});
  REQUIRE_FALSE(decoded);
  CHECK(decoded.refused().fault == DecodeFault::bad_field);
}

TEST_CASE("every fault has a name of its own") {
  std::set<std::string> names;
  for (std::size_t i = 0; i < decode_fault_count; ++i)
    names.insert(to_string(static_cast<DecodeFault>(i)));
  CHECK(names.size() == decode_fault_count);
  CHECK(names.count("unknown") == 0);
}
