// The checkpointer: writes consistent cuts to disk and reads them back.
// Room: actors. Turns shards and the steward's view into files; the store makes them atomic.
// Caller: actors/training_node spawns one, detached: it waits for the disk.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "actors/cast.hpp"
#include "runtime/job.hpp"

namespace murm {

struct CheckpointerOptions {
  std::filesystem::path folder;
  std::uint64_t keep = 2;
};

/// In: CheckpointRequest. Out: its answer; a disk that is full is an answer, not a failure.
CheckpointerActor::behavior_type checkpointer(CheckpointerActor::pointer self,
                                              CheckpointerOptions options);

/// What a run continues from.
struct Restored {
  std::vector<std::shared_ptr<const MachineState>> shards;
  std::uint32_t course = 0;  // changes of algorithm that had been made
  StewardView view;
  std::vector<std::string> notes;  // newer checkpoints that were not whole
};

/// Reads the newest whole checkpoint. Throws InputError when there is none, or when it was written by
/// a job whose model, data, optimizer or algorithm differ.
Restored restore_checkpoint(const std::filesystem::path& folder, const Job& job);

/// Hash of the parts of a job that must not change on resume; of the algorithms only the one in effect.
std::uint64_t resume_hash(const Job& job);

}  // namespace murm
