#include "actors/wire_connection.hpp"

#include "tests/catch.hpp"
#include "tests/unit/actors/fake_transport.hpp"
#include "tests/unit/actors/scattered.hpp"
#include "tests/unit/serialization/samples.hpp"

using namespace murm;

namespace {

constexpr ConnectionId kId = 7;
constexpr std::uint64_t kRun = 77;
constexpr Epoch kEpoch = 3;

/// Two ends and what one has sent to the other; the test moves it.
struct Pair {
  FakeTransport left_transport;
  FakeTransport right_transport;
  WireConnection left{left_transport, kId};
  WireConnection right{right_transport, kId};

  Pair() = default;
  explicit Pair(const Expectations& expectations) {
    left.admit(kRun, kEpoch, expectations);
    right.admit(kRun, kEpoch, expectations);
  }
};

Pair admitted() { return Pair(Expectations{}); }

Routed with_payload(Routed routed, Tensor payload) {
  routed.message.payload = std::move(payload);
  return routed;
}

Frames flipped(const Outgoing& message, std::size_t frame, std::size_t byte) {
  Frames frames = arrived(message);
  auto* data = const_cast<std::byte*>(frames.frames.at(frame).data);
  data[byte] ^= std::byte{0x10};
  return frames;
}

std::uint64_t payload_bytes(const std::deque<Outgoing>& messages) {
  std::uint64_t bytes = 0;
  for (const Outgoing& message : messages) bytes += message.payload_bytes;
  return bytes;
}

}  // namespace

TEST_CASE("every control message arrives as it was sent, and credit stays inside") {
  Pair pair;
  const auto across = [&](const ControlBody& body) {
    pair.left.send(body);
    const auto sent = pair.left_transport.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].to == kId);
    CHECK(sent[0].channel == Channel::control);
    CHECK(sent[0].payload == nullptr);
    return pair.right.take_control(arrived(sent[0]));
  };
  const auto hello = samples::controls().front();
  const auto first = across(hello);
  REQUIRE(first.has_value());
  CHECK(samples::equal(*first, hello));
  CHECK(pair.right.last_envelope().run == 0);
  pair.left.admit(kRun, kEpoch, {});
  pair.right.admit(kRun, kEpoch, {});
  for (const ControlBody& body : samples::controls()) {
    const auto taken = across(body);
    CHECK(!pair.right.broken());
    if (std::holds_alternative<Credit>(body)) {
      CHECK(!taken.has_value());
      continue;
    }
    REQUIRE(taken.has_value());
    CHECK(samples::equal(*taken, body));
    CHECK(pair.right.last_envelope().run == kRun);
    CHECK(pair.right.last_envelope().epoch == kEpoch);
  }
}

TEST_CASE("tensor messages of every length arrive whole, in place and once") {
  struct Shape {
    std::size_t length;
    std::size_t pieces;
    std::size_t messages;
  };
  const auto shape = GENERATE(Shape{1, 1, 1}, Shape{chunk_elements_max - 1, 1, 1},
                              Shape{chunk_elements_max, 1, 1}, Shape{chunk_elements_max + 1, 1, 2},
                              Shape{3 * chunk_elements_max, 1, 3}, Shape{10, 3, 3},
                              Shape{3 * chunk_elements_max + 5, 2, 4});
  const bool push = GENERATE(true, false);
  Pair pair = admitted();
  const Tensor payload = scattered(shape.length, shape.pieces);
  const Routed routed = with_payload(push ? samples::push() : samples::parameters(), payload);
  for (int again = 0; again < 2; ++again) {
    pair.left.send(routed);
    const auto sent = pair.left_transport.take();
    REQUIRE(sent.size() == shape.messages);
    CHECK(sent[0].payload == host_span(payload.slice(0, 1)).data());
    CHECK(payload_bytes(sent) == shape.length * sizeof(float));
    for (std::size_t i = 0; i < sent.size(); ++i) {
      CHECK(sent[i].channel == Channel::bulk);
      CHECK(sent[i].payload_bytes <= chunk_bytes_max);
      const auto taken = pair.right.take_bulk(arrived(sent[i]));
      REQUIRE(taken.has_value() == (i + 1 == sent.size()));
      if (!taken) continue;
      CHECK(samples::fields(*taken) == samples::fields(routed));
      CHECK(taken->message.payload.length() == shape.length);
      CHECK(values_of(taken->message.payload) == values_of(payload));
    }
    CHECK(!pair.right.broken());
  }
}

