#include "runtime/transport.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "algorithms/vocabulary.hpp"
#include "runtime/zmq_transport.hpp"
#include "tests/catch.hpp"
#include "tests/unit/runtime_net/recorder.hpp"

using namespace murm;

namespace {

std::string abstract_name(const std::string& name) {
  return "ipc://@murm-test-" + std::to_string(::getpid()) + "-" + name;
}

/// A server, and a client that has said "hello" on control.
struct Pair {
  explicit Pair(const std::string& endpoint = "tcp://127.0.0.1:*", const ZmqLimits& limits = {}) {
    server = serve_zmq(endpoint, server_events.events(), limits);
    client = connect_zmq(server->control_endpoint(), client_events.events(), limits);
    client->connect_bulk(server->bulk_endpoint());
    client->send(text_message(1, "hello"));
    REQUIRE(server_events.wait_received(1));
    connection = server_events.received()[0].connection;
  }
  Recorder server_events;
  Recorder client_events;
  std::unique_ptr<Transport> server;
  std::unique_ptr<Transport> client;
  ConnectionId connection = 0;
};

Outgoing chunk(ConnectionId to, std::uint32_t index,
               std::shared_ptr<std::vector<std::uint32_t>> data) {
  Outgoing message = text_message(to, std::to_string(index), Channel::bulk);
  message.payload = data->data();
  message.payload_bytes = data->size() * sizeof(std::uint32_t);
  message.keep_alive = std::move(data);
  return message;
}

}  // namespace

TEST_CASE("a server over ipc leaves no socket file behind") {
  const std::string path = "/tmp/murm-test-file-" + std::to_string(::getpid());
  {
    Pair pair("ipc://" + path);
    CHECK(::access(path.c_str(), F_OK) == 0);
    CHECK(::access((path + ".bulk").c_str(), F_OK) == 0);
  }
  CHECK(::access(path.c_str(), F_OK) != 0);
  CHECK(::access((path + ".bulk").c_str(), F_OK) != 0);
}

TEST_CASE("control and bulk make the round trip over tcp and ipc") {
  const std::string endpoint = GENERATE(std::string("tcp://127.0.0.1:*"), abstract_name("round"),
                                        "ipc:///tmp/murm-test-" + std::to_string(::getpid()));
  Pair pair(endpoint);
  CHECK(pair.connection != 0);
  CHECK(pair.client_events.connected_count() == 1);
  CHECK(pair.server->control_endpoint() != pair.server->bulk_endpoint());

  pair.server->send(text_message(pair.connection, "welcome"));
  REQUIRE(pair.client_events.wait_received(1));
  CHECK(pair.client_events.received()[0].text() == "welcome");
  CHECK(pair.client_events.received()[0].channel == Channel::control);

  pair.client->send(chunk(1, 7, std::make_shared<std::vector<std::uint32_t>>(3, 0x20202020U)));
  REQUIRE(pair.server_events.wait_received(2));
  const auto bulk = pair.server_events.received()[1];
  CHECK(bulk.connection == pair.connection);
  CHECK(bulk.channel == Channel::bulk);
  CHECK(bulk.text(0) == "7");
  CHECK(bulk.text(1) == std::string(12, ' '));

  pair.server->send(text_message(pair.connection, "tensor", Channel::bulk));
  REQUIRE(pair.client_events.wait_received(2));
  CHECK(pair.client_events.received()[1].channel == Channel::bulk);
  CHECK(eventually([&] {  // counted after ZeroMQ has taken it, perhaps after its arrival
    return pair.server->counters().bytes_sent == std::string("welcometensor").size();
  }));
  CHECK(pair.server->counters().bytes_received == std::string("hello7").size() + 12);
  CHECK(pair.server->counters().refused == 0);
}

TEST_CASE("bulk sent by the server before the client's bulk channel stands is not lost") {
  Recorder server_events;
  Recorder client_events;
  auto server = serve_zmq("tcp://127.0.0.1:*", server_events.events());
  auto client = connect_zmq(server->control_endpoint(), client_events.events());
  client->send(text_message(1, "hello"));
  REQUIRE(server_events.wait_received(1));
  const ConnectionId connection = server_events.received()[0].connection;
  server->send(text_message(connection, "early", Channel::bulk));
  server->send(text_message(connection, "go on"));
  REQUIRE(client_events.wait_received(1));
  client->connect_bulk(server->bulk_endpoint());
  REQUIRE(client_events.wait_received(2));
  CHECK(client_events.received()[1].text() == "early");
  CHECK(server_events.disconnected().empty());
}

TEST_CASE("64 MiB in chunks of 1 MiB arrive intact and in order and in place") {
  constexpr std::uint32_t chunks = 64;
  constexpr std::size_t words = (1U << 20U) / sizeof(std::uint32_t);
  Pair pair;
  std::vector<std::weak_ptr<std::vector<std::uint32_t>>> alive;
  for (std::uint32_t i = 0; i < chunks; ++i) {
    auto data = std::make_shared<std::vector<std::uint32_t>>(words);
    for (std::size_t w = 0; w < words; ++w)
      (*data)[w] = i * 2654435761U + static_cast<std::uint32_t>(w);
    alive.push_back(data);
    pair.client->send(chunk(1, i, std::move(data)));
  }
  REQUIRE(pair.server_events.wait_received(1 + chunks));
  const auto received = pair.server_events.received();
  std::uint64_t wrong = 0;
  for (std::uint32_t i = 0; i < chunks; ++i) {
    const auto& message = received[1 + i];
    REQUIRE(message.text() == std::to_string(i));
    const Frame& frame = message.frames.frames.at(1);
    REQUIRE(frame.size == words * sizeof(std::uint32_t));
    REQUIRE(reinterpret_cast<std::uintptr_t>(frame.data) % 8 == 0);
    const auto* values = reinterpret_cast<const std::uint32_t*>(frame.data);
    for (std::size_t w = 0; w < words; ++w) {
      wrong += values[w] != i * 2654435761U + static_cast<std::uint32_t>(w);
    }
  }
  CHECK(wrong == 0);
  CHECK(eventually([&] {
    return std::all_of(alive.begin(), alive.end(), [](const auto& data) { return data.expired(); });
  }));
}

