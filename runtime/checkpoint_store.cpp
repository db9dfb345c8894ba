#include "runtime/checkpoint_store.hpp"

#include <fcntl.h>
#include <stdio.h>  // renameat2
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "runtime/hash.hpp"

namespace murm {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* manifest_name = "MANIFEST.json";
constexpr const char* manifest_format = "murmuration.checkpoint/1";
constexpr std::string_view folder_prefix = "samples-";
constexpr std::uintmax_t manifest_bytes_max = 16U << 20U;

std::string hex(std::uint64_t value) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

std::uint64_t from_hex(const std::string& text) {
  std::uint64_t value = 0;
  const auto end = text.data() + text.size();
  if (std::from_chars(text.data(), end, value, 16).ptr != end || text.size() != 16) {
    throw std::runtime_error("a hash is malformed");
  }
  return value;
}

std::string folder_name(SampleCount samples) {
  std::string digits = std::to_string(samples);
  return std::string(folder_prefix) +
         std::string(12 - std::min<std::size_t>(12, digits.size()), '0') + digits;
}

/// The sample count in a folder's name, or nothing when it is no checkpoint's.
std::optional<SampleCount> samples_of(const std::string& name) {
  if (!name.starts_with(folder_prefix)) return std::nullopt;
  SampleCount samples = 0;
  const auto end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + folder_prefix.size(), end, samples);
  if (parsed.ec != std::errc() || folder_name(samples) != name) return std::nullopt;
  return samples;
}

/// Newest first.
std::vector<SampleCount> listed(const std::filesystem::path& checkpoints) {
  std::vector<SampleCount> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(checkpoints, error), end; !error && entry != end;
       entry.increment(error)) {
    if (const auto samples = samples_of(entry->path().filename().string()))
      found.push_back(*samples);
  }
  std::ranges::sort(found, std::greater<>());
  return found;
}

std::optional<std::string> hash_of_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::vector<char> block(1U << 20U);
  StreamHash hash;
  while (stream) {
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    hash.add(std::as_bytes(std::span(block.data(), static_cast<std::size_t>(stream.gcount()))));
  }
  return stream.eof() ? std::optional(hash.hex()) : std::nullopt;
}

/// The manifest guards itself as well: its last field is the hash of the text of all others.
std::string hash_of_manifest(const Json& manifest) {
  const std::string text = manifest.dump();
  StreamHash hash;
  hash.add(std::as_bytes(std::span(text)));
  return hash.hex();
}

Json make_manifest(const CheckpointContent& content) {
  Json manifest;
  manifest["format"] = manifest_format;
  manifest["samples"] = content.samples;
  manifest["job_hash"] = hex(content.job_hash);
  manifest["numbers"] = content.numbers;
  manifest["files"] = Json::object();
  for (const CheckpointFile& file : content.files) {
    StreamHash hash;
    std::uint64_t size = 0;
    for (const ByteView part : file.parts) {
      hash.add(part);
      size += part.size();
    }
    manifest["files"][file.name] = {{"bytes", size}, {"xxh3", hash.hex()}};
  }
  manifest["xxh3"] = hash_of_manifest(manifest);
  return manifest;
}

bool is_plain_name(const std::string& name) {
  return !name.empty() && name != manifest_name && name.front() != '.' &&
         name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

/// Reads and checks the manifest. Throws std::exception with the reason.
Checkpoint read_manifest(const std::filesystem::path& folder, SampleCount samples, Json& manifest) {
  std::error_code error;
  const auto path = folder / manifest_name;
  const auto size = std::filesystem::file_size(path, error);
  if (error) throw std::runtime_error("missing");
  if (size > manifest_bytes_max) throw std::runtime_error("too large");
  std::ifstream stream(path, std::ios::binary);
  manifest = Json::parse(stream, nullptr, false);
  if (!manifest.is_object()) throw std::runtime_error("not readable as JSON");
  if (manifest.value("format", "") != manifest_format) throw std::runtime_error("unknown format");
  const auto own_hash = manifest.at("xxh3").get<std::string>();
  manifest.erase("xxh3");
  if (hash_of_manifest(manifest) != own_hash) throw std::runtime_error("hash mismatch");
  Checkpoint checkpoint{.folder = folder, .numbers = {}, .files = {}, .notes = {}};
  checkpoint.samples = manifest.at("samples").get<std::uint64_t>();
  if (checkpoint.samples != samples) throw std::runtime_error("belongs to another checkpoint");
  checkpoint.job_hash = from_hex(manifest.at("job_hash").get<std::string>());
  checkpoint.numbers = manifest.at("numbers").get<std::map<std::string, std::uint64_t>>();
  return checkpoint;
}

/// A whole checkpoint, or the reason why it is not: "FILE reason".
Result<Checkpoint> verified(const std::filesystem::path& folder, SampleCount samples) {
  const auto rejected = [](const std::string& file, const std::string& why) {
    return Error{ErrorKind::rejected, file + " " + why};
  };
  Json manifest;
  try {
    Checkpoint checkpoint = read_manifest(folder, samples, manifest);
    for (const auto& [name, entry] : manifest.at("files").items()) {
      if (!is_plain_name(name))
        return rejected(manifest_name, "names a file outside the checkpoint");
      std::error_code error;
      const auto size = std::filesystem::file_size(folder / name, error);
      if (error) return rejected(name, "missing");
      if (size != entry.at("bytes").get<std::uint64_t>()) return rejected(name, "size mismatch");
      const auto hash = hash_of_file(folder / name);
      if (!hash) return rejected(name, "cannot be read");
      if (*hash != entry.at("xxh3").get<std::string>()) return rejected(name, "hash mismatch");
      checkpoint.files.push_back(name);
    }
    return checkpoint;
  } catch (const nlohmann::json::exception&) {
    return rejected(manifest_name, "malformed");
  } catch (const std::exception& error) {
    return rejected(manifest_name, error.what());
  }
}

/// Writes all files of a checkpoint, the manifest last, and makes them durable.
std::optional<Error> fill_folder(const std::filesystem::path& folder,
                                 const CheckpointContent& content) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return file_error("create", folder, error.value());
  for (const CheckpointFile& file : content.files) {
    if (auto failed = write_new_file(folder / file.name, file.parts)) return failed;
  }
  const std::string manifest = make_manifest(content).dump(2) + "\n";
  const ByteView part = std::as_bytes(std::span(manifest));
  if (auto failed = write_new_file(folder / manifest_name, std::span(&part, 1))) return failed;
  return sync_folder(folder);
}

