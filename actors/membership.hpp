// Who sits in which seat: worker numbers, peer ids, processes, and the records of the lost.
// Room: actors. Plain state of the coordinator; sends nothing.
// Caller: actors/coordinator.
#pragma once
#include <map>
#include <vector>

#include "actors/cast.hpp"

namespace murm {

/// What the report says of a worker, also of a lost one.
struct WorkerRecord {
  std::uint32_t slot = 0;
  std::uint64_t process_id = 0;
  std::uint64_t connection = 0;
  bool lost = false;
  WorkerReport report;
};

/// A seat's peer id has the slot in its low half and the number of earlier occupants above it: fresh at
/// every join, and in slot order among the first occupants, so that the order of joining changes nothing.
class Seats {
 public:
  /// Seats for the slots asked for, or the lowest free one; more than the job's workers may come.
  Result<std::vector<WorkerSeat>> admit(const JoinRequest& request);
  /// Empties the seats of a process; returns who sat there.
  std::vector<PeerId> lose(const ProcessLost& lost);
  /// Empties one seat. False for a worker that is not there any more.
  bool lose(PeerId peer);
  /// False likewise.
  bool report(const WorkerReport& report);

  std::size_t live_count() const { return actors_.size(); }
  std::vector<PeerId> live() const;
  const WorkerActor& actor(PeerId peer) const { return actors_.at(peer); }
  const std::map<PeerId, WorkerRecord>& records() const { return records_; }

 private:
  bool taken(std::uint32_t slot) const;

  std::map<PeerId, WorkerActor> actors_;  // of the living
  std::map<PeerId, WorkerRecord> records_;
  std::map<std::uint32_t, std::uint64_t> occupants_;  // so far, by slot
};

}  // namespace murm
