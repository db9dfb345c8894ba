// Files that are either complete or not there.
// Room: runtime. Knows bytes and the file system, not what is in a file.
// Caller: runtime/checkpoint_store, actors/training_node, tools/murm. Source: reliability guide, section 4.5.
#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

#include "algorithms/vocabulary.hpp"

namespace murm {

using ByteView = std::span<const std::byte>;

/// What a temporary file or folder of ours is called, so that a later start can sweep it.
inline constexpr std::string_view temporary_prefix = ".tmp-";

/// Replaces `file` by `parts`, one after another: temporary file in the same folder, reserve, write,
/// fsync, close, rename, fsync of the folder. A failure leaves the old file untouched and no
/// temporary one. What is no regular file (/dev/null, a pipe) is written to directly.
/// Errors: retry_later when the disk is full, fatal otherwise; the text names file and reason.
/// Thread: any. Blocks on the disk.
[[nodiscard]] std::optional<Error> write_file_atomically(const std::filesystem::path& file,
                                                         std::span<const ByteView> parts);
[[nodiscard]] std::optional<Error> write_file_atomically(const std::filesystem::path& file,
                                                         std::string_view text);

/// As above for a new file in a folder that itself is still temporary: no rename. Removed on failure.
[[nodiscard]] std::optional<Error> write_new_file(const std::filesystem::path& file,
                                                  std::span<const ByteView> parts);

/// Makes creations and renames in `folder` durable.
[[nodiscard]] std::optional<Error> sync_folder(const std::filesystem::path& folder);

/// "[runtime] cannot <action> <file>: <reason>. HINT: ..." for an errno value.
Error file_error(std::string_view action, const std::filesystem::path& file, int error_number);

}  // namespace murm
