// What happens to workers: churn, partitions, silence, and when the coordinator notices.
// Room: actors/virtual. Decides who is dead, frozen or lost; takes the constants of the runtime's failure detection.
// Caller: actors/virtual/simulator, which carries it out. Source: reliability guide, failure matrix F1, F5, F8.
#pragma once
#include <vector>

#include "actors/virtual/post.hpp"
#include "runtime/world/churn.hpp"

namespace murm {

/// What fates ask of the simulator.
class FateOffice {
 public:
  virtual ~FateOffice() = default;
  virtual Nanoseconds now() const = 0;
  virtual VirtualWorker& worker(std::uint32_t index) = 0;
  virtual VirtualWorker* occupant(std::uint64_t slot) = 0;  // connected; null: the seat is free
  virtual std::size_t living() const = 0;                   // workers with a seat
  virtual void join(std::uint64_t slot) = 0;
  virtual void lose(VirtualWorker& worker) = 0;
  virtual void say_goodbye(VirtualWorker& worker) = 0;
  virtual void deliver(std::uint32_t parcel) = 0;
  virtual void schedule(Nanoseconds at, EventKind kind, std::uint32_t content) = 0;
};

class Fates {
 public:
  Fates(const Scenario& scenario, std::uint64_t workers, std::uint64_t seed,
        const NetworkModel& network, FateOffice& office);

  void begin();  // schedules the first events
  void churn();
  void cut(std::uint32_t partition);
  void silence(std::uint32_t index);
  void thaw(std::uint32_t index);
  void come(std::uint32_t slot);
  void nobody(std::uint32_t generation) const;

  /// A worker has lost its seat: when does somebody come back to it?
  void lost(VirtualWorker& worker);
  void joined();
  bool frozen(const VirtualWorker& worker) const;

 private:
  void happens(const ScheduledChurn& churn);
  void falls_silent(VirtualWorker& worker, Nanoseconds until);
  bool is_silent(const VirtualWorker& worker) const;
  Nanoseconds lost_at(const VirtualWorker& worker) const;
  void comes_after(std::uint64_t slot, Nanoseconds delay);
  Nanoseconds handshake(std::uint64_t slot) const;

  const NetworkModel& network_;
  FateOffice& office_;
  ChurnSchedule schedule_;
  std::optional<ScheduledChurn> next_;
  std::vector<Partition> partitions_;
  Nanoseconds heartbeat_;
  std::uint32_t generation_ = 0;  // of joins: an old deadline is recognised by it
};

}  // namespace murm
