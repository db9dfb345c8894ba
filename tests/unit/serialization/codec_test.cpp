#include "serialization/codec.hpp"

#include <array>
#include <cstring>
#include <string>

#include "tests/catch.hpp"
#include "tests/unit/serialization/samples.hpp"

using namespace murm;

namespace {

Decoded<ControlMessage> decode(const Bytes& header, const Expectations& expectations = {}) {
  const std::array<FrameView, 1> frames{header};
  return decode_control(frames, expectations);
}

Decoded<BulkMessage> decode(const Bytes& header, std::span<const float> chunk,
                            const Expectations& expectations = {}) {
  const std::array<FrameView, 2> frames{FrameView(header), frame_of(chunk)};
  return decode_bulk(frames, expectations);
}

}  // namespace

TEST_CASE("every control message comes back as it was sent") {
  for (const ControlBody& body : samples::controls()) {
    const auto decoded = decode(samples::encoded(body));
    INFO("alternative " << body.index());
    REQUIRE(decoded);
    CHECK(samples::fields(decoded->envelope) == samples::fields(samples::envelope));
    CHECK(samples::equal(decoded->body, body));
  }
}

TEST_CASE("the samples cover every control message") {
  const auto bodies = samples::controls();
  REQUIRE(bodies.size() == std::variant_size_v<ControlBody>);
  for (std::size_t i = 0; i < bodies.size(); ++i) CHECK(bodies[i].index() == i);
}

TEST_CASE("messages of every kind come back as they were sent") {
  std::vector<Routed> all{samples::pull(), samples::push(), samples::parameters(),
                          samples::replica()};
  for (const MessageKind kind : {MessageKind::pull, MessageKind::parameters, MessageKind::exchange,
                                 MessageKind::answer, MessageKind::decline}) {
    all.push_back(samples::between(kind));
  }
  for (const Routed& routed : all) {
    const MessageKind kind = routed.message.kind;
    const bool bare = kind == MessageKind::pull || kind == MessageKind::decline;
    const auto chunk = samples::numbers(bare ? 0 : 100);
    const auto decoded = decode(samples::encoded(routed, chunk), chunk);
    REQUIRE(decoded);
    CHECK(samples::fields(decoded->envelope) == samples::fields(samples::envelope));
    CHECK(samples::fields(decoded->routed) == samples::fields(routed));
    CHECK(samples::fields(decoded->chunk) ==
          samples::fields(ChunkInfo{9, chunk.size(), 0, std::uint32_t(chunk.size())}));
    CHECK(decoded->routed.message.payload.empty());
  }
}

TEST_CASE("a chunk in the middle of a payload says where it belongs") {
  const auto chunk = samples::numbers(4);
  const ChunkInfo info{3, 100, 50, 4};
  Bytes header;
  encode_bulk_header(samples::envelope, samples::push(), info, chunk, header);
  const auto decoded = decode(header, chunk);
  REQUIRE(decoded);
  CHECK(samples::fields(decoded->chunk) == samples::fields(info));
}

TEST_CASE("a pull may travel without its empty second frame") {
  const Bytes header = samples::encoded(samples::pull(), {});
  const std::array<FrameView, 1> frames{header};
  CHECK(decode_bulk(frames, {}));
}

TEST_CASE("a chunk of the largest size is accepted") {
  const auto chunk = samples::numbers(chunk_elements_max);
  CHECK(decode(samples::encoded(samples::push(), chunk), chunk));
}

TEST_CASE("headers are read wherever a frame happens to lie") {
  const auto chunk = samples::numbers(5);
  const Bytes header = samples::encoded(samples::push(), chunk);
  Bytes room(header.size() + 64);
  Bytes chunk_room(chunk.size() * 4 + 64);
  for (std::size_t shift = 0; shift < 16; ++shift) {
    std::memcpy(room.data() + shift, header.data(), header.size());
    std::memcpy(chunk_room.data() + shift, chunk.data(), chunk.size() * 4);
    const std::array<FrameView, 2> frames{FrameView(room).subspan(shift, header.size()),
                                          FrameView(chunk_room).subspan(shift, chunk.size() * 4)};
    const auto decoded = decode_bulk(frames, {});
    REQUIRE(decoded);
    CHECK(samples::fields(decoded->routed) == samples::fields(samples::push()));
  }
}

