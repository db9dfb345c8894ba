#include "runtime/zmq_loop.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

using std::chrono::milliseconds;

constexpr int control_messages_per_turn = 256;  // then bulk gets its turn, and control again
constexpr int bulk_messages_per_turn = 64;
constexpr milliseconds flush_retry_first{1};  // ZeroMQ does not say which peer of a ROUTER has room
constexpr milliseconds flush_retry_max{8};

}  // namespace

ZmqLoop::ZmqLoop(TransportEvents events, const ZmqLimits& limits)
    : events_(std::move(events)),
      limits_(limits),
      wake_descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wake_descriptor_ < 0) {
    throw RunError("[runtime] no file descriptor for the network thread. HINT: see ulimit -n.");
  }
}

ZmqLoop::~ZmqLoop() { ::close(wake_descriptor_); }

void ZmqLoop::start() {
  thread_ = std::thread([this] { run(); });
}

void ZmqLoop::shutdown(milliseconds patience) {
  const std::lock_guard one_at_a_time(shutdown_mutex_);
  if (!thread_.joinable()) return;
  MURM_ASSERT(std::this_thread::get_id() != thread_.get_id(),
              std::string("shutdown in a callback"));
  {
    const std::lock_guard lock(mutex_);
    stop_at_ = Clock::now() + patience;
  }
  wake();
  thread_.join();
  context_.close();
}

void ZmqLoop::deliver(ConnectionId connection, Channel channel, Arrival& arrival) {
  counters_.bytes_received.fetch_add(arrival.bytes, std::memory_order_relaxed);
  counters_.messages_received.fetch_add(1, std::memory_order_relaxed);
  if (events_.received) events_.received(connection, channel, std::move(arrival.frames));
}

std::string ZmqLoop::oversize(const Outgoing& message) const {
  const bool control = message.channel == Channel::control;
  const std::size_t most = control ? limits_.control_frame_bytes_max : limits_.bulk_frame_bytes_max;
  const std::size_t largest = std::max(message.header.size(), message.payload_bytes);
  if (largest <= most) return {};
  return std::string("a ") + (control ? "control" : "bulk") + " frame of " +
         std::to_string(largest) + " bytes exceeds the limit of " + std::to_string(most);
}

bool ZmqLoop::overflows(const ParkedMessages& parked) const {
  return parked.count() > limits_.parked_messages_max || parked.bytes() > limits_.parked_bytes_max;
}

int ZmqLoop::messages_per_turn(Channel channel) {
  return channel == Channel::control ? control_messages_per_turn : bulk_messages_per_turn;
}

void ZmqLoop::post(Command command) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (stop_at_) return;
    was_empty = commands_.empty();
    commands_.push_back(std::move(command));
  }
  if (was_empty) wake();
}

void ZmqLoop::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_descriptor_, &one, sizeof one);
}

/// Until shutdown is asked for. An exception in here is a bug of ours and ends the process.
void ZmqLoop::run() {
  milliseconds flush_retry = flush_retry_first;
  for (;;) {
    std::deque<Command> commands;
    std::optional<Clock::time_point> stop_at;
    {
      const std::lock_guard lock(mutex_);
      commands.swap(commands_);
      stop_at = stop_at_;
    }
    if (stop_at) events_ = {};
    anything_parked_ = false;
    const std::uint64_t sent_before = counters_.snapshot().messages_sent;
    for (Command& command : commands) {
      std::visit([this](auto& c) { execute(std::move(c)); }, command);
    }
    if (stop_at) return finish(*stop_at);
    turn();
    const bool progress = counters_.snapshot().messages_sent != sent_before;
    flush_retry = progress ? flush_retry_first : std::min(2 * flush_retry, flush_retry_max);
    sleep(anything_parked_ ? Clock::now() + flush_retry : never);
  }
}

void ZmqLoop::sleep(Clock::time_point at_most) {
  std::vector<zmq::pollitem_t> items{{nullptr, wake_descriptor_, ZMQ_POLLIN, 0}};
  add_poll_items(items);
  const auto until = std::min(at_most, next_appointment());
  milliseconds timeout{-1};
  if (until != never) {
    timeout = std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(until - Clock::now()));
  }
  try {
    zmq::poll(items, timeout);
  } catch (const zmq::error_t& error) {
    if (error.num() != EINTR) throw;
  }
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t drained = ::read(wake_descriptor_, &count, sizeof count);
}

void ZmqLoop::finish(Clock::time_point deadline) {
  while (!flush_control() && Clock::now() < deadline) {
    // Not `sleep`: unread input would wake it at once, again and again.
    std::this_thread::sleep_for(flush_retry_first);
  }
  const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
  close(std::max(milliseconds{0}, left));
}

}  // namespace murm
