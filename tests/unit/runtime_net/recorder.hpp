// Collects a transport's events and waits for them, with a deadline instead of a sleep.
// Room: tests. Knows the transport interface only.
// Caller: tests/unit/runtime_net. Source: none.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/transport.hpp"

namespace murm {

class Recorder {
 public:
  struct Received {
    ConnectionId connection = 0;
    Channel channel = Channel::control;
    Frames frames;
    std::string text(std::size_t index = 0) const {
      const Frame& frame = frames.frames.at(index);
      return {reinterpret_cast<const char*>(frame.data), frame.size};
    }
  };
  static constexpr std::chrono::seconds patience{20};

  TransportEvents events() {
    TransportEvents result;
    result.received = [this](ConnectionId connection, Channel channel, Frames frames) {
      record([&] { received_.push_back({connection, channel, std::move(frames)}); });
    };
    result.connected = [this](ConnectionId connection) {
      record([&] { connected_.push_back(connection); });
    };
    result.disconnected = [this](ConnectionId connection, const std::string& reason) {
      record([&] {
        disconnected_.push_back(connection);
        reasons_.push_back(reason);
        received_before_disconnected_ = received_.size();
      });
    };
    return result;
  }

  bool wait_received(std::size_t count) {
    return wait([&] { return received_.size() >= count; });
  }
  bool wait_connected() {
    return wait([&] { return !connected_.empty(); });
  }
  bool wait_disconnected() {
    return wait([&] { return !disconnected_.empty(); });
  }

  std::vector<Received> received() { return copy(received_); }
  std::vector<ConnectionId> disconnected() { return copy(disconnected_); }
  std::vector<std::string> reasons() { return copy(reasons_); }
  std::size_t received_before_disconnected() {
    const std::lock_guard lock(mutex_);
    return received_before_disconnected_;
  }
  std::size_t connected_count() { return copy(connected_).size(); }

 private:
  template <class Change>
  void record(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, condition);
  }
  template <class Values>
  Values copy(const Values& values) {
    const std::lock_guard lock(mutex_);
    return values;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Received> received_;
  std::vector<ConnectionId> connected_;
  std::vector<ConnectionId> disconnected_;
  std::vector<std::string> reasons_;
  std::size_t received_before_disconnected_ = 0;
};

inline Outgoing text_message(ConnectionId to, const std::string& text,
                             Channel channel = Channel::control) {
  Outgoing message;
  message.to = to;
  message.channel = channel;
  message.header.resize(text.size());
  std::memcpy(message.header.data(), text.data(), text.size());
  return message;
}

/// True when the condition comes true within the patience; asks again and again.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + Recorder::patience;
  std::mutex mutex;
  std::condition_variable pulse;
  std::unique_lock lock(mutex);
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    pulse.wait_for(lock, std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace murm
