// Fuzzes sequences of chunks. Input: five bytes a chunk, its transfer, payload, offset, elements
// and changes.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "serialization/frame_tensor.hpp"
#include "tests/fuzz/entry.hpp"
#include "tests/unit/serialization/samples.hpp"

using namespace murm;

namespace {

constexpr std::uint64_t payload_bytes_max = 400;

void fail_unless(bool holds) {
  if (!holds) std::abort();
}

float number(std::uint64_t transfer, std::uint64_t place) { return float(transfer * 1000 + place); }

/// The frame of a chunk, at an address of the input's choice.
std::shared_ptr<std::byte[]> frame_for(const ChunkInfo& chunk, std::size_t shift) {
  std::shared_ptr<std::byte[]> frame(new std::byte[shift + chunk.elements * sizeof(float)]);
  for (std::size_t i = 0; i < chunk.elements; ++i) {
    const float value = number(chunk.transfer, chunk.offset_elements + i);
    std::memcpy(frame.get() + shift + i * sizeof(float), &value, sizeof value);
  }
  return frame;
}

void check_complete(const Routed& routed, const ChunkInfo& last) {
  fail_unless(routed.message.payload.length() == last.payload_elements);
  std::uint64_t place = 0;
  for_each_run(routed.message.payload,
               [&](const float* data, std::size_t offset, std::size_t length) {
                 fail_unless(offset == place);
                 for (std::size_t i = 0; i < length; ++i)
                   fail_unless(data[i] == number(last.transfer, place++));
               });
  fail_unless(place == last.payload_elements);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reassembler reassembler(payload_bytes_max);
  std::uint64_t completed = 0;  // smallest transfer not completed yet
  for (auto input = std::span(data, size); input.size() >= 5; input = input.subspan(5)) {
    BulkMessage message{samples::envelope, samples::push(), {}};
    ChunkInfo& chunk = message.chunk;
    chunk.transfer = input[0];
    chunk.payload_elements = input[1];
    chunk.offset_elements = input[2];
    chunk.elements = input[3];
    // What the decoder refuses never gets here.
    if (chunk.offset_elements + chunk.elements > chunk.payload_elements) continue;
    if ((chunk.elements == 0) != (chunk.payload_elements == 0)) continue;
    message.routed.message.version += input[4] & 1U;
    const std::size_t shift = (input[4] >> 1U) & 7U;
    const std::size_t missing = (input[4] & 0x80U) != 0 && chunk.elements > 0 ? 1 : 0;

    auto frame = frame_for(chunk, shift);
    const std::span<const std::byte> bytes(frame.get() + shift,
                                           chunk.elements * sizeof(float) - missing);
    const auto result = reassembler.add(message, bytes, std::move(frame));
    fail_unless(reassembler.bytes_in_assembly() <= payload_bytes_max);
    if (!result) fail_unless(reassembler.bytes_in_assembly() == 0);
    if (!result || !*result) continue;
    fail_unless(missing == 0);
    fail_unless(chunk.transfer >= completed);
    completed = chunk.transfer + 1;
    check_complete(**result, chunk);
  }
  return 0;
}
