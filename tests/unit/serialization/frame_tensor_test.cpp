#include "serialization/frame_tensor.hpp"

#include <cstring>
#include <string>

#include "tests/catch.hpp"
#include "tests/unit/serialization/samples.hpp"

using namespace murm;

namespace {

BulkMessage chunk_of(std::uint64_t transfer, std::uint64_t payload, std::uint64_t offset,
                     std::uint32_t elements) {
  return {samples::envelope,
          payload == 0 ? samples::pull() : samples::push(),
          {transfer, payload, offset, elements}};
}

/// Feeds numbers offset, offset + 1, ... and says what came of it.
std::string feed(Reassembler& reassembler, const BulkMessage& message) {
  auto frame = std::make_shared<std::vector<float>>(message.chunk.elements);
  for (std::size_t i = 0; i < frame->size(); ++i)
    (*frame)[i] = float(message.chunk.offset_elements + i);
  const auto bytes = std::as_bytes(std::span(*frame));
  const auto result = reassembler.add(message, bytes, frame);
  if (!result) return to_string(result.refused().fault);
  if (!*result) return "more";
  float expected = 0;
  for_each_run((*result)->message.payload, [&](const float* data, std::size_t, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) REQUIRE(data[i] == expected++);
  });
  REQUIRE(expected == float(message.chunk.payload_elements));
  return "complete";
}

}  // namespace

TEST_CASE("chunks in order become one payload, message after message") {
  Reassembler reassembler(1000);
  CHECK(feed(reassembler, chunk_of(0, 10, 0, 4)) == "more");
  CHECK(reassembler.bytes_in_assembly() == 16);
  CHECK(feed(reassembler, chunk_of(0, 10, 4, 1)) == "more");
  CHECK(feed(reassembler, chunk_of(0, 10, 5, 5)) == "complete");
  CHECK(reassembler.bytes_in_assembly() == 0);
  CHECK(feed(reassembler, chunk_of(1, 0, 0, 0)) == "complete");
  CHECK(feed(reassembler, chunk_of(2, 3, 0, 3)) == "complete");
}

TEST_CASE("a pull is complete at once and has no payload") {
  Reassembler reassembler(1000);
  const auto result = reassembler.add(chunk_of(0, 0, 0, 0), {}, nullptr);
  REQUIRE(result);
  REQUIRE(*result);
  CHECK((*result)->message.payload.empty());
  CHECK((*result)->to == PeerId::aggregator(2));
}

TEST_CASE(
    "gaps, repeats and overlaps of chunks are refused, and so is the rest of their transfer") {
  Reassembler reassembler(1000);
  REQUIRE(feed(reassembler, chunk_of(5, 10, 0, 4)) == "more");
  SECTION("gap") { CHECK(feed(reassembler, chunk_of(5, 10, 5, 5)) == "bad_sequence"); }
  SECTION("repeat") { CHECK(feed(reassembler, chunk_of(5, 10, 0, 4)) == "bad_sequence"); }
  SECTION("overlap") { CHECK(feed(reassembler, chunk_of(5, 10, 3, 7)) == "bad_sequence"); }
  SECTION("another transfer") { CHECK(feed(reassembler, chunk_of(6, 10, 4, 6)) == "bad_sequence"); }
  SECTION("the next transfer") {
    CHECK(feed(reassembler, chunk_of(6, 10, 0, 10)) == "bad_sequence");
  }
  SECTION("another length") { CHECK(feed(reassembler, chunk_of(5, 11, 4, 6)) == "bad_field"); }
  CHECK(reassembler.bytes_in_assembly() == 0);
  CHECK(feed(reassembler, chunk_of(5, 10, 4, 6)) == "bad_sequence");
  CHECK(feed(reassembler, chunk_of(5, 10, 0, 10)) == "bad_sequence");
  CHECK(feed(reassembler, chunk_of(7, 10, 0, 10)) == "complete");
}

