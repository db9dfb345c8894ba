// Checkpoints on disk: complete and verified, or not there.
// Room: runtime. Knows files, sizes and hashes, not what is in them.
// Caller: actors/checkpointer (writing), tools/murm (resume, evaluate). Source: reliability guide, section 8.
//
//   checkpoints/samples-000000012345/   renamed from .tmp-... when complete
//     <file> ...                        as given by the caller
//     MANIFEST.json                     written last: size and hash of each file, of itself, numbers
//   checkpoints/LATEST                  name of the newest: a hint for people, never trusted
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "algorithms/vocabulary.hpp"
#include "runtime/atomic_file.hpp"

namespace murm {

/// A file to write: its parts one after another, borrowed until `write` returns.
struct CheckpointFile {
  std::string name;  // plain, without a folder
  std::vector<ByteView> parts;
};

struct CheckpointContent {
  SampleCount samples = 0;     // done so far: orders and names the checkpoints
  std::uint64_t job_hash = 0;  // of what must not change on resume, as the caller sees it
  std::map<std::string, std::uint64_t> numbers;
  std::vector<CheckpointFile> files;
};

/// A verified checkpoint: every file stands there with the size and hash of its manifest.
struct Checkpoint {
  std::filesystem::path folder;
  SampleCount samples = 0;
  std::uint64_t job_hash = 0;
  std::map<std::string, std::uint64_t> numbers;
  std::vector<std::string> files;
  /// "checkpoint X rejected: FILE hash mismatch; using Y": what stood in the way of a newer one.
  std::vector<std::string> notes;

  std::filesystem::path file(const std::string& name) const { return folder / name; }
};

/// The newest checkpoint in `checkpoints` that is whole. Reads every byte of it; writes nothing.
/// Errors: unsupported when there is none at all; rejected when there are some and none is whole.
Result<Checkpoint> newest_checkpoint(const std::filesystem::path& checkpoints);

/// The only writer of a folder of checkpoints.
class CheckpointStore {
 public:
  /// Sweeps what a killed writer left behind. `keep` >= 1 generations stay. Creates nothing.
  CheckpointStore(std::filesystem::path checkpoints, std::uint64_t keep);

  /// Writes, verifies, then removes generations beyond `keep` and such that claim more samples than
  /// this one (a run that fell back to an earlier checkpoint left those behind).
  /// A failure leaves every earlier checkpoint as it was. Thread: one at a time. Blocks on the disk.
  Result<std::filesystem::path> write(const CheckpointContent& content);

  Result<Checkpoint> newest() const { return newest_checkpoint(folder_); }

 private:
  void retain(SampleCount written) const;

  std::filesystem::path folder_;
  std::uint64_t keep_;
};

}  // namespace murm