TEST_CASE("a pull is one frame without a payload") {
  Pair pair = admitted();
  pair.left.send(samples::pull());
  const auto sent = pair.left_transport.take();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].payload_bytes == 0);
  const auto taken = pair.right.take_bulk(arrived(sent[0]));
  REQUIRE(taken.has_value());
  CHECK(samples::fields(*taken) == samples::fields(samples::pull()));
  CHECK(taken->message.payload.empty());
}

TEST_CASE("no more than the credit window is under way, and credit sets the rest free in order") {
  Pair pair = admitted();
  const Tensor chunk = scattered(chunk_elements_max, 1);
  constexpr std::uint64_t window = credit_window_bytes / chunk_bytes_max;
  constexpr std::uint64_t total = window * 2 + window / 2;
  for (std::uint64_t i = 0; i < total; ++i) {
    Routed routed = with_payload(samples::push(), chunk);
    routed.message.version = i;
    pair.left.send(std::move(routed));
  }
  pair.left.send(samples::pull());  // costs no credit, but does not overtake
  std::uint64_t under_way = 0;
  Version next = 0;
  bool pulled = false;
  for (int round = 0; round < 100 && !pulled; ++round) {
    const auto sent = pair.left_transport.take();
    under_way += payload_bytes(sent);
    REQUIRE(under_way <= credit_window_bytes);
    if (round == 0) CHECK(under_way == credit_window_bytes);
    for (const Outgoing& message : sent) {
      const auto taken = pair.right.take_bulk(arrived(message));
      REQUIRE(taken.has_value());
      pulled = taken->message.kind == MessageKind::pull;
      if (!pulled) CHECK(taken->message.version == next++);
    }
    for (const Outgoing& credit : pair.right_transport.take()) {
      REQUIRE(credit.channel == Channel::control);
      under_way -= credit_window_bytes / 4;
      CHECK(!pair.left.take_control(arrived(credit)).has_value());
    }
  }
  CHECK(pulled);
  CHECK(next == total);
  CHECK(!pair.left.broken());
  CHECK(!pair.right.broken());
}

TEST_CASE("a peer cannot open the credit window wider than it is") {
  Pair pair = admitted();
  pair.right.send(Credit{credit_bytes_max});
  pair.left.take_control(arrived(pair.right_transport.take().at(0)));
  const Tensor chunk = scattered(chunk_elements_max, 1);
  for (std::uint64_t i = 0; i < 2 * credit_window_bytes / chunk_bytes_max; ++i) {
    pair.left.send(with_payload(samples::push(), chunk));
  }
  CHECK(payload_bytes(pair.left_transport.take()) == credit_window_bytes);
}

TEST_CASE("a peer that gives no credit breaks the connection once the queue is full") {
  Pair pair = admitted();
  const Tensor chunk = scattered(chunk_elements_max, 1);
  const std::uint64_t fits = (credit_window_bytes + credit_queue_bytes_max) / chunk_bytes_max;
  for (std::uint64_t i = 0; i < fits; ++i) pair.left.send(with_payload(samples::push(), chunk));
  CHECK(!pair.left.broken());
  pair.left.send(with_payload(samples::push(), chunk));
  CHECK(pair.left.broken());
  CHECK(pair.left.faults().total() == 0);
}

