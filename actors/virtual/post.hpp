// The post: parcels on their way between workers and the server, in order and once.
// Room: actors/virtual. Knows channels and parcels; the weather is runtime/world/network's.
// Caller: actors/virtual/simulator.
#pragma once
#include <memory>
#include <vector>

#include "actors/virtual/virtual_worker.hpp"
#include "runtime/world/event_queue.hpp"
#include "runtime/world/network.hpp"

namespace murm {

/// Events of one moment happen in the order of these classes.
enum class EventClass : std::uint8_t { fate, message, compute };

enum class EventKind : std::uint8_t {
  churn,       // the schedule's next
  cut,         // a partition begins
  silence,     // of a worker: is it lost?
  thaw,        // of a worker
  come,        // to a slot
  nobody,      // all workers have been lost for long
  card,        // of a receiver: the first bit of a parcel is there
  arrival,     // of a parcel
  service,     // an aggregator has finished with a parcel
  membership,  // an aggregator comes to a change
  computed,    // by a worker
  timer,       // of a machine
};

enum class ParcelKind : std::uint8_t {
  lease_request,
  lease_grant,
  members,
  algorithm,
  goodbye,
  course,  // another algorithm from now on
};

struct Parcel {
  ParcelKind kind = ParcelKind::algorithm;
  bool up = true;            // from the worker to the server
  bool bulk = true;          // tensors and control travel on different channels
  bool peer = false;         // from a worker to a worker: `up` is set, too
  std::uint32_t worker = 0;  // index; of the sender where both are
  std::uint32_t to = 0;      // peer: index of the receiver
  std::uint32_t shard = 0;   // algorithm
  std::uint64_t sequence = 0;
  Host host = 0;     // of the worker
  Host to_host = 0;  // peer: of the receiver
  Message message;   // algorithm; lease_grant, lease_request: its lease
  std::shared_ptr<const MembershipChange> change;  // members
  std::shared_ptr<const VirtualCourse> course;     // course
  Passage passage;
};

class Post {
 public:
  Post(EventQueue& queue, NetworkModel& network) : queue_(queue), network_(network) {}

  /// A new parcel, to be filled in and sent.
  std::uint32_t create();
  void send(VirtualWorker& worker, std::uint32_t parcel, Nanoseconds now);
  /// From worker to worker.
  void send(VirtualWorker& from, VirtualWorker& to, std::uint32_t parcel, Nanoseconds now);
  /// The first bit has reached the receiver's card.
  void at_card(std::uint32_t parcel, Nanoseconds now);
  /// The parcels that `parcel` completes the order of, itself first; none when it came too early or twice, or
  /// when its sender had died before it left. Valid until the next call.
  const std::vector<std::uint32_t>& arrived(VirtualWorker& worker, std::uint32_t parcel);
  const std::vector<std::uint32_t>& arrived(VirtualWorker& from, VirtualWorker& to,
                                            std::uint32_t parcel);
  void discard(std::uint32_t parcel);

  Parcel& operator[](std::uint32_t parcel) { return parcels_[parcel]; }
  std::uint64_t bytes_up() const { return bytes_up_; }
  std::uint64_t bytes_down() const { return bytes_down_; }
  std::uint64_t bytes_between() const { return bytes_between_; }  // workers
  std::uint64_t duplicates() const { return duplicates_; }

 private:
  std::uint32_t copy_of(std::uint32_t parcel);
  void dispatch(std::uint32_t parcel, std::uint64_t& bytes_sent, Nanoseconds now);
  const std::vector<std::uint32_t>& in_order(ChannelEnd& channel, std::uint32_t parcel, bool said);
  std::uint64_t origin(const Parcel& parcel) const;

  EventQueue& queue_;
  NetworkModel& network_;
  std::vector<Parcel> parcels_;
  std::vector<std::uint32_t> unused_;
  std::vector<std::uint32_t> in_order_;
  std::uint64_t bytes_up_ = 0;
  std::uint64_t bytes_down_ = 0;
  std::uint64_t bytes_between_ = 0;
  std::uint64_t duplicates_ = 0;
};

}  // namespace murm