TEST_CASE("received bytes outlive the transport that received them") {
  Frames kept;
  {
    Pair pair;
    pair.client->send(chunk(1, 0, std::make_shared<std::vector<std::uint32_t>>(100000, 42U)));
    REQUIRE(pair.server_events.wait_received(2));
    kept = pair.server_events.received()[1].frames;
  }
  const Frame& frame = kept.frames.at(1);
  std::uint32_t last = 0;
  std::memcpy(&last, frame.data + frame.size - sizeof last, sizeof last);
  CHECK(last == 42U);
}

TEST_CASE("a queue larger than ZeroMQ's own is kept in order") {
  ZmqLimits small;
  small.bulk_high_water = 2;
  small.control_high_water = 2;
  Pair pair("tcp://127.0.0.1:*", small);
  constexpr std::size_t count = 500;
  for (std::size_t i = 0; i < count; ++i) {
    pair.server->send(text_message(pair.connection, std::to_string(i)));
  }
  REQUIRE(pair.client_events.wait_received(count));
  const auto received = pair.client_events.received();
  for (std::size_t i = 0; i < count; ++i) REQUIRE(received[i].text() == std::to_string(i));
}

TEST_CASE("two clients are two connections and each gets its own") {
  Pair pair;
  Recorder second_events;
  auto second = connect_zmq(pair.server->control_endpoint(), second_events.events());
  second->send(text_message(1, "second"));
  REQUIRE(pair.server_events.wait_received(2));
  const ConnectionId other = pair.server_events.received()[1].connection;
  CHECK(other != pair.connection);
  pair.server->send(text_message(pair.connection, "for the first"));
  pair.server->send(text_message(other, "for the second"));
  REQUIRE(pair.client_events.wait_received(1));
  REQUIRE(second_events.wait_received(1));
  CHECK(pair.client_events.received()[0].text() == "for the first");
  CHECK(second_events.received()[0].text() == "for the second");
}

TEST_CASE("a client started before its server connects when it comes") {
  const std::string endpoint = abstract_name("late");
  Recorder client_events;
  Recorder server_events;
  ZmqLimits quick;
  quick.retry_first = std::chrono::milliseconds(5);
  quick.retry_max = std::chrono::milliseconds(20);
  auto client = connect_zmq(endpoint, client_events.events(), quick);
  client->send(text_message(1, "hello"));
  CHECK(client_events.connected_count() == 0);
  auto server = serve_zmq(endpoint, server_events.events());
  REQUIRE(server_events.wait_received(1));
  CHECK(server_events.received()[0].text() == "hello");
  REQUIRE(client_events.wait_connected());
  CHECK(client_events.disconnected().empty());
}

TEST_CASE("control messages sent just before shutdown still arrive though bulk closes first") {
  Pair pair;
  pair.client->send(text_message(1, "bulk stands", Channel::bulk));
  REQUIRE(pair.server_events.wait_received(2));
  constexpr std::size_t count = 500;
  for (std::size_t i = 0; i < count; ++i) pair.server->send(text_message(pair.connection, "stop"));
  pair.server->shutdown(Recorder::patience);
  REQUIRE(pair.client_events.wait_received(count));
  REQUIRE(pair.client_events.wait_disconnected());
}

TEST_CASE("shutdown waits for what the kernel's buffers do not hold") {
  Recorder server_events;
  Recorder client_events;
  auto server = serve_zmq("tcp://127.0.0.1:*", server_events.events());
  auto client = connect_zmq(server->control_endpoint(), client_events.events());
  client->send(text_message(1, "hello"));
  REQUIRE(server_events.wait_received(1));
  constexpr std::size_t count = 500;
  const std::string large(60000, 'x');
  for (std::size_t i = 0; i < count; ++i) server->send(text_message(1, large));
  server->shutdown(Recorder::patience);
  REQUIRE(client_events.wait_received(count));
}

TEST_CASE("shutdown releases what was never sent and ignores later sends") {
  Recorder events;
  auto client = connect_zmq(abstract_name("nobody"), events.events());
  auto data = std::make_shared<std::vector<std::uint32_t>>(1000);
  const std::weak_ptr<std::vector<std::uint32_t>> alive = data;
  client->send(chunk(1, 0, std::move(data)));
  client->shutdown(std::chrono::milliseconds(0));
  CHECK(alive.expired());
  client->send(text_message(1, "too late"));
  client->shutdown(std::chrono::milliseconds(0));
}

TEST_CASE("an address that is taken or not ours is refused with its name") {
  Recorder events;
  auto server = serve_zmq("tcp://127.0.0.1:*", events.events());
  CHECK_THROWS_AS(serve_zmq(server->control_endpoint(), events.events()), InputError);
  CHECK_THROWS_AS(serve_zmq("tcp://192.0.2.1:5555", events.events()), InputError);
  CHECK_THROWS_AS(serve_zmq("nonsense", events.events()), InputError);
  CHECK_THROWS_AS(connect_zmq("tcp://*:5555", events.events()), InputError);
}
