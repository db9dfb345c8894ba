#include "serialization/safetensors.hpp"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

namespace murm {
namespace {

using Json = nlohmann::json;

constexpr const char* metadata_key = "__metadata__";

/// Bytes of an fp32 tensor, or nothing when 64 bits cannot hold them.
std::optional<std::uint64_t> bytes_of(const std::vector<std::uint64_t>& shape) {
  std::uint64_t bytes = sizeof(float);
  for (const std::uint64_t length : shape) {
    if (__builtin_mul_overflow(bytes, length, &bytes)) return std::nullopt;
  }
  return bytes;
}

[[noreturn]] void refuse(const std::string& what, ErrorKind kind = ErrorKind::rejected) {
  throw Error{kind, "[safetensors] " + what};
}

void require(bool holds, const std::string& what) {
  if (!holds) refuse(what);
}

/// Parses the header; the library alone would keep the last of two equal names and accept any
/// depth.
Json parse_header(std::string_view text) {
  std::set<std::string> names;
  std::set<std::string> fields;
  std::size_t values = 0;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    require(++values <= safetensors_values_max, "the header holds too many values");
    if (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start) {
      require(depth <= 2, "the header is nested too deeply");
      if (depth == 1) fields.clear();
    }
    if (event == Json::parse_event_t::key) {
      auto& seen = depth == 1 ? names : fields;
      require(seen.insert(parsed.get<std::string>()).second, "a name occurs twice in the header");
    }
    return true;
  };
  return Json::parse(text.begin(), text.end(), watch);
}

SafetensorsMetadata read_metadata(const Json& from) {
  require(from.is_object(), "the metadata is not an object");
  SafetensorsMetadata metadata;
  for (const auto& [key, value] : from.items()) {
    require(value.is_string(), "a value of the metadata is not a text");
    metadata.emplace(key, value.get<std::string>());
  }
  return metadata;
}

struct Extent {
  SafetensorsEntry entry;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::vector<std::uint64_t> read_counts(const Json& from, std::size_t length_max) {
  require(from.is_array() && from.size() <= length_max,
          "a shape or data_offsets is not a short array");
  std::vector<std::uint64_t> counts;
  for (const Json& value : from) {
    require(value.is_number_unsigned(), "a shape or data_offsets holds something else than counts");
    counts.push_back(value.get<std::uint64_t>());
  }
  return counts;
}

Extent read_extent(const std::string& name, const Json& from) {
  require(from.is_object() && from.size() == 3, "a tensor is not described by three fields");
  require(from.contains("dtype") && from.contains("shape") && from.contains("data_offsets"),
          "a tensor lacks one of dtype, shape, data_offsets");
  require(from["dtype"].is_string(), "a dtype is not a text");
  if (from["dtype"] != "F32")
    refuse("a tensor is not F32; only F32 can be read.", ErrorKind::unsupported);
  const auto offsets = read_counts(from["data_offsets"], 2);
  require(offsets.size() == 2, "data_offsets are not two numbers");
  Extent extent{
      {name, read_counts(from["shape"], safetensors_dimensions_max)}, offsets[0], offsets[1]};
  require(extent.begin <= extent.end, "a tensor ends before it begins");
  const auto bytes = bytes_of(extent.entry.shape);
  require(bytes && *bytes == extent.end - extent.begin,
          "the shape of a tensor contradicts its offsets");
  return extent;
}

SafetensorsFile read_file(std::span<const std::byte> file) {
  std::uint64_t header_bytes = 0;
  require(file.size() >= sizeof header_bytes, "the file is shorter than 8 bytes");
  std::memcpy(&header_bytes, file.data(), sizeof header_bytes);
  file = file.subspan(sizeof header_bytes);
  require(header_bytes <= safetensors_header_bytes_max, "the header passes 100 MB");
  require(header_bytes <= file.size(), "the header is longer than the file");
  const std::string_view text(reinterpret_cast<const char*>(file.data()),
                              static_cast<std::size_t>(header_bytes));
  require(text.starts_with('{'), "the header does not start with '{'");
  const auto data = file.subspan(text.size());

  SafetensorsFile result;
  std::vector<Extent> extents;
  const Json header = parse_header(text);
  for (const auto& [name, value] : header.items()) {
    if (name == metadata_key) {
      result.metadata = read_metadata(value);
    } else {
      extents.push_back(read_extent(name, value));
    }
  }
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t covered = 0;
  for (Extent& extent : extents) {
    require(extent.begin == covered, "the tensors overlap or leave a gap");
    require(extent.end <= data.size(), "a tensor ends behind the file");
    covered = extent.end;
    result.tensors.push_back({std::move(extent.entry), (extent.end - extent.begin) / sizeof(float),
                              data.subspan(extent.begin, extent.end - extent.begin)});
  }
  require(covered == data.size(), "the file goes on behind its last tensor");
  return result;
}

}  // namespace

std::string safetensors_header(std::span<const SafetensorsEntry> entries,
                               const SafetensorsMetadata& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header[metadata_key] = metadata;
  std::uint64_t offset = 0;
  for (const SafetensorsEntry& entry : entries) {
    MURM_ASSERT(entry.name != metadata_key, entry.name);
    MURM_ASSERT(!header.contains(entry.name), entry.name);
    const auto bytes = bytes_of(entry.shape);
    MURM_ASSERT(bytes.has_value(), entry.name);
    header[entry.name] = {
        {"dtype", "F32"}, {"shape", entry.shape}, {"data_offsets", {offset, offset + *bytes}}};
    offset += *bytes;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::uint64_t length = text.size();
  std::string result(sizeof length, '\0');
  std::memcpy(result.data(), &length, sizeof length);
  return result + text;
}

void write_safetensors(std::span<const SafetensorsSource> tensors,
                       const SafetensorsMetadata& metadata,
                       const std::function<void(std::span<const std::byte>)>& write) {
  std::vector<SafetensorsEntry> entries;
  for (const SafetensorsSource& tensor : tensors) {
    MURM_ASSERT(bytes_of(tensor.entry.shape) == tensor.numbers.size_bytes(), tensor.entry.name);
    entries.push_back(tensor.entry);
  }
  const std::string header = safetensors_header(entries, metadata);
  write(std::as_bytes(std::span(header)));
  for (const SafetensorsSource& tensor : tensors) write(std::as_bytes(tensor.numbers));
}

const SafetensorsView* SafetensorsFile::find(const std::string& name) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const SafetensorsView& view) {
    return view.entry.name == name;
  });
  return found == tensors.end() ? nullptr : &*found;
}

void copy_numbers(const SafetensorsView& tensor, std::span<float> to) {
  MURM_ASSERT(to.size_bytes() == tensor.bytes.size(), tensor.entry.name);
  if (!to.empty()) std::memcpy(to.data(), tensor.bytes.data(), tensor.bytes.size());
}

Result<SafetensorsFile> read_safetensors(std::span<const std::byte> file) {
  try {
    return read_file(file);
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& exception) {
    return Error{ErrorKind::rejected,
                 std::string("[safetensors] the header is not JSON: ") + exception.what()};
  }
}

}  // namespace murm
