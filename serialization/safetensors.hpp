// Files of named fp32 tensors (safetensors): 8 bytes of length, a JSON header, the numbers.
// Room: serialization. Bytes in memory only; opening and syncing files is runtime's business.
// Caller: checkpoints. Source: format of huggingface/safetensors; reliability page, section 8.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "algorithms/vocabulary.hpp"

namespace murm {

using SafetensorsMetadata = std::map<std::string, std::string>;

struct SafetensorsEntry {
  std::string name;
  std::vector<std::uint64_t> shape;  // row-major; empty: one number
};

/// The file up to its data: length and JSON, padded with spaces to a multiple of 8 bytes. The
/// numbers of the entries follow in the order given, without gaps. The same input gives the same
/// bytes.
/// Requires: names distinct and not "__metadata__", shapes within 64 bits (asserted); texts in
/// UTF-8.
std::string safetensors_header(std::span<const SafetensorsEntry> entries,
                               const SafetensorsMetadata& metadata);

struct SafetensorsSource {
  SafetensorsEntry entry;
  std::span<const float> numbers;  // as many as the shape says (asserted)
};

/// Hands the parts of a file to `write`, in order; large parts are the tensors' own memory.
void write_safetensors(std::span<const SafetensorsSource> tensors,
                       const SafetensorsMetadata& metadata,
                       const std::function<void(std::span<const std::byte>)>& write);

struct SafetensorsView {
  SafetensorsEntry entry;
  std::uint64_t elements = 0;
  std::span<const std::byte>
      bytes;  // fp32, little endian, perhaps not aligned; within the file read
};

struct SafetensorsFile {
  SafetensorsMetadata metadata;
  std::vector<SafetensorsView> tensors;  // in the order of their data

  const SafetensorsView* find(const std::string& name) const;  // null when there is none
};

/// Copies the numbers of `tensor`. Requires: `to` holds exactly its elements (asserted).
void copy_numbers(const SafetensorsView& tensor, std::span<float> to);

/// Reads a whole file that lies in memory and outlives the answer. Refused (rejected) unless the
/// header is well formed, every name occurs once, and the data is covered without gaps or overlaps;
/// a number type other than F32 is `unsupported`. Never throws for what is in the file; memory is
/// bounded by its size.
Result<SafetensorsFile> read_safetensors(std::span<const std::byte> file);

inline constexpr std::uint64_t safetensors_header_bytes_max = 100'000'000;
inline constexpr std::size_t safetensors_values_max = std::size_t{1}
                                                      << 20U;  // JSON values in a header
inline constexpr std::size_t safetensors_dimensions_max = 16;

}  // namespace murm