TEST_CASE("the number of a transfer only grows") {
  Reassembler reassembler(1000);
  REQUIRE(feed(reassembler, chunk_of(3, 1, 0, 1)) == "complete");
  CHECK(feed(reassembler, chunk_of(3, 1, 0, 1)) == "bad_sequence");
  CHECK(feed(reassembler, chunk_of(2, 1, 0, 1)) == "bad_sequence");
  CHECK(feed(reassembler, chunk_of(~std::uint64_t{0}, 1, 0, 1)) == "bad_sequence");
  CHECK(feed(reassembler, chunk_of(8, 1, 0, 1)) == "complete");
}

TEST_CASE("a transfer that does not start at its beginning is refused") {
  Reassembler reassembler(1000);
  CHECK(feed(reassembler, chunk_of(0, 10, 4, 6)) == "bad_sequence");
}

TEST_CASE("a header that changes between the chunks of a transfer is refused") {
  Reassembler reassembler(1000);
  BulkMessage message = chunk_of(0, 10, 0, 4);
  REQUIRE(feed(reassembler, message) == "more");
  message.chunk = {0, 10, 4, 6};
  SECTION("version") { ++message.routed.message.version; }
  SECTION("lease") { ++message.routed.message.lease.id; }
  SECTION("sender") { message.routed.message.from = PeerId::worker(6); }
  SECTION("receiver") { message.routed.to = PeerId::aggregator(1); }
  SECTION("loss") { message.routed.message.loss_sum = 0; }
  CHECK(feed(reassembler, message) == "bad_field");
}

TEST_CASE("a payload over the limit is refused at its first chunk") {
  Reassembler reassembler(40);
  CHECK(feed(reassembler, chunk_of(0, 11, 0, 1)) == "oversized");
  CHECK(reassembler.bytes_in_assembly() == 0);
  CHECK(feed(reassembler, chunk_of(1, 10, 0, 10)) == "complete");
}

TEST_CASE("a payload in crumbs is refused") {
  Reassembler reassembler(1U << 20U);
  std::uint64_t offset = 0;
  std::string verdict = "more";
  while (verdict == "more") verdict = feed(reassembler, chunk_of(0, 1000, offset++, 1));
  CHECK(verdict == "bad_field");
  CHECK(offset == chunks_free + 2);
}

TEST_CASE("a frame shorter than its chunk is refused") {
  Reassembler reassembler(1000);
  const std::vector<float> three(3);
  const auto result = reassembler.add(chunk_of(0, 4, 0, 4), std::as_bytes(std::span(three)),
                                      nullptr);
  REQUIRE_FALSE(result);
  CHECK(result.refused().fault == DecodeFault::bad_field);
}

TEST_CASE("aligned frames are read in place and live as long as their tensor") {
  auto frame = std::make_shared<std::vector<float>>(samples::numbers(8));
  const std::weak_ptr<std::vector<float>> watch = frame;
  const float* address = frame->data();
  Tensor tensor;
  {
    auto storage = std::make_shared<FrameStorage>();
    storage->append(frame, std::as_bytes(std::span(*frame)));
    tensor = Tensor(storage, 0, 8).slice(2, 4);
  }
  frame.reset();
  REQUIRE_FALSE(watch.expired());
  CHECK(host_span(tensor).data() == address + 2);
  tensor = {};
  CHECK(watch.expired());
}

TEST_CASE("frames that are not aligned are copied and let go") {
  const auto numbers = samples::numbers(8);
  auto frame = std::make_shared<std::vector<std::byte>>(8 * 4 + 3);
  std::memcpy(frame->data() + 3, numbers.data(), 32);
  const std::weak_ptr<std::vector<std::byte>> watch = frame;
  auto storage = std::make_shared<FrameStorage>();
  storage->append(frame, std::span(*frame).subspan(3));
  frame.reset();
  CHECK(watch.expired());
  REQUIRE(storage->runs().size() == 1);
  CHECK(reinterpret_cast<std::uintptr_t>(storage->runs()[0].data) % alignof(float) == 0);
  CHECK(std::memcmp(storage->runs()[0].data, numbers.data(), 32) == 0);
}