TEST_CASE("a control message with any byte flipped breaks the connection and is counted once") {
  FakeTransport probe;
  WireConnection sender(probe, kId);
  sender.admit(kRun, kEpoch, {});
  sender.send(LeaseGrant{PeerId::worker(13), samples::lease});
  const auto sent = probe.take();
  for (std::size_t byte = 0; byte < sent[0].header.size(); ++byte) {
    Pair pair = admitted();
    CHECK(!pair.right.take_control(flipped(sent[0], 0, byte)).has_value());
    INFO(byte);
    CHECK(pair.right.broken());
    CHECK(pair.right.faults().total() == 1);
    const DecodeFault fault = byte < 4   ? DecodeFault::bad_magic
                              : byte < 8 ? DecodeFault::unknown_version
                                         : DecodeFault::bad_checksum;
    CHECK(pair.right.faults().of(fault) == 1);
  }
}

TEST_CASE("a tensor message that was damaged or lost a frame is refused by its own name") {
  Pair pair = admitted();
  pair.left.send(with_payload(samples::push(), scattered(2000, 1)));
  const auto sent = pair.left_transport.take();
  Frames frames = arrived(sent[0]);
  DecodeFault expected{};
  SECTION("a number") {
    frames = flipped(sent[0], 1, 4321);
    expected = DecodeFault::bad_payload;
  }
  SECTION("the header") {
    frames = flipped(sent[0], 0, 40);
    expected = DecodeFault::bad_checksum;
  }
  SECTION("the last numbers are missing") {
    frames.frames[1].size -= 4;
    expected = DecodeFault::bad_field;
  }
  SECTION("all numbers are missing") {
    frames.frames.pop_back();
    expected = DecodeFault::frame_count;
  }
  SECTION("a frame too many") {
    frames.frames.push_back(frames.frames[1]);
    expected = DecodeFault::frame_count;
  }
  SECTION("very many frames") {
    frames.frames.resize(1000, frames.frames[1]);
    expected = DecodeFault::frame_count;
  }
  SECTION("nothing at all") {
    frames.frames.clear();
    expected = DecodeFault::frame_count;
  }
  CHECK(!pair.right.take_bulk(frames).has_value());
  CHECK(pair.right.broken());
  CHECK(pair.right.faults().total() == 1);
  CHECK(pair.right.faults().of(expected) == 1);
}

TEST_CASE("control messages that are dropped, repeated or reordered break the connection") {
  Pair pair = admitted();
  for (std::uint64_t i = 0; i < 3; ++i) pair.left.send(Heartbeat{i});
  const auto sent = pair.left_transport.take();
  const std::vector<std::size_t> order = GENERATE(
      std::vector<std::size_t>{0, 2}, std::vector<std::size_t>{0, 0},
      std::vector<std::size_t>{1, 0}, std::vector<std::size_t>{0, 1, 0});
  std::size_t taken = 0;
  for (const std::size_t i : order) {
    taken += pair.right.take_control(arrived(sent[i])).has_value() ? 1U : 0U;
  }
  CHECK(taken + 1 == order.size());
  CHECK(pair.right.broken());
  CHECK(pair.right.faults().of(DecodeFault::bad_sequence) == 1);
  CHECK(pair.right.faults().total() == 1);
}

TEST_CASE("chunks that are dropped, repeated or reordered never complete a payload") {
  Pair pair = admitted();
  pair.left.send(with_payload(samples::push(), scattered(3 * chunk_elements_max, 1)));
  const auto sent = pair.left_transport.take();
  REQUIRE(sent.size() == 3);
  const std::vector<std::size_t> order = GENERATE(
      std::vector<std::size_t>{0, 2}, std::vector<std::size_t>{1, 2},
      std::vector<std::size_t>{0, 0, 2}, std::vector<std::size_t>{0, 2, 1},
      std::vector<std::size_t>{1, 0, 2});
  for (const std::size_t i : order) CHECK(!pair.right.take_bulk(arrived(sent[i])).has_value());
  CHECK(pair.right.broken());
  CHECK(pair.right.faults().of(DecodeFault::bad_sequence) == pair.right.faults().total());
}

