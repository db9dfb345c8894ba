// A transport without a network: what is sent is kept, and handed to the other side by the test.
// Room: tests.
// Caller: tests/unit/actors. Stands in for runtime/zmq_transport.
#pragma once
#include <algorithm>
#include <cstring>
#include <deque>
#include <mutex>
#include <vector>

#include "runtime/transport.hpp"

namespace murm {

/// Nothing is delivered by itself. Thread: any (actors send from theirs).
class FakeTransport final : public Transport {
 public:
  void send(Outgoing message) override {
    const std::lock_guard lock(mutex_);
    if (std::find(dropped_.begin(), dropped_.end(), message.to) != dropped_.end()) return;
    sent_.push_back(std::move(message));
  }
  void drop(ConnectionId connection) override {
    const std::lock_guard lock(mutex_);
    dropped_.push_back(connection);
  }
  void connect_bulk(std::string endpoint) override {
    const std::lock_guard lock(mutex_);
    bulk_ = std::move(endpoint);
  }
  std::string control_endpoint() const override { return "tcp://127.0.0.1:7000"; }
  std::string bulk_endpoint() const override { return "tcp://127.0.0.1:7001"; }
  TransportCounters counters() const override { return {}; }
  void shutdown(std::chrono::milliseconds /*patience*/) override {}

  /// What has been sent since the last call, with the memory it refers to kept alive.
  std::deque<Outgoing> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(sent_, {});
  }
  bool dropped(ConnectionId connection) const {
    const std::lock_guard lock(mutex_);
    return std::find(dropped_.begin(), dropped_.end(), connection) != dropped_.end();
  }

 private:
  mutable std::mutex mutex_;
  std::deque<Outgoing> sent_;
  std::vector<ConnectionId> dropped_;
  std::string bulk_;
};

/// The frames the receiver of a message gets: copies, 8-byte aligned, as a network makes them.
inline Frames arrived(const Outgoing& message) {
  const auto copy = [](const void* data, std::size_t size) {
    auto memory = std::make_shared<std::vector<std::uint64_t>>(size / 8 + 1);
    if (size > 0) std::memcpy(memory->data(), data, size);
    return Frame{reinterpret_cast<const std::byte*>(memory->data()), size, memory};
  };
  Frames frames;
  frames.frames.push_back(copy(message.header.data(), message.header.size()));
  if (message.payload != nullptr) {
    frames.frames.push_back(copy(message.payload, message.payload_bytes));
  }
  return frames;
}

}  // namespace murm
