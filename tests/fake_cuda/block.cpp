#include "tests/fake_cuda/block.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "tests/fake_cuda/fiber.hpp"

constinit thread_local uint3 threadIdx{0, 0, 0};
constinit thread_local uint3 blockIdx{0, 0, 0};
constinit thread_local dim3 blockDim{};
constinit thread_local dim3 gridDim{};

namespace murm::fake_cuda {
namespace {

constexpr unsigned kWarp = 32;

struct Thread {
  enum class State : std::uint8_t { fresh, ready, at_barrier, at_meeting, returned };
  State state = State::fresh;
  Meeting meeting = Meeting::sync;
  unsigned mask = 0;
  unsigned source = 0;
  std::uint64_t value = 0;  // brought to a meeting, then what it gives
  Fiber* fiber = nullptr;
};
using State = Thread::State;

[[noreturn]] void die(const std::string& sentence) {
  std::fprintf(stderr, "fake CUDA: block (%u,%u,%u), %s\n", blockIdx.x, blockIdx.y, blockIdx.z,
               sentence.c_str());
  std::fflush(stderr);
  std::abort();
}

/// How a message calls thread `t` of the block.
std::string name(std::size_t t) { return "thread " + std::to_string(t); }

/// The block that this OS thread executes, and stacks that are used again.
class Block {
 public:
  /// Executes one block of this shape to its end.
  void run(dim3 shape, unsigned turn, const std::function<void()>& thread);
  void carry();
  void wait(State state);
  std::uint64_t meet(Meeting meeting, unsigned mask, std::uint64_t value, unsigned source);
  unsigned lane() const { return static_cast<unsigned>(current_ % kWarp); }

 private:
  std::size_t at(std::size_t position) const {
    return backward_ ? threads_.size() - 1 - position : position;
  }
  void become(std::size_t t);
  void enter(Fiber* fiber);
  bool settle();
  bool settle_barrier();
  bool settle_meeting(std::size_t t);
  [[noreturn]] void report_deadlock() const;
  Fiber* idle_fiber();