/// Gives the complete folder its name. One of that name is exchanged for it in one step, so there is
/// no moment without it. 0 or an errno value.
int publish(const std::filesystem::path& temporary, const std::filesystem::path& folder) {
  if (::rename(temporary.c_str(), folder.c_str()) == 0) return 0;
  if (errno != ENOTEMPTY && errno != EEXIST) return errno;
  return ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE) == 0
             ? 0
             : errno;
}

}  // namespace

Result<Checkpoint> newest_checkpoint(const std::filesystem::path& checkpoints) {
  std::vector<std::string> rejected;
  for (const SampleCount samples : listed(checkpoints)) {
    const std::string name = folder_name(samples);
    auto checkpoint = verified(checkpoints / name, samples);
    if (checkpoint) {
      for (const std::string& reason : rejected)
        checkpoint->notes.push_back(reason + "; using " + name);
      return checkpoint;
    }
    rejected.push_back("checkpoint " + name + " rejected: " + checkpoint.error().text);
  }
  if (rejected.empty()) {
    return Error{ErrorKind::unsupported,
                 "[runtime] no checkpoint in " + checkpoints.string() + "."};
  }
  std::string text = "[runtime] no whole checkpoint in " + checkpoints.string();
  for (const std::string& reason : rejected) text += "; " + reason;
  return Error{ErrorKind::rejected, text + "."};
}

CheckpointStore::CheckpointStore(std::filesystem::path checkpoints, std::uint64_t keep)
    : folder_(std::move(checkpoints)), keep_(std::max<std::uint64_t>(1, keep)) {
  std::error_code error;
  std::vector<std::filesystem::path> leftovers;
  for (std::filesystem::directory_iterator entry(folder_, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string().starts_with(temporary_prefix))
      leftovers.push_back(entry->path());
  }
  for (const auto& leftover : leftovers) std::filesystem::remove_all(leftover, error);
}

Result<std::filesystem::path> CheckpointStore::write(const CheckpointContent& content) {
  for (const CheckpointFile& file : content.files) {
    MURM_ASSERT(is_plain_name(file.name), file.name);
  }
  const std::string name = folder_name(content.samples);
  const auto temporary = folder_ /
                         (std::string(temporary_prefix) + name + "-" + std::to_string(::getpid()));
  const auto target = folder_ / name;
  std::error_code ignored;
  std::filesystem::remove_all(temporary, ignored);
  std::optional<Error> error = fill_folder(temporary, content);
  if (!error) {
    if (const int failed = publish(temporary, target); failed != 0)
      error = file_error("replace", target, failed);
  }
  std::filesystem::remove_all(temporary, ignored);  // after an exchange: the one that was replaced
  if (error) return *error;
  if (auto unsynced = sync_folder(folder_)) return *unsynced;
  if (auto whole = verified(target, content.samples); !whole) {
    return Error{ErrorKind::fatal, "[runtime] checkpoint " + target.string() +
                                       " was written but not read back whole: " +
                                       whole.error().text + ". HINT: check the disk."};
  }
  // Nothing depends on the hint, so its failure is none.
  static_cast<void>(write_file_atomically(folder_ / "LATEST", name + "\n"));
  retain(content.samples);
  return target;
}

void CheckpointStore::retain(SampleCount written) const {
  std::uint64_t kept = 0;
  std::error_code ignored;
  for (const SampleCount samples : listed(folder_)) {
    if (samples <= written && kept++ < keep_) continue;
    // Renamed first: killed in between, it is a leftover to sweep and not half a checkpoint.
    const std::string name = folder_name(samples);
    const auto doomed = folder_ / (std::string(temporary_prefix) + "old-" + name);
    std::filesystem::rename(folder_ / name, doomed, ignored);
    std::filesystem::remove_all(doomed, ignored);
  }
}

}  // namespace murm
