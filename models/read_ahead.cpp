#include "models/read_ahead.hpp"

#include <algorithm>
#include <string>

namespace murm {

ReadAhead::ReadAhead(std::shared_ptr<const Dataset> data, std::uint64_t seed, std::size_t batch_max,
                     const Augmentation& augmentation)
    : data_(std::move(data)),
      sampler_(seed, data_->size()),
      augmentation_(augmentation),
      batch_max_(batch_max) {}

void ReadAhead::read(Buffer& buffer) {
  const std::size_t features = data_->features();
  const std::size_t targets = data_->targets();
  if (buffer.labels.empty()) {
    buffer.features.resize(batch_max_ * features);
    buffer.labels.resize(batch_max_ * targets);
    if (augmentation_.any()) buffer.plain.resize(features);
  }
  for (std::size_t i = 0; i < buffer.count; ++i) {
    const SampleCount position = buffer.position + i;
    const auto to = std::span(buffer.features).subspan(i * features, features);
    const auto labels = std::span(buffer.labels).subspan(i * targets, targets);
    const std::span<float> plain = augmentation_.any() ? std::span(buffer.plain) : to;
    data_->read(sampler_.index(position), plain, labels);
    if (augmentation_.any()) augmentation_.apply(position, plain, to);
  }
}

void ReadAhead::forget_ranges(std::size_t count) {
  std::copy(ranges_.begin() + static_cast<std::ptrdiff_t>(count),
            ranges_.begin() + static_cast<std::ptrdiff_t>(range_count_), ranges_.begin());
  range_count_ -= count;
}

void ReadAhead::expect(SampleCount position, SampleCount samples) {
  const std::lock_guard<std::mutex> guard(mutex_);
  Range range{position, position + samples};
  const bool passed = passed_.begin >= range.begin && passed_.end <= range.end;
  if (passed && passed_.end > 0) range.begin = passed_.end;
  if (range.begin == range.end) return;
  if (range_count_ == ranges_.size()) forget_ranges(1);
  ranges_[range_count_++] = range;
}

ReadAhead::Buffer* ReadAhead::begin_filling() {
  const std::lock_guard<std::mutex> guard(mutex_);
  const auto buffer = std::find_if(buffers_.begin(), buffers_.end(),
                                   [](const Buffer& b) { return b.state == State::free; });
  if (buffer == buffers_.end() || range_count_ == 0) return nullptr;
  Range& range = ranges_.front();
  buffer->state = State::filling;
  buffer->position = range.begin;
  buffer->count = std::min<SampleCount>(batch_max_, range.end - range.begin);
  buffer->turn = ++turns_;
  range.begin += buffer->count;
  if (range.begin == range.end) forget_ranges(1);
  return &*buffer;
}

void ReadAhead::fill() {
  while (Buffer* buffer = begin_filling()) {
    State found = State::full;
    try {
      read(*buffer);
    } catch (const std::exception&) {
      found = State::free;  // the lane meets the same error when it comes to this batch
    }
    {
      const std::lock_guard<std::mutex> guard(mutex_);
      buffer->state = found;
    }
    filled_.notify_one();
  }
}

ReadAhead::Buffer* ReadAhead::find(SampleCount position, std::size_t count) {
  for (Buffer& buffer : buffers_) {
    const bool begun = buffer.state == State::filling || buffer.state == State::full;
    if (begun && buffer.position == position && buffer.count == count) return &buffer;
  }
  return nullptr;
}

bool ReadAhead::pass(SampleCount position, std::size_t count) {
  passed_ = {position, position + count};
  for (std::size_t i = 0; i < range_count_; ++i) {
    Range& range = ranges_[i];
    if (position < range.begin || position >= range.end) continue;
    range.begin = std::min(range.end, passed_.end);
    forget_ranges(range.begin == range.end ? i + 1 : i);
    return true;
  }
  return false;
}

void ReadAhead::drop_filled(std::uint64_t before) {
  for (Buffer& buffer : buffers_) {
    if (buffer.state == State::full && buffer.turn < before) buffer.state = State::free;
  }
}

ReadAhead::Buffer* ReadAhead::filled(std::unique_lock<std::mutex>& lock, SampleCount position,
                                     std::size_t count) {
  // A buffer whose reading failed is free at once, and perhaps already filled with another batch.
  filled_.wait(lock, [&] {
    const Buffer* begun = find(position, count);
    return begun == nullptr || begun->state == State::full;
  });
  Buffer* found = find(position, count);
  if (found != nullptr) drop_filled(found->turn);
  return found;
}

ReadAhead::Buffer* ReadAhead::empty_buffer(SampleCount position, std::size_t count) {
  if (pass(position, count)) drop_filled(turns_ + 1);
  Buffer* chosen = nullptr;
  for (Buffer& buffer : buffers_) {
    if (buffer.state == State::filling) continue;
    const bool better = chosen == nullptr || buffer.state == State::free ||
                        (chosen->state == State::full && buffer.turn < chosen->turn);
    if (better) chosen = &buffer;
  }
  MURM_ASSERT(chosen != nullptr, "both buffers are being filled");
  chosen->position = position;
  chosen->count = count;
  return chosen;
}

void ReadAhead::free_used() {
  for (Buffer& buffer : buffers_) {
    if (buffer.state == State::used) buffer.state = State::free;
  }
}

bool ReadAhead::can_fill() const {
  return range_count_ > 0 && std::any_of(buffers_.begin(), buffers_.end(),
                                         [](const Buffer& b) { return b.state == State::free; });
}

void ReadAhead::release() {
  bool wanted = false;
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    free_used();
    wanted = can_fill();
  }
  if (wanted && when_free_) when_free_();
}

Batch ReadAhead::take(SampleCount position, std::size_t count) {
  MURM_ASSERT(count <= batch_max_, std::to_string(count));
  const auto began = std::chrono::steady_clock::now();
  Buffer* buffer = nullptr;
  bool is_filled = false;
  bool wanted = false;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    free_used();
    buffer = filled(lock, position, count);
    is_filled = buffer != nullptr;
    if (!is_filled) buffer = empty_buffer(position, count);
    buffer->state = State::used;
    wanted = can_fill();
  }
  if (wanted && when_free_) when_free_();
  if (!is_filled) read(*buffer);
  waited_ += std::chrono::steady_clock::now() - began;
  return {std::span<const float>(buffer->features).first(count * data_->features()),
          std::span<const std::int32_t>(buffer->labels).first(count * data_->targets()), position,
          data_->targets()};
}

}  // namespace murm
