// The I/O thread of a transport: a queue into it, a turn for its sockets, an orderly end.
// Room: runtime, inside of the transport. What the sockets are is up to the two roles.
// Caller: runtime/zmq_server.cpp, runtime/zmq_client.cpp. Source: reliability design, bridge; Z4, Z11, Z13.
#pragma once
#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "runtime/zmq_socket.hpp"
#include "runtime/zmq_transport.hpp"

namespace murm {

class ZmqLoop : public Transport {
 public:
  ~ZmqLoop() override;
  ZmqLoop(const ZmqLoop&) = delete;
  ZmqLoop& operator=(const ZmqLoop&) = delete;

  void send(Outgoing message) final { post(std::move(message)); }
  void drop(ConnectionId connection) final { post(Drop{connection}); }
  void connect_bulk(std::string endpoint) final { post(ConnectBulk{std::move(endpoint)}); }
  TransportCounters counters() const final { return counters_.snapshot(); }
  void shutdown(std::chrono::milliseconds patience) final;

 protected:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point never = Clock::time_point::max();
  static constexpr std::chrono::milliseconds destructor_patience{200};
  /// A peer that leaves in good order closes bulk while its last control messages are still under way:
  /// a break of bulk alone becomes the end of the connection only after this time.
  static constexpr std::chrono::milliseconds last_words_max{1000};

  struct Drop {
    ConnectionId connection = 0;
  };
  struct ConnectBulk {
    std::string endpoint;
  };

  ZmqLoop(TransportEvents events, const ZmqLimits& limits);
  /// Last statement of a role's constructor; its destructor calls shutdown first.
  void start();

  // -- the role; all of it on the I/O thread
  virtual void add_poll_items(std::vector<zmq::pollitem_t>& items) = 0;
  virtual void turn() = 0;  // receives, sends again what waits, keeps appointments
  virtual Clock::time_point next_appointment() const = 0;
  virtual void execute(Outgoing&& message) = 0;
  virtual void execute(Drop&& command) = 0;
  virtual void execute(ConnectBulk&& command) = 0;
  virtual bool flush_control() = 0;  // true: nothing is left that could leave
  virtual void close(std::chrono::milliseconds control_linger) = 0;

  // -- for the role
  /// Reads a bounded number of messages and gives the well-formed ones to `take`. True: none is left.
  template <class Take>
  bool receive(zmq::socket_t& socket, Channel channel, bool is_router, Take take) {
    for (int left = messages_per_turn(channel); left > 0; --left) {
      auto arrival = receive_now(socket, is_router);
      if (!arrival) return true;
      arrival->well_formed ? take(*arrival) : refuse();
    }
    return false;
  }
  void deliver(ConnectionId connection, Channel channel, Arrival& arrival);
  void refuse() { counters_.refused.fetch_add(1, std::memory_order_relaxed); }
  /// Why a message cannot be sent, or an empty string: its receiver would cut the connection.
  std::string oversize(const Outgoing& message) const;
  bool overflows(const ParkedMessages& parked) const;
  static int messages_per_turn(Channel channel);

  TransportEvents events_;
  const ZmqLimits limits_;
  ZmqCounters counters_;
  zmq::context_t context_{1};     // one ZeroMQ I/O thread
  bool anything_parked_ = false;  // some peer has no room: try again soon

 private:
  using Command = std::variant<Outgoing, Drop, ConnectBulk>;

  void post(Command command);
  void wake() const;
  void run();
  void sleep(Clock::time_point at_most);
  void finish(Clock::time_point deadline);

  int wake_descriptor_ = -1;
  std::mutex shutdown_mutex_;
  std::mutex mutex_;
  std::deque<Command> commands_;              // guarded by mutex_
  std::optional<Clock::time_point> stop_at_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace murm
