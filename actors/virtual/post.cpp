#include "actors/virtual/post.hpp"

namespace murm {

namespace {

constexpr std::uint64_t kHeaderBytes = 128;  // of a message with a tensor: envelope, lease, chunk
constexpr std::uint64_t kControlBytes = 64;

std::uint64_t bytes_of(const Parcel& parcel) {
  if (!parcel.bulk) return kControlBytes;
  return kHeaderBytes + parcel.message.payload.length() * sizeof(float);
}

}  // namespace

std::uint32_t Post::create() {
  if (unused_.empty()) {
    parcels_.emplace_back();
    return static_cast<std::uint32_t>(parcels_.size() - 1);
  }
  const std::uint32_t parcel = unused_.back();
  unused_.pop_back();
  parcels_[parcel] = Parcel{};
  return parcel;
}

void Post::discard(std::uint32_t parcel) {
  parcels_[parcel].message.payload = Tensor();
  parcels_[parcel].change.reset();
  unused_.push_back(parcel);
}

std::uint32_t Post::copy_of(std::uint32_t parcel) {
  const std::uint32_t copy = create();
  parcels_[copy] = parcels_[parcel];
  return copy;
}

/// Where it comes from, in the order of peer ids: aggregators before workers.
std::uint64_t Post::origin(const Parcel& parcel) const {
  return parcel.up ? (std::uint64_t{1} << 32U) | parcel.worker : parcel.shard;
}

void Post::send(VirtualWorker& worker, std::uint32_t index, Nanoseconds now) {
  Parcel& parcel = parcels_[index];
  parcel.worker = worker.index;
  parcel.host = worker.slot() + 1;
  parcel.sequence = worker.channels[parcel.up ? 0 : 1][parcel.bulk ? 1 : 0].sent++;
  dispatch(index, parcel.up ? bytes_up_ : bytes_down_, now);
}

void Post::send(VirtualWorker& from, VirtualWorker& to, std::uint32_t index, Nanoseconds now) {
  Parcel& parcel = parcels_[index];
  parcel.peer = true;
  parcel.up = true;
  parcel.worker = from.index;
  parcel.to = to.index;
  parcel.host = from.slot() + 1;
  parcel.to_host = to.slot() + 1;
  if (!network_.free()) parcel.sequence = from.sent_to[to.index]++;
  dispatch(index, bytes_between_, now);
}

void Post::dispatch(std::uint32_t index, std::uint64_t& bytes_sent, Nanoseconds now) {
  Parcel& parcel = parcels_[index];
  const auto message = static_cast<std::uint8_t>(EventClass::message);
  const auto arrival = static_cast<std::uint8_t>(EventKind::arrival);
  const std::uint64_t bytes = bytes_of(parcel);
  bytes_sent += bytes;
  if (network_.free()) {
    parcel.passage = Passage{now, now, Nanoseconds{0}, 1, false};
    return queue_.push(now, message, origin(parcel), arrival, index);
  }
  // Control messages are too small to occupy a card, and do not wait behind tensors.
  const std::uint64_t occupying = parcel.bulk ? bytes : 0;
  const Host from = parcel.up ? parcel.host : 0;
  const Host to = parcel.peer ? parcel.to_host : parcel.up ? 0 : parcel.host;
  parcel.passage = network_.send(from, to, occupying, now);
  if (parcel.passage.arrives == Nanoseconds::max()) return discard(index);  // cut off for ever
  bytes_sent += bytes * (parcel.passage.attempts - 1);
  const bool card = parcel.passage.transfer.count() > 0;
  const auto kind = card ? static_cast<std::uint8_t>(EventKind::card) : arrival;
  const Nanoseconds arrives = parcel.passage.arrives;
  queue_.push(arrives, message, origin(parcel), kind, index);
  if (parcel.passage.duplicated) {
    const std::uint32_t twin = copy_of(index);
    queue_.push(arrives, message, origin(parcels_[twin]), kind, twin);
  }
}

void Post::at_card(std::uint32_t index, Nanoseconds now) {
  const Parcel& parcel = parcels_[index];
  const Host to = parcel.peer ? parcel.to_host : parcel.up ? 0 : parcel.host;
  queue_.push(network_.receive(to, parcel.passage, now),
              static_cast<std::uint8_t>(EventClass::message), origin(parcel),
              static_cast<std::uint8_t>(EventKind::arrival), index);
}

const std::vector<std::uint32_t>& Post::arrived(VirtualWorker& worker, std::uint32_t index) {
  const Parcel& parcel = parcels_[index];
  const bool said = !parcel.up || parcel.kind == ParcelKind::goodbye ||
                    parcel.passage.left <= worker.died;
  return in_order(worker.channels[parcel.up ? 0 : 1][parcel.bulk ? 1 : 0], index, said);
}

const std::vector<std::uint32_t>& Post::arrived(VirtualWorker& from, VirtualWorker& to,
                                                std::uint32_t index) {
  const bool said = parcels_[index].passage.left <= from.died;
  if (!network_.free()) return in_order(to.received_from[from.index], index, said);
  in_order_.clear();  // nothing overtakes where nothing takes time
  said ? in_order_.push_back(index) : discard(index);
  return in_order_;
}

const std::vector<std::uint32_t>& Post::in_order(ChannelEnd& channel, std::uint32_t index,
                                                 bool said) {
  in_order_.clear();
  const Parcel& parcel = parcels_[index];
  if (!said) {
    discard(index);
  } else if (parcel.sequence < channel.expected || channel.early.contains(parcel.sequence)) {
    ++duplicates_;
    discard(index);
  } else if (parcel.sequence > channel.expected) {
    channel.early.emplace(parcel.sequence, index);
  } else {
    in_order_.push_back(index);
    ++channel.expected;
    for (auto next = channel.early.begin();
         next != channel.early.end() && next->first == channel.expected;
         next = channel.early.erase(next)) {
      in_order_.push_back(next->second);
      ++channel.expected;
    }
  }
  return in_order_;
}

}  // namespace murm
