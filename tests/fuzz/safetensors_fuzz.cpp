// Fuzzes the reader of safetensors. Input: one byte n, then the file; an odd n gives the file a
// fitting length field and n - 1 bytes of data, so that the header's JSON is what is fuzzed.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "serialization/safetensors.hpp"
#include "tests/fuzz/entry.hpp"

using namespace murm;

namespace {

void fail_unless(bool holds) {
  if (!holds) std::abort();
}

/// What was read can be written, and reads as the same tensors.
void check_again(const SafetensorsFile& file) {
  std::vector<std::vector<float>> numbers;
  std::vector<SafetensorsSource> sources;
  for (const SafetensorsView& view : file.tensors) {
    fail_unless(view.bytes.size() == view.elements * sizeof(float));
    copy_numbers(view, numbers.emplace_back(view.elements));
    sources.push_back({view.entry, numbers.back()});
  }
  std::vector<std::byte> written;
  write_safetensors(sources, file.metadata, [&](std::span<const std::byte> part) {
    written.insert(written.end(), part.begin(), part.end());
  });
  const auto again = read_safetensors(written);
  fail_unless(static_cast<bool>(again));
  fail_unless(again->metadata == file.metadata);
  fail_unless(again->tensors.size() == file.tensors.size());
  for (const SafetensorsView& view : file.tensors) {
    const SafetensorsView* found = again->find(view.entry.name);
    fail_unless(found != nullptr);
    fail_unless(found->entry.shape == view.entry.shape);
    fail_unless(
        std::equal(found->bytes.begin(), found->bytes.end(), view.bytes.begin(), view.bytes.end()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t data_bytes = data[0] % 2 == 0 ? 0 : data[0] - 1U;
  const std::size_t length_bytes = data[0] % 2 == 0 ? 0 : 8;
  const std::uint64_t json_bytes = size - 1;
  const std::size_t file_bytes = length_bytes + json_bytes + data_bytes;
  const std::unique_ptr<std::byte[]> file(new std::byte[file_bytes]());
  if (length_bytes != 0) std::memcpy(file.get(), &json_bytes, 8);
  if (json_bytes != 0) std::memcpy(file.get() + length_bytes, data + 1, json_bytes);
  if (const auto read = read_safetensors({file.get(), file_bytes})) check_again(*read);
  return 0;
}