TEST_CASE(
    "messages of another run, an older epoch, another length or the other socket are refused") {
  Expectations expectations;
  expectations.shards = 3;
  expectations.parameters = 30;
  expectations.shard_lengths = {10, 10, 10};
  FakeTransport transport;
  WireConnection sender(transport, kId);
  Pair pair(expectations);
  const auto refuse = [&](const Routed& routed, DecodeFault fault) {
    sender.send(routed);
    CHECK(!pair.right.take_bulk(arrived(transport.take().at(0))).has_value());
    CHECK(pair.right.faults().of(fault) == 1);
    CHECK(pair.right.faults().total() == 1);
    CHECK(pair.right.broken());
  };
  SECTION("fine") {
    sender.admit(kRun, kEpoch + 1, {});
    sender.send(with_payload(samples::push(), scattered(10, 1)));
    CHECK(pair.right.take_bulk(arrived(transport.take().at(0))).has_value());
    CHECK(!pair.right.broken());
  }
  SECTION("no run") {
    refuse(with_payload(samples::push(), scattered(10, 1)), DecodeFault::wrong_run);
  }
  SECTION("another run") {
    sender.admit(kRun + 1, kEpoch, {});
    refuse(with_payload(samples::push(), scattered(10, 1)), DecodeFault::wrong_run);
  }
  SECTION("an older epoch") {
    sender.admit(kRun, kEpoch - 1, {});
    refuse(with_payload(samples::push(), scattered(10, 1)), DecodeFault::stale_epoch);
  }
  SECTION("one number too many") {
    sender.admit(kRun, kEpoch, {});
    refuse(with_payload(samples::parameters(), scattered(11, 1)), DecodeFault::bad_field);
  }
  SECTION("no number at all") {
    sender.admit(kRun, kEpoch, {});
    refuse(samples::parameters(), DecodeFault::bad_field);
  }
  SECTION("the other socket") {
    sender.admit(kRun, kEpoch, {});
    sender.send(Heartbeat{});
    CHECK(!pair.right.take_bulk(arrived(transport.take().at(0))).has_value());
    CHECK(pair.right.faults().of(DecodeFault::unknown_kind) == 1);
    CHECK(pair.right.broken());
  }
}

TEST_CASE("a tensor's memory lives until the transport has dropped it, waiting or sent") {
  Pair pair = admitted();
  Tensor filler = scattered(chunk_elements_max, 1);
  Tensor payload = scattered(2 * chunk_elements_max, 1);
  const std::weak_ptr<TensorStorage> storage = payload.storage();
  const std::uint64_t before = credit_window_bytes / chunk_bytes_max - 1;
  for (std::uint64_t i = 0; i < before; ++i) {
    pair.left.send(with_payload(samples::push(), filler));
  }
  pair.left.send(with_payload(samples::push(), std::move(payload)));  // half of it finds credit
  payload = Tensor();
  auto sent = pair.left_transport.take();
  CHECK(sent.size() == before + 1);
  CHECK(!storage.expired());
  sent.clear();  // the transport is done with the first half
  CHECK(!storage.expired());
  pair.right.send(Credit{chunk_bytes_max});
  pair.left.take_control(arrived(pair.right_transport.take().at(0)));
  sent = pair.left_transport.take();
  REQUIRE(sent.size() == 1);
  CHECK(!storage.expired());
  sent.clear();
  CHECK(storage.expired());
}

TEST_CASE("received frames live as long as the tensor made of them, and no longer") {
  Pair pair = admitted();
  pair.left.send(with_payload(samples::push(), scattered(2 * chunk_elements_max, 1)));
  std::vector<std::weak_ptr<void>> owners;
  std::optional<Routed> taken;
  for (const Outgoing& message : pair.left_transport.take()) {
    const Frames frames = arrived(message);
    owners.push_back(frames.frames[1].owner);
    taken = pair.right.take_bulk(frames);
  }
  REQUIRE(taken.has_value());
  for (const auto& owner : owners) CHECK(!owner.expired());
  taken.reset();
  for (const auto& owner : owners) CHECK(owner.expired());
}
