#include <algorithm>
#include <cstring>
#include <deque>
#include <random>
#include <utility>

#include "algorithms/vocabulary.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/zmq_loop.hpp"
#include "runtime/zmq_socket.hpp"
#include "runtime/zmq_transport.hpp"

namespace murm {
namespace {

using std::chrono::milliseconds;

constexpr ConnectionId the_connection = 1;
constexpr milliseconds attempt_max{4000};  // more than ZeroMQ's own limits of connect and handshake
constexpr int watched_events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_CLOSED |
                               ZMQ_EVENT_DISCONNECTED;

/// Attempts are ours, not ZeroMQ's: its own reconnection would go on after a connection has stood,
/// with messages lost in between and nobody told.
class ZmqClient final : public ZmqLoop {
 public:
  ZmqClient(const Endpoint& server, TransportEvents events, const ZmqLimits& limits)
      : ZmqLoop(std::move(events), limits),
        routing_id_(make_routing_id()),
        jitter_(std::hash<std::string>{}(routing_id_)) {
    control_.endpoint = to_string(server);
    control_endpoint_ = control_.endpoint;
    attempt(control_);
    start();
  }
  ~ZmqClient() override { shutdown(destructor_patience); }

  std::string control_endpoint() const override { return control_endpoint_; }
  std::string bulk_endpoint() const override {
    const std::lock_guard lock(endpoint_mutex_);
    return bulk_endpoint_;
  }

 private:
  enum class State : std::uint8_t { idle, attempting, pausing, standing };
  struct News {
    bool stands = false;
    bool broken = false;
  };

  struct Line {  // one socket and what it is going through
    Channel channel = Channel::control;
    std::string endpoint{};
    State state = State::idle;
    zmq::socket_t socket{};
    zmq::socket_t monitor{};
    Clock::time_point appointment = never;  // end of the attempt or of the pause
    milliseconds pause{0};
    ParkedMessages parked{};
  };

  void add_poll_items(std::vector<zmq::pollitem_t>& items) override {
    for (Line* line : {&control_, &bulk_}) {
      if (line->state == State::standing)
        items.push_back({line->socket.handle(), 0, ZMQ_POLLIN, 0});
      if (line->monitor) items.push_back({line->monitor.handle(), 0, ZMQ_POLLIN, 0});
    }
  }
  Clock::time_point next_appointment() const override {
    return std::min({control_.appointment, bulk_.appointment, report_at_});
  }

  void turn() override {
    const News control_news = advance(control_);
    const News bulk_news = advance(bulk_);
    if (control_news.stands && events_.connected) events_.connected(the_connection);
    // What the server said before it left is still to be heard; the high water bounds its amount.
    const bool broken = control_news.broken || bulk_news.broken;
    for (Line* line : {&control_, &bulk_}) {
      if (line->state != State::standing) continue;
      while (!receive(*line) && broken) continue;
    }
    if (control_news.broken || Clock::now() >= report_at_) {
      return lose("the server has closed the connection, or cannot be reached any more");
    }
    if (bulk_news.broken) {
      hang_up(bulk_);
      report_at_ = Clock::now() + last_words_max;
    }
    for (Line* line : {&control_, &bulk_}) flush(*line);
  }

  bool receive(Line& line) {
    return ZmqLoop::receive(line.socket, line.channel, false, [this, &line](Arrival& arrival) {
      deliver(the_connection, line.channel, arrival);
    });
  }

  /// Opens the socket and begins to connect; how that ends the monitor tells.
  void attempt(Line& line) {
    line.socket = make_socket(context_, zmq::socket_type::dealer, line.channel, limits_);
    line.socket.set(zmq::sockopt::routing_id, routing_id_);
    const std::string monitor_name = "inproc://monitor-" + std::to_string(++attempts_);
    if (zmq_socket_monitor(line.socket.handle(), monitor_name.c_str(), watched_events) != 0) {
      throw zmq::error_t();
    }
    line.monitor = zmq::socket_t(context_, zmq::socket_type::pair);
    line.monitor.set(zmq::sockopt::linger, 0);
    line.monitor.connect(monitor_name);
    line.socket.connect(line.endpoint);
    line.state = State::attempting;
    line.appointment = Clock::now() + attempt_max;
  }

  void hang_up(Line& line) {
    line.socket.close();
    line.monitor.close();
    line.state = State::idle;
    line.appointment = never;
  }

  /// Doubling pauses, each shortened at random by up to a half: many workers do not come at once.
  void pause(Line& line) {
    hang_up(line);
    line.pause = std::min(std::max(2 * line.pause, limits_.retry_first), limits_.retry_max);
    std::uniform_int_distribution<milliseconds::rep> shorter(0, line.pause.count() / 2);
    line.appointment = Clock::now() + line.pause - milliseconds{shorter(jitter_)};
    line.state = State::pausing;
  }