  dim3 shape_;
  bool executing_ = false;
  bool backward_ = false;
  const std::function<void()>* body_ = nullptr;
  std::vector<Thread> threads_;
  std::size_t current_ = 0;  // thread
  std::size_t started_ = 0;  // threads, in the order of starting
  Fiber* entered_ = nullptr;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> idle_;
};

thread_local Block block;

void carry_threads() { block.carry(); }

Fiber* Block::idle_fiber() {
  if (idle_.empty()) {
    fibers_.push_back(std::make_unique<Fiber>(carry_threads));
    idle_.push_back(fibers_.back().get());
  }
  Fiber* fiber = idle_.back();
  idle_.pop_back();
  return fiber;
}

void Block::become(std::size_t t) {
  current_ = t;
  const auto i = static_cast<unsigned>(t);
  threadIdx = {i % shape_.x, i / shape_.x % shape_.y, i / (shape_.x * shape_.y)};
}

/// On a fiber: starts threads one after another. One that waits takes the fiber with it, and another one goes on.
void Block::carry() {
  while (started_ < threads_.size()) {
    const std::size_t t = at(started_++);
    become(t);
    threads_[t].state = State::ready;
    (*body_)();
    threads_[t].state = State::returned;
  }
}

void Block::enter(Fiber* fiber) {
  entered_ = fiber;
  fiber->enter();
  if (fiber->idle()) idle_.push_back(fiber);
}

void Block::wait(State state) {
  if (!executing_) die("a barrier or a shuffle is called outside of a kernel");
  Thread& thread = threads_[current_];
  thread.state = state;
  thread.fiber = entered_;
  entered_->leave();
}

std::uint64_t Block::meet(Meeting meeting, unsigned mask, std::uint64_t value, unsigned source) {
  if (!executing_) die("a barrier or a shuffle is called outside of a kernel");
  if ((mask >> lane() & 1U) == 0) die(name(current_) + " calls a shuffle whose mask leaves it out");
  Thread& thread = threads_[current_];
  thread.meeting = meeting;
  thread.mask = mask;
  thread.value = value;
  thread.source = source;
  wait(State::at_meeting);
  return thread.value;
}

/// Lets go who waits at the barrier, if nobody is missing.
bool Block::settle_barrier() {
  for (const Thread& thread : threads_) {
    if (thread.state != State::at_barrier && thread.state != State::returned) return false;
  }
  for (Thread& thread : threads_) {
    if (thread.state == State::at_barrier) thread.state = State::ready;
  }
  return true;
}

/// Lets go the lanes that thread `t` wants to meet, if all of them have come.
bool Block::settle_meeting(std::size_t t) {
  const Thread& first = threads_[t];
  const std::size_t warp = t / kWarp * kWarp;
  const std::size_t lanes = std::min<std::size_t>(kWarp, threads_.size() - warp);
  unsigned members = 0;
  for (std::size_t l = 0; l < lanes; ++l) {
    const Thread& lane = threads_[warp + l];
    if ((first.mask >> l & 1U) == 0 || lane.state == State::returned) continue;
    if (lane.state != State::at_meeting || lane.mask != first.mask) return false;
    if (lane.meeting != first.meeting) die("lanes of one warp meet in different calls");
    members |= 1U << l;
  }
  std::array<std::uint64_t, kWarp> brought{};
  std::uint64_t ballot = 0;
  for (std::size_t l = 0; l < lanes; ++l) {
    brought[l] = threads_[warp + l].value;
    if ((members >> l & 1U) != 0 && brought[l] != 0) ballot |= std::uint64_t{1} << l;
  }
  for (std::size_t l = 0; l < lanes; ++l) {
    if ((members >> l & 1U) == 0) continue;
    Thread& lane = threads_[warp + l];
    lane.state = State::ready;
    if (lane.meeting == Meeting::ballot) lane.value = ballot;
    if (lane.meeting != Meeting::shuffle) continue;
    if ((members >> lane.source & 1U) == 0) {
      die(name(warp + l) + " reads from lane " + std::to_string(lane.source) +
          ", which has returned or takes no part");
    }
    lane.value = brought[lane.source];
  }
  return true;
}

/// Whether somebody may go on.
bool Block::settle() {
  if (settle_barrier()) return true;
  bool any = false;
  for (std::size_t t = 0; t < threads_.size(); ++t) {
    if (threads_[t].state == State::at_meeting && settle_meeting(t)) any = true;
  }
  return any;
}

void Block::report_deadlock() const {
  std::size_t at_barrier = 0;
  std::size_t at_meeting = 0;
  std::string example;
  for (std::size_t t = 0; t < threads_.size(); ++t) {
    if (threads_[t].state == State::at_barrier) ++at_barrier;
    if (threads_[t].state != State::at_meeting) continue;
    if (at_meeting++ == 0) {
      std::array<char, 16> mask{};
      std::snprintf(mask.data(), mask.size(), "0x%08x", threads_[t].mask);
      example = " (" + name(t) + " with mask " + mask.data() + ")";
    }
  }
  die("deadlock: " + std::to_string(at_barrier) + " threads wait at __syncthreads, " +
      std::to_string(at_meeting) + " for lanes of their warp" + example +
      ", and nobody is left who could come");
}

void Block::run(dim3 shape, unsigned turn, const std::function<void()>& thread) {
  shape_ = shape;
  body_ = &thread;
  threads_.assign(std::size_t{shape.x} * shape.y * shape.z, Thread{});
  started_ = 0;
  backward_ = turn % 2 != 0;
  executing_ = true;
  while (started_ < threads_.size()) enter(idle_fiber());
  for (;;) {
    const bool done = std::all_of(threads_.begin(), threads_.end(),
                                  [](const Thread& t) { return t.state == State::returned; });
    if (done) break;
    if (!settle()) report_deadlock();
    backward_ = !backward_;
    for (std::size_t position = 0; position < threads_.size(); ++position) {
      const std::size_t t = at(position);
      if (threads_[t].state != State::ready) continue;
      become(t);
      enter(threads_[t].fiber);
    }
  }
  executing_ = false;
}

}  // namespace

void run_grid(dim3 grid, dim3 shape, unsigned turn, const std::function<void()>& thread) {
  gridDim = grid;
  blockDim = shape;
  const std::size_t blocks = std::size_t{grid.x} * grid.y * grid.z;
  for (std::size_t position = 0; position < blocks; ++position) {
    const std::size_t b = turn / 2 % 2 == 0 ? position : blocks - 1 - position;
    blockIdx = {static_cast<unsigned>(b % grid.x), static_cast<unsigned>(b / grid.x % grid.y),
                static_cast<unsigned>(b / grid.x / grid.y)};
    block.run(shape, turn + static_cast<unsigned>(position), thread);
  }
}

void wait_for_block() { block.wait(State::at_barrier); }

std::uint64_t meet(Meeting meeting, unsigned mask, std::uint64_t value, unsigned source) {
  return block.meet(meeting, mask, value, source);
}

unsigned lane_of_warp() { return block.lane(); }

}  // namespace murm::fake_cuda
