// The batches of one lane, read before they are asked for: two buffers that are filled in turn.
// Room: models. Joins a data set, the order of its samples and their augmentation; knows no actor, no lease.
// Caller: models/gradient_lane takes batches; actors/data_reader fills buffers. Without a reader every batch is read when taken.
#pragma once
#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "algorithms/vocabulary.hpp"
#include "models/data/augmentation.hpp"
#include "models/dataset.hpp"
#include "models/objective.hpp"
#include "models/sampler.hpp"

namespace murm {

/// Whoever reads it, a batch at one place of the run's stream has the same bits. Two threads: the lane's and the
/// reader's. Buffers are allocated when they are first used; after that nothing is.
class ReadAhead {
 public:
  ReadAhead(std::shared_ptr<const Dataset> data, std::uint64_t seed, std::size_t batch_max,
            const Augmentation& augmentation = {});

  // -- the reader's thread
  /// The samples [position, position + samples) will be asked for, in batches of batch_max. Of more than eight such
  /// ranges the oldest is forgotten.
  void expect(SampleCount position, SampleCount samples);
  /// Fills free buffers with what is expected; returns when no buffer is free or nothing is expected.
  /// What cannot be read is left to `take`, which says so.
  void fill();

  // -- the lane's thread
  /// The batch of `count` <= batch_max samples at `position`, valid until `release` or the next `take`. What was
  /// expected before it is given up. It waits only for a batch that is being read just now, and reads one
  /// that nobody has begun.   Errors: those of Dataset::read.
  Batch take(SampleCount position, std::size_t count);
  void release();
  /// Time that `take` has taken since this was last asked.
  std::chrono::nanoseconds take_waited() { return std::exchange(waited_, {}); }
  /// Called on the lane's thread where a buffer is free again and there is something to fill it with. Set it before
  /// anything is expected.
  void when_free(std::function<void()> call) { when_free_ = std::move(call); }

  const Dataset& data() const { return *data_; }

 private:
  enum class State : std::uint8_t { free, filling, full, used };
  struct Buffer {
    State state = State::free;
    SampleCount position = 0;
    std::size_t count = 0;
    std::uint64_t turn = 0;  // ascends in the order of filling
    std::vector<float> features;
    std::vector<std::int32_t> labels;
    std::vector<float> plain;  // one sample before its augmentation
  };
  struct Range {
    SampleCount begin = 0;
    SampleCount end = 0;
  };

  void read(Buffer& buffer);
  Buffer* begin_filling();
  Buffer* find(SampleCount position, std::size_t count);
  Buffer* filled(std::unique_lock<std::mutex>& lock, SampleCount position, std::size_t count);
  Buffer* empty_buffer(SampleCount position, std::size_t count);
  bool pass(SampleCount position, std::size_t count);
  void drop_filled(std::uint64_t before);
  void forget_ranges(std::size_t count);
  void free_used();
  bool can_fill() const;

  std::shared_ptr<const Dataset> data_;
  Sampler sampler_;
  Augmentation augmentation_;
  std::size_t batch_max_;

  std::mutex mutex_;
  std::condition_variable filled_;
  std::array<Buffer, 2> buffers_;
  std::array<Range, 8> ranges_;  // expected and not begun, in the order of their coming
  std::size_t range_count_ = 0;
  std::uint64_t turns_ = 0;
  Range passed_;  // what the lane read itself before it was expected

  std::function<void()> when_free_;
  std::chrono::nanoseconds waited_{0};  // the lane's
};

}  // namespace murm
