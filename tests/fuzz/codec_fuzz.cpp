// Fuzzes the decoder gate. Input: a byte of switches, a byte of length for frame 1, both frames.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "serialization/codec.hpp"
#include "tests/fuzz/entry.hpp"
#include "tests/unit/serialization/samples.hpp"
#include "tests/unit/serialization/seal.hpp"

using namespace murm;

namespace {

/// Exactly as large as its content, so that reading one byte too far is noticed.
struct Block {
  explicit Block(std::span<const std::byte> from)
      : size(from.size()), bytes(new std::byte[from.size()]) {
    std::copy(from.begin(), from.end(), bytes.get());
  }
  std::span<std::byte> view() const { return {bytes.get(), size}; }
  std::size_t size;
  std::unique_ptr<std::byte[]> bytes;
};

void fail_unless(bool holds) {
  if (!holds) std::abort();
}

/// What was accepted can be sent on, and arrives as the same message in the same bytes.
void check_again(const ControlMessage& message) {
  const Bytes first = samples::encoded(message.body, message.envelope);
  const std::vector<FrameView> frames{first};
  const auto again = decode_control(frames, {});
  fail_unless(static_cast<bool>(again));
  fail_unless(samples::equal(again->body, message.body));
  fail_unless(samples::encoded(again->body, again->envelope) == first);
}

void check_again(const BulkMessage& message, FrameView chunk) {
  std::vector<float> numbers(chunk.size() / sizeof(float));
  if (!chunk.empty()) std::memcpy(numbers.data(), chunk.data(), chunk.size());
  Bytes first;
  encode_bulk_header(message.envelope, message.routed, message.chunk, numbers, first);
  const std::vector<FrameView> frames{first, frame_of(numbers)};
  const auto again = decode_bulk(frames, {});
  fail_unless(static_cast<bool>(again));
  fail_unless(samples::fields(again->routed) == samples::fields(message.routed));
  fail_unless(samples::fields(again->chunk) == samples::fields(message.chunk));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned switches = data[0];
  const bool bulk = (switches & 1U) != 0;
  const bool reseal = (switches & 2U) != 0;
  const bool two_frames = (switches & 4U) != 0;
  const bool strict = (switches & 8U) != 0;
  const auto input = std::as_bytes(std::span(data + 2, size - 2));
  const std::size_t chunk_bytes = two_frames ? std::min<std::size_t>(data[1], input.size()) : 0;
  const Block header(input.first(input.size() - chunk_bytes));
  const Block chunk(input.last(chunk_bytes));
  if (reseal && header.size >= prefix_bytes) samples::seal(header.view());

  std::vector<FrameView> frames{header.view()};
  if (two_frames) frames.push_back(chunk.view());
  Expectations expectations;
  if (strict) {
    expectations.run = samples::envelope.run;
    expectations.epoch_min = samples::envelope.epoch;
    expectations.shards = 3;
    expectations.parameters = 18;
    expectations.shard_lengths = {6, 6, 6};
  }
  if (bulk) {
    if (const auto decoded = decode_bulk(frames, expectations)) check_again(*decoded, chunk.view());
  } else {
    if (const auto decoded = decode_control(frames, expectations)) check_again(*decoded);
  }
  return 0;
}