  News advance(Line& line) {
    if (line.state == State::idle) return {};
    const int events = read_monitor(line);
    const bool failed = (events & ~ZMQ_EVENT_HANDSHAKE_SUCCEEDED) != 0;
    News news;
    if (line.state == State::attempting && (events & ZMQ_EVENT_HANDSHAKE_SUCCEEDED) != 0) {
      line.state = State::standing;
      line.appointment = never;
      news.stands = true;
    }
    const bool due = Clock::now() >= line.appointment;
    if (line.state == State::standing) {
      news.broken = failed;
    } else if (line.state == State::attempting && (failed || due)) {
      pause(line);
    } else if (line.state == State::pausing && due) {
      attempt_again(line);
    }
    return news;
  }

  void attempt_again(Line& line) {
    try {
      attempt(line);
    } catch (const zmq::error_t&) {  // descriptors may be short for a while
      pause(line);
    }
  }

  /// The events since the last time, or'ed.
  static int read_monitor(Line& line) {
    int events = 0;
    while (line.monitor) {
      zmq::message_t event;
      zmq::message_t address;
      if (!line.monitor.recv(event, zmq::recv_flags::dontwait)) break;
      [[maybe_unused]] const auto second = line.monitor.recv(address, zmq::recv_flags::dontwait);
      std::uint16_t number = 0;
      if (event.size() >= sizeof number) std::memcpy(&number, event.data(), sizeof number);
      events |= number;
    }
    return events & watched_events;
  }

  void execute(Outgoing&& message) override {
    if (lost_ || message.to != the_connection) return;
    if (const std::string reason = oversize(message); !reason.empty()) {
      refuse();
      return lose(reason);
    }
    Line& line = message.channel == Channel::control ? control_ : bulk_;
    line.parked.push(to_zmq(std::move(message)));
    flush(line);
    if (overflows(line.parked)) {
      lose("the server does not take what is sent to it; the queue has reached its limit");
    }
  }
  void execute(Drop&& command) override {
    if (command.connection == the_connection) leave();
  }
  void execute(ConnectBulk&& command) override {
    if (lost_ || !bulk_.endpoint.empty()) return;
    {
      const std::lock_guard lock(endpoint_mutex_);
      bulk_endpoint_ = command.endpoint;
    }
    bulk_.endpoint = std::move(command.endpoint);
    try {
      attempt(bulk_);
    } catch (const zmq::error_t& error) {
      lose("its bulk endpoint '" + bulk_.endpoint + "' cannot be used: " + error.what());
    }
  }

  void flush(Line& line) {
    if (line.state != State::standing) return;
    // "Full" covers a connection that has just broken: its monitor tells so next.
    if (line.parked.flush(line.socket, {}, counters_) != Sent::done) anything_parked_ = true;
  }

  void leave() {
    lost_ = true;
    report_at_ = never;
    for (Line* line : {&control_, &bulk_}) {
      hang_up(*line);
      line->parked = {};
    }
  }
  void lose(const std::string& reason) {
    leave();
    if (events_.disconnected) events_.disconnected(the_connection, reason);
  }

  bool flush_control() override {
    if (control_.state != State::standing) return true;
    flush(control_);
    return control_.parked.empty();
  }
  void close(milliseconds control_linger) override {
    if (control_.socket) {
      control_.socket.set(zmq::sockopt::linger, static_cast<int>(control_linger.count()));
    }
    leave();
  }

  const std::string routing_id_;
  std::minstd_rand jitter_;
  Line control_{Channel::control};
  Line bulk_{Channel::bulk};
  std::string control_endpoint_;
  mutable std::mutex endpoint_mutex_;
  std::string bulk_endpoint_;  // guarded by endpoint_mutex_
  std::uint64_t attempts_ = 0;
  Clock::time_point report_at_ = never;  // bulk has broken; control is still listened to until then
  bool lost_ = false;
};

}  // namespace

std::unique_ptr<Transport> connect_zmq(const std::string& endpoint, TransportEvents events,
                                       const ZmqLimits& limits) {
  const Endpoint parsed = parse_endpoint("server address", endpoint, EndpointUse::connect);
  try {
    return std::make_unique<ZmqClient>(parsed, std::move(events), limits);
  } catch (const zmq::error_t& error) {
    throw InputError("server address '" + endpoint + "' cannot be used: " + error.what() +
                     ". HINT: for example tcp://127.0.0.1:5555.");
  }
}

}  // namespace murm
