#include "serialization/frame_tensor.hpp"

#include <cstring>
#include <limits>
#include <string>
#include <utility>

namespace murm {
namespace {

bool same(const Lease& a, const Lease& b) {
  return a.id == b.id && a.step == b.step && a.index == b.index && a.quorum == b.quorum &&
         a.position == b.position && a.samples == b.samples && a.requested == b.requested &&
         a.epoch == b.epoch;
}

bool same_header(const BulkMessage& a, const BulkMessage& b) {
  const Message& x = a.routed.message;
  const Message& y = b.routed.message;
  return a.routed.to == b.routed.to && x.kind == y.kind && x.from == y.from && x.shard == y.shard &&
         x.version == y.version && same(x.lease, y.lease) && x.loss_sum == y.loss_sum &&
         x.learning_rate == y.learning_rate && x.round == y.round && x.weight == y.weight &&
         x.dropped == y.dropped && x.course == y.course &&
         a.chunk.payload_elements == b.chunk.payload_elements;
}

}  // namespace

void FrameStorage::append(std::shared_ptr<void> owner, std::span<const std::byte> bytes) {
  MURM_ASSERT(bytes.size() % sizeof(float) == 0, std::to_string(bytes.size()));
  const std::size_t length = bytes.size() / sizeof(float);
  if (length == 0) return;
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(float) != 0) {
    auto copy = std::make_shared<std::vector<float>>(length);
    std::memcpy(copy->data(), bytes.data(), bytes.size());
    runs_.push_back({copy->data(), length});
    owners_.push_back(std::move(copy));
    return;
  }
  // Runs are mutable by type only: a storage of frames is never written to.
  auto* data = reinterpret_cast<float*>(const_cast<std::byte*>(bytes.data()));
  runs_.push_back({data, length});
  owners_.push_back(std::move(owner));
}

std::optional<Refused> Reassembler::judge(const BulkMessage& message,
                                          std::span<const std::byte> payload) const {
  const ChunkInfo& chunk = message.chunk;
  if (payload.size() != std::size_t{chunk.elements} * sizeof(float)) {
    return Refused{DecodeFault::bad_field, "frame 1 is not as long as its chunk"};
  }
  if (chunk.offset_elements != elements_) {
    return Refused{DecodeFault::bad_sequence,
                   "a chunk starts at " + std::to_string(chunk.offset_elements) + " where " +
                       std::to_string(elements_) + " was due"};
  }
  if (!first_) {
    if (chunk.transfer < next_transfer_ ||
        chunk.transfer == std::numeric_limits<std::uint64_t>::max()) {
      return Refused{DecodeFault::bad_sequence,
                     "transfer " + std::to_string(chunk.transfer) + " is not new"};
    }
    if (chunk.payload_elements > payload_bytes_max_ / sizeof(float)) {
      return Refused{DecodeFault::oversized, "a payload of " +
                                                 std::to_string(chunk.payload_elements) +
                                                 " numbers passes the limit of this connection"};
    }
    return std::nullopt;
  }
  if (chunk.transfer != first_->chunk.transfer) {
    return Refused{DecodeFault::bad_sequence,
                   "a transfer begins before the one under way is complete"};
  }
  if (!same_header(message, *first_)) {
    return Refused{DecodeFault::bad_field, "the chunks of a transfer disagree about its header"};
  }
  // Every frame costs memory beyond its bytes, so a payload may not come in crumbs.
  if (chunks_ > chunks_free + elements_ * sizeof(float) / chunk_bytes_mean_min) {
    return Refused{DecodeFault::bad_field, "a payload comes in too many small chunks"};
  }
  return std::nullopt;
}

Decoded<std::optional<Routed>> Reassembler::add(const BulkMessage& message,
                                                std::span<const std::byte> payload,
                                                std::shared_ptr<void> owner) {
  if (auto refused = judge(message, payload)) {
    drop();
    return std::move(*refused);
  }
  const ChunkInfo& chunk = message.chunk;
  if (!first_) {
    first_ = message;
    next_transfer_ = chunk.transfer + 1;
    storage_ = std::make_shared<FrameStorage>();
  }
  storage_->append(std::move(owner), payload);
  elements_ += chunk.elements;
  ++chunks_;
  if (elements_ < chunk.payload_elements) return std::optional<Routed>();
  Routed complete = std::move(first_->routed);
  complete.message.payload = elements_ == 0 ? Tensor() : Tensor(std::move(storage_), 0, elements_);
  drop();
  return std::optional<Routed>(std::move(complete));
}

void Reassembler::drop() {
  first_.reset();
  storage_.reset();
  elements_ = 0;
  chunks_ = 0;
}

}  // namespace murm
