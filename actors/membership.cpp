#include "actors/membership.hpp"

#include <algorithm>
#include <set>

#include "serialization/limits.hpp"

namespace murm {

bool Seats::taken(std::uint32_t slot) const {
  return std::any_of(actors_.begin(), actors_.end(),
                     [&](const auto& entry) { return records_.at(entry.first).slot == slot; });
}

Result<std::vector<WorkerSeat>> Seats::admit(const JoinRequest& request) {
  std::vector<std::uint32_t> slots = request.hello.slots;
  if (slots.empty()) {
    std::uint32_t slot = 0;
    while (taken(slot)) ++slot;
    slots.push_back(slot);
  }
  if (std::set<std::uint32_t>(slots.begin(), slots.end()).size() != slots.size()) {
    return Error{ErrorKind::rejected, "a worker number was asked for twice"};
  }
  for (const std::uint32_t slot : slots) {
    if (slot >= seats_max) {
      return Error{ErrorKind::rejected, "worker number " + std::to_string(slot) + " is too large"};
    }
    if (taken(slot)) {
      return Error{ErrorKind::rejected, "worker " + std::to_string(slot) + " is here already"};
    }
  }
  std::vector<WorkerSeat> seats;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const std::uint64_t ordinal = (occupants_[slots[i]]++ << 32U) | slots[i];
    const WorkerSeat seat{PeerId::worker(ordinal), slots[i]};
    actors_.emplace(seat.peer, request.workers[std::min(i, request.workers.size() - 1)]);
    WorkerRecord record;
    record.slot = seat.slot;
    record.process_id = request.hello.process_id;
    record.connection = request.connection;
    record.report.worker = seat.peer;
    records_.emplace(seat.peer, record);
    seats.push_back(seat);
  }
  return seats;
}

std::vector<PeerId> Seats::lose(const ProcessLost& lost) {
  std::vector<PeerId> left;
  for (const auto& [peer, record] : records_) {
    const bool same = lost.connection != 0 ? record.connection == lost.connection
                                           : record.process_id == lost.process_id;
    if (!same || !actors_.contains(peer)) continue;
    lose(peer);
    left.push_back(peer);
  }
  return left;
}

bool Seats::lose(PeerId peer) {
  if (actors_.erase(peer) == 0) return false;
  records_.at(peer).lost = true;
  return true;
}

bool Seats::report(const WorkerReport& report) {
  if (!actors_.contains(report.worker)) return false;
  records_.at(report.worker).report = report;
  return true;
}

std::vector<PeerId> Seats::live() const {
  std::vector<PeerId> peers;
  for (const auto& [peer, actor] : actors_) peers.push_back(peer);
  return peers;
}

}  // namespace murm
