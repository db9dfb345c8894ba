// Read-only bytes and who keeps them alive: a vector, or a mapped file.
// Room: models/data. Files are untrusted: regular ones only, their size known before anything is read.
// Caller: the readers of file formats in models. Source: mmap(2); a file that is cut later: docs/footguns.md.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace murm {

struct Bytes {
  std::shared_ptr<const void> owner;
  std::span<const std::uint8_t> view;
  std::size_t size() const { return view.size(); }
};

/// Takes the vector over.
Bytes bytes_of(std::vector<std::uint8_t> values);

/// What a refusal says about a file that cannot be used.
struct FileWords {
  std::string what = "a data file";  // "expected ..."
  std::string missing_hint = "check data.path";
  std::uint64_t bytes_max = std::uint64_t{1} << 40U;
};

/// Maps a whole file for reading; what other programs have of it in memory is shared with them.
/// Errors: InputError for what is missing, no regular file (never waits for a pipe), empty or too large.
Bytes map_file(const std::filesystem::path& path, const FileWords& words);

/// Throws InputError: "[models] PATH: found. HINT: hint."
[[noreturn]] void refuse_file(const std::filesystem::path& path, const std::string& found,
                              const std::string& hint);

}  // namespace murm
