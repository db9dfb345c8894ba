// Fuzzes traces. Input: a byte of switches, then the file as it is; or, when the byte is odd, contents
// of blocks, each behind two bytes of length, that are given lengths and checksums that fit.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/trace_file.hpp"
#include "tests/fuzz/entry.hpp"
#include "tests/fuzz/trace_seal.hpp"
#include "tests/unit/runtime/trace_samples.hpp"

using namespace murm;

namespace {

using Content = std::vector<std::byte>;

constexpr std::size_t kAlgorithmLettersMax = 64;

void fail_unless(bool holds) {
  if (!holds) std::abort();
}

/// Exactly as large as its content, so that reading one byte too far is noticed.
template <class Decode>
auto decoded(const Content& content, Decode decode) {
  const std::unique_ptr<std::byte[]> bytes(new std::byte[content.size()]);
  std::copy(content.begin(), content.end(), bytes.get());
  return decode(std::span<const std::byte>(bytes.get(), content.size()));
}

std::vector<Content> contents_in(std::span<const std::byte> input) {
  std::vector<Content> contents;
  while (input.size() > 2) {
    const std::size_t asked = std::to_integer<std::size_t>(input[0]) |
                              std::to_integer<std::size_t>(input[1]) << 8U;
    const std::size_t length = std::clamp<std::size_t>(asked, 1, input.size() - 2);
    const auto content = input.subspan(2, length);
    contents.emplace_back(content.begin(), content.end());
    input = input.subspan(2 + length);
  }
  return contents;
}

/// What was accepted can be written, and comes back as the same.
void check_again(const TraceHeader& header) {
  fail_unless(header.algorithm.size() <= kAlgorithmLettersMax);
  Content bytes;
  encode_header(header, bytes);
  const auto again = decode_header(bytes);
  fail_unless(again.has_value());
  fail_unless(test::same(*again, header));
}

void check_again(const std::vector<TraceRecord>& records) {
  TraceCoder writing;
  TraceCoder reading;
  for (const TraceRecord& record : records) {
    fail_unless(record.joined.size() + record.left.size() <= trace_peers_max);
    Content bytes;
    writing.encode(record, bytes);
    fail_unless(bytes.size() <= trace_record_max);
    const auto again = reading.decode(bytes);
    fail_unless(again.has_value());
    fail_unless(test::same(*again, record));
  }
}

struct Judged {
  std::optional<TraceHeader> header;
  std::vector<TraceRecord> records;
  bool refused = false;
};

Judged judged_by_coder(const std::vector<Content>& contents) {
  Judged judged;
  if (!contents.empty()) judged.header = decoded(contents.front(), decode_header);
  judged.refused = !judged.header;
  TraceCoder coder;
  for (std::size_t i = 1; i < contents.size() && !judged.refused; ++i) {
    auto record = decoded(contents[i], [&](auto bytes) { return coder.decode(bytes); });
    judged.refused = !record;
    if (record) judged.records.push_back(std::move(*record));
  }
  return judged;
}

/// A file without a disk; the same one for all inputs.
Judged judged_by_reader(std::span<const std::byte> bytes) {
  static const int file = ::memfd_create("trace", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  fail_unless(::ftruncate(file, 0) == 0);
  fail_unless(::pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  Judged judged;
  try {
    TraceReader reader(path);
    judged.header = reader.header();
    while (auto record = reader.next()) judged.records.push_back(std::move(*record));
    fail_unless(reader.records() == judged.records.size());
    fail_unless(reader.torn() ? reader.bytes() < bytes.size() : reader.bytes() == bytes.size());
    fail_unless(!reader.next().has_value());
  } catch (const InputError&) {
    judged.refused = true;
  }
  return judged;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto input = std::as_bytes(std::span(data + 1, size - 1));
  const bool sealed = (data[0] & 1U) != 0;
  Judged read;
  if (sealed) {
    const auto contents = contents_in(input);
    read = judged_by_reader(test::sealed_trace(contents));
    const Judged same = judged_by_coder(contents);
    fail_unless(read.refused == same.refused);
    fail_unless(read.records.size() == same.records.size());
  } else {
    read = judged_by_reader(input);
  }
  if (read.header) check_again(*read.header);
  check_again(read.records);
  return 0;
}
