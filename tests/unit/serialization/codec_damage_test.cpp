#include <array>
#include <memory>

#include "serialization/codec.hpp"
#include "tests/catch.hpp"
#include "tests/unit/serialization/samples.hpp"
#include "tests/unit/serialization/seal.hpp"

using namespace murm;

namespace {

/// Exactly as large as its content, so that a sanitizer sees the first byte read behind it.
struct Block {
  explicit Block(std::span<const std::byte> from)
      : size(from.size()), bytes(new std::byte[from.size()]) {
    std::copy(from.begin(), from.end(), bytes.get());
  }
  FrameView view() const { return {bytes.get(), size}; }
  std::size_t size;
  std::unique_ptr<std::byte[]> bytes;
};

const std::vector<float> chunk = samples::numbers(4);

bool accepted(FrameView header, bool bulk) {
  const Block block(header);
  if (bulk) {
    const std::array<FrameView, 2> frames{block.view(), frame_of(chunk)};
    return static_cast<bool>(decode_bulk(frames, {}));
  }
  const std::array<FrameView, 1> frames{block.view()};
  return static_cast<bool>(decode_control(frames, {}));
}

struct Sample {
  Bytes header;
  bool bulk;
};

std::vector<Sample> all_samples() {
  std::vector<Sample> all;
  for (const ControlBody& body : samples::controls())
    all.push_back({samples::encoded(body), false});
  all.push_back({samples::encoded(samples::push(), chunk), true});
  all.push_back({samples::encoded(samples::parameters(), chunk), true});
  return all;
}

}  // namespace

TEST_CASE("a header cut off anywhere is refused") {
  for (const Sample& sample : all_samples()) {
    REQUIRE(accepted(sample.header, sample.bulk));
    for (std::size_t length = 0; length < sample.header.size(); ++length) {
      INFO("length " << length);
      REQUIRE_FALSE(accepted(FrameView(sample.header).first(length), sample.bulk));
    }
  }
}

TEST_CASE("a header with any one bit flipped is refused") {
  for (Sample& sample : all_samples()) {
    for (std::size_t bit = 0; bit < sample.header.size() * 8; ++bit) {
      const auto mask = std::byte{1} << (bit % 8);
      sample.header[bit / 8] ^= mask;
      INFO("bit " << bit);
      REQUIRE_FALSE(accepted(sample.header, sample.bulk));
      sample.header[bit / 8] ^= mask;
    }
  }
}

TEST_CASE("a flipped bit under a valid checksum never reaches outside the message") {
  for (Sample& sample : all_samples()) {
    for (std::size_t bit = prefix_bytes * 8; bit < sample.header.size() * 8; ++bit) {
      const auto mask = std::byte{1} << (bit % 8);
      sample.header[bit / 8] ^= mask;
      samples::seal(sample.header);
      (void)accepted(sample.header, sample.bulk);  // either verdict is right; the sanitizers judge
      sample.header[bit / 8] ^= mask;
    }
    samples::seal(sample.header);
    REQUIRE(accepted(sample.header, sample.bulk));
  }
}

TEST_CASE("a chunk with any one bit flipped is refused") {
  const Bytes header = samples::encoded(samples::push(), chunk);
  std::vector<float> damaged = chunk;
  const auto bytes = std::as_writable_bytes(std::span(damaged));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = std::byte{1} << (bit % 8);
    bytes[bit / 8] ^= mask;
    const std::array<FrameView, 2> frames{FrameView(header), bytes};
    const auto decoded = decode_bulk(frames, {});
    REQUIRE_FALSE(decoded);
    REQUIRE(decoded.refused().fault == DecodeFault::bad_payload);
    bytes[bit / 8] ^= mask;
  }
}
