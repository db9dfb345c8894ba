#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <future>
#include <random>
#include <zmq.hpp>

#include "runtime/transport.hpp"
#include "runtime/zmq_transport.hpp"
#include "tests/catch.hpp"
#include "tests/unit/runtime_net/recorder.hpp"

using namespace murm;

namespace {

const std::string any_port = "tcp://127.0.0.1:*";

/// A peer that speaks ZeroMQ but is none of ours.
struct Stranger {
  explicit Stranger(const std::string& endpoint, const std::string& id = "") {
    socket.set(zmq::sockopt::linger, 0);
    if (!id.empty()) socket.set(zmq::sockopt::routing_id, id);
    socket.connect(endpoint);
  }
  void send(const std::string& text, bool more = false) {
    socket.send(zmq::buffer(text), more ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
  zmq::context_t context{1};
  zmq::socket_t socket{context, zmq::socket_type::dealer};
};

/// The server must still serve everybody else.
void check_alive(Transport& server, Recorder& events, std::size_t received_before) {
  Recorder client_events;
  auto client = connect_zmq(server.control_endpoint(), client_events.events());
  client->send(text_message(1, "still there?"));
  REQUIRE(events.wait_received(received_before + 1));
  const auto received = events.received();
  REQUIRE(received.size() == received_before + 1);
  CHECK(received.back().text() == "still there?");
  server.send(text_message(received.back().connection, "yes"));
  REQUIRE(client_events.wait_received(1));
}

/// Sends the bytes over plain TCP and returns when the other side has read them all and hung up.
void throw_and_wait(const std::string& endpoint, const std::string& bytes) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(
      static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{20, 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  REQUIRE(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  [[maybe_unused]] const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(),
                                               MSG_NOSIGNAL);
  ::shutdown(descriptor, SHUT_WR);
  std::array<char, 256> answer{};
  while (::recv(descriptor, answer.data(), answer.size(), 0) > 0) continue;
  ::close(descriptor);
}

}  // namespace

TEST_CASE("sending to a client that has vanished reports it as disconnected") {
  Recorder server_events;
  Recorder client_events;
  auto server = serve_zmq(any_port, server_events.events());
  auto client = connect_zmq(server->control_endpoint(), client_events.events());
  client->send(text_message(1, "hello"));
  REQUIRE(server_events.wait_received(1));
  const ConnectionId connection = server_events.received()[0].connection;
  client.reset();
  REQUIRE(eventually([&] {
    server->send(text_message(connection, "heartbeat"));
    return !server_events.disconnected().empty();
  }));
  server->send(text_message(connection, "once more"));
  check_alive(*server, server_events, 1);
  CHECK(server_events.disconnected() == std::vector<ConnectionId>{connection});
}

TEST_CASE("a client learns once that its server is gone and does not come back by itself") {
  const bool with_bulk = GENERATE(false, true);
  Recorder client_events;
  Recorder server_events;
  auto server = serve_zmq(any_port, server_events.events());
  const std::string endpoint = server->control_endpoint();
  auto client = connect_zmq(endpoint, client_events.events());
  if (with_bulk) client->connect_bulk(server->bulk_endpoint());
  client->send(text_message(1, "hello"));
  REQUIRE(server_events.wait_received(1));
  server.reset();
  REQUIRE(client_events.wait_disconnected());

  Recorder successor_events;
  auto successor = serve_zmq(endpoint, successor_events.events());
  client->send(text_message(1, "into the void"));
  check_alive(*successor, successor_events, 0);
  CHECK(client_events.disconnected().size() == 1);
  CHECK(client_events.connected_count() == 1);
}

TEST_CASE("everything the server said before it left is heard before the disconnection") {
  constexpr std::size_t count = 900;
  Recorder server_events;
  Recorder client_events;
  auto server = serve_zmq(any_port, server_events.events());
  auto client = connect_zmq(server->control_endpoint(), client_events.events());
  client->send(text_message(1, "hello"));
  REQUIRE(server_events.wait_received(1));
  for (std::size_t i = 0; i < count; ++i) server->send(text_message(1, "goodbye"));
  server->shutdown(std::chrono::seconds(5));
  REQUIRE(client_events.wait_disconnected());
  CHECK(client_events.received_before_disconnected() == count);
}

TEST_CASE("everything a client said before it left is heard before the disconnection") {
  constexpr std::size_t count = 900;
  Recorder server_events;
  std::promise<void> client_has_left;
  auto may_go_on = client_has_left.get_future();
  TransportEvents events = server_events.events();
  events.received = [&, record = events.received](ConnectionId from, Channel channel,
                                                  Frames frames) {
    record(from, channel, std::move(frames));
    if (may_go_on.valid()) may_go_on.get();  // holds the server up at the first message
  };
  auto server = serve_zmq(any_port, std::move(events));
  Recorder client_events;
  auto client = connect_zmq(server->control_endpoint(), client_events.events());
  client->send(text_message(1, "hello"));
  REQUIRE(server_events.wait_received(1));
  const ConnectionId connection = server_events.received()[0].connection;
  for (std::size_t i = 0; i < count; ++i) client->send(text_message(1, "goodbye"));
  client->shutdown(std::chrono::seconds(5));
  server->send(text_message(connection, "heartbeat"));
  client_has_left.set_value();
  REQUIRE(eventually([&] {
    server->send(text_message(connection, "heartbeat"));
    return !server_events.disconnected().empty();
  }));
  CHECK(server_events.received_before_disconnected() == 1 + count);
}

TEST_CASE("a client whose bulk breaks first is still heard on control and then reported") {
  constexpr std::size_t count = 100;
  const std::string id(16, 'r');
  Recorder server_events;
  auto server = serve_zmq(any_port, server_events.events());
  Stranger control(server->control_endpoint(), id);
  control.send("hello");
  REQUIRE(server_events.wait_received(1));
  const ConnectionId connection = server_events.received()[0].connection;
  {
    Stranger bulk(server->bulk_endpoint(), id);
    bulk.send("tensor");
    REQUIRE(server_events.wait_received(2));
  }
  for (std::size_t i = 0; i < count; ++i) {
    server->send(text_message(connection, "tensor", Channel::bulk));
    control.send("last words");
    REQUIRE(server_events.wait_received(3 + i));
  }
  REQUIRE(server_events.wait_disconnected());
  CHECK(server_events.received_before_disconnected() == 2 + count);
}

TEST_CASE("a server whose bulk breaks first is still heard on control and then reported") {
  constexpr std::size_t count = 100;
  zmq::context_t context(1);
  zmq::socket_t control(context, zmq::socket_type::router);
  zmq::socket_t bulk(context, zmq::socket_type::router);
  for (zmq::socket_t* socket : {&control, &bulk}) {
    socket->set(zmq::sockopt::linger, 0);
    socket->bind(any_port);
  }
  Recorder client_events;
  auto client = connect_zmq(control.get(zmq::sockopt::last_endpoint), client_events.events());
  client->connect_bulk(bulk.get(zmq::sockopt::last_endpoint));
  client->send(text_message(1, "hello"));
  client->send(text_message(1, "tensor", Channel::bulk));
  zmq::message_t id;
  zmq::message_t body;
  for (zmq::socket_t* socket : {&bulk, &control}) {
    REQUIRE(socket->recv(id));
    REQUIRE(socket->recv(body));
  }
  bulk.close();
  for (std::size_t i = 0; i < count; ++i) {
    control.send(zmq::buffer(id.to_string()), zmq::send_flags::sndmore);
    control.send(zmq::str_buffer("last words"), zmq::send_flags::none);
    REQUIRE(client_events.wait_received(1 + i));
  }
  REQUIRE(client_events.wait_disconnected());
  CHECK(client_events.received_before_disconnected() == count);
}

TEST_CASE("a dropped peer is heard no more while what was sent to it before still leaves") {
  Recorder server_events;
  Recorder client_events;
  auto server = serve_zmq(any_port, server_events.events());
  auto client = connect_zmq(server->control_endpoint(), client_events.events());
  client->connect_bulk(server->bulk_endpoint());
  client->send(text_message(1, "hello"));
  REQUIRE(server_events.wait_received(1));
  const ConnectionId connection = server_events.received()[0].connection;
  server->send(text_message(connection, "refused"));
  server->drop(connection);
  REQUIRE(client_events.wait_received(1));
  client->send(text_message(1, "but"));
  client->send(text_message(1, "but", Channel::bulk));
  REQUIRE(eventually([&] { return server->counters().refused >= 2; }));
  check_alive(*server, server_events, 1);
  CHECK(server_events.disconnected().empty());
}

TEST_CASE("a peer that does not take its messages is disconnected at the limit") {
  ZmqLimits small;
  small.bulk_high_water = 1;
  small.parked_messages_max = 8;
  Recorder server_events;
  auto server = serve_zmq(any_port, server_events.events(), small);
  Stranger control(server->control_endpoint(), std::string(16, 'r'));
  control.send("hello");
  REQUIRE(server_events.wait_received(1));
  const ConnectionId connection = server_events.received()[0].connection;
  for (int i = 0; i < 16; ++i) server->send(text_message(connection, "data", Channel::bulk));
  REQUIRE(server_events.wait_disconnected());
  check_alive(*server, server_events, 1);
}

TEST_CASE("an oversize control frame of ours is refused before it leaves") {
  Recorder server_events;
  auto server = serve_zmq(any_port, server_events.events());
  Stranger peer(server->control_endpoint(), std::string(16, 'r'));
  peer.send("hello");
  REQUIRE(server_events.wait_received(1));
  server->send(text_message(server_events.received()[0].connection, std::string(65537, 'x')));
  REQUIRE(server_events.wait_disconnected());
  CHECK(server_events.reasons()[0].find("65537") != std::string::npos);
  CHECK(server->counters().refused == 1);
}

TEST_CASE("an oversize control frame of a stranger harms nobody") {
  Recorder server_events;
  auto server = serve_zmq(any_port, server_events.events());
  Stranger peer(server->control_endpoint(), std::string(16, 'r'));
  peer.send(std::string(65536, 'x'));
  REQUIRE(server_events.wait_received(1));
  peer.send(std::string(65537, 'x'));
  check_alive(*server, server_events, 1);
}

TEST_CASE("messages of a wrong shape or of unknown senders are refused and counted") {
  Recorder server_events;
  auto server = serve_zmq(any_port, server_events.events());
  SECTION("three frames") {
    Stranger peer(server->control_endpoint(), std::string(16, 'r'));
    for (int i = 0; i < 100; ++i) peer.send("part", true);
    peer.send("last");
    REQUIRE(eventually([&] { return server->counters().refused == 1; }));
  }
  SECTION("a routing id that is not ours") {
    Stranger peer(server->control_endpoint());
    peer.send("hello");
    REQUIRE(eventually([&] { return server->counters().refused == 1; }));
  }
  SECTION("bulk before control") {
    Stranger peer(server->bulk_endpoint(), std::string(16, 'r'));
    peer.send("hello");
    REQUIRE(eventually([&] { return server->counters().refused == 1; }));
  }
  check_alive(*server, server_events, 0);
}

TEST_CASE("more connections than the limit are refused") {
  ZmqLimits limits;
  limits.connections_max = 1;
  Recorder server_events;
  auto server = serve_zmq(any_port, server_events.events(), limits);
  Stranger first(server->control_endpoint(), std::string(16, 'a'));
  first.send("hello");
  REQUIRE(server_events.wait_received(1));
  Stranger second(server->control_endpoint(), std::string(16, 'b'));
  second.send("hello");
  REQUIRE(eventually([&] { return server->counters().refused == 1; }));
  CHECK(server_events.received().size() == 1);
}

TEST_CASE("bytes thrown at the ports never reach the callback") {
  Recorder server_events;
  auto server = serve_zmq(any_port, server_events.events());
  std::minstd_rand random(1);
  for (int attack = 0; attack < 48; ++attack) {
    std::string bytes(1 + random() % 3000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    // A complete ZMTP 1.0 talk: identity frame of 16 bytes, message frame of 6.
    if (attack % 4 == 1)
      bytes = std::string("\x11\0", 2) + std::string(16, 'z') + std::string("\x07\0attack", 8);
    if (attack % 4 == 2) bytes = std::string("\xff\0\0\0\0\0\0\0\x11\x7f\x03\0NULL", 16) + bytes;
    if (attack % 4 == 3) bytes = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    throw_and_wait(attack % 8 < 4 ? server->control_endpoint() : server->bulk_endpoint(), bytes);
  }
  check_alive(*server, server_events, 0);
}