TEST_CASE("equal messages have equal bytes, and a buffer can be used again") {
  const auto bodies = samples::controls();
  Bytes out(1000, std::byte{0xff});
  for (const ControlBody& body : bodies) {
    encode_control(samples::envelope, body, out);
    CHECK(out == samples::encoded(body));
    CHECK(out.size() % 8 == 0);
  }
}

TEST_CASE("a welcome with the largest job and the most seats fits into a header") {
  Welcome welcome{std::string(job_bytes_max, 'x'),
                  std::string(label_bytes_max, 'y'),
                  {},
                  shards_max,
                  parameters_max,
                  position_max - 1};
  for (std::uint32_t i = 0; i < seats_max; ++i) welcome.seats.push_back({PeerId::worker(i), i});
  const auto decoded = decode(samples::encoded(welcome));
  REQUIRE(decoded);
  CHECK(samples::equal(decoded->body, welcome));
}

TEST_CASE("what cannot be sent is an input error at the sender") {
  Welcome welcome = std::get<Welcome>(samples::controls()[1]);
  SECTION("job") { welcome.job.assign(job_bytes_max + 1, 'x'); }
  SECTION("endpoint") { welcome.bulk_endpoint.assign(label_bytes_max + 1, 'x'); }
  SECTION("seats") { welcome.seats.resize(seats_max + 1); }
  REQUIRE_THROWS_AS(samples::encoded(welcome), InputError);
}

TEST_CASE("a reason is shortened between characters and cleaned of control characters") {
  const std::string umlauts = "\xc3\xa4";
  std::string reason = "a\x1b[31m\r";
  while (reason.size() <= text_bytes_max) reason += umlauts;
  const auto decoded = decode(samples::encoded(Stop{reason}));
  REQUIRE(decoded);
  const std::string& arrived = std::get<Stop>(decoded->body).reason;
  CHECK(arrived.starts_with("a?[31m?"));
  CHECK(arrived.ends_with(umlauts));
  CHECK(arrived.size() == text_bytes_max - 1);
}

TEST_CASE("run and epoch are checked only where they are known") {
  Expectations expectations{.run = samples::envelope.run, .epoch_min = samples::envelope.epoch};
  CHECK(decode(samples::encoded(Heartbeat{1}), expectations));
  CHECK(decode(samples::encoded(Heartbeat{1})));
  for (const ControlBody& body : {ControlBody(Hello{"b", 1, {}}), ControlBody(Refusal{"no"})}) {
    CHECK(decode(samples::encoded(body, {0, 0, 0}), expectations));
    CHECK(decode(samples::encoded(body, {samples::envelope.run, 0, 0}), expectations));
  }
}

TEST_CASE("sequence numbers are admitted one by one from 0") {
  SequenceGate gate;
  CHECK(gate.admit({1, 1, 1}));
  CHECK_FALSE(gate.admit({1, 1, 0}));
  CHECK_FALSE(gate.admit({1, 1, 1}));
  CHECK(gate.admit({1, 1, 1})->fault == DecodeFault::bad_sequence);
  CHECK(gate.admit({1, 1, 3})->fault == DecodeFault::bad_sequence);
  CHECK_FALSE(gate.admit({1, 1, 2}));
}

TEST_CASE("refusals are counted by kind") {
  DecodeCounters counters;
  counters.count(DecodeFault::bad_magic);
  counters.count(DecodeFault::bad_payload);
  counters.count(DecodeFault::bad_payload);
  CHECK(counters.of(DecodeFault::bad_magic) == 1);
  CHECK(counters.of(DecodeFault::bad_payload) == 2);
  CHECK(counters.of(DecodeFault::frame_count) == 0);
  CHECK(counters.total() == 3);
}
