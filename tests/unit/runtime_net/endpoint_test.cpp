#include "runtime/endpoint.hpp"

#include "algorithms/vocabulary.hpp"
#include "runtime/process_info.hpp"
#include "tests/catch.hpp"

using namespace murm;

namespace {
std::string listen(std::string_view text) {
  return to_string(parse_endpoint("--listen", text, EndpointUse::listen));
}
std::string connect(std::string_view text) {
  return to_string(parse_endpoint("--connect", text, EndpointUse::connect));
}
}  // namespace

TEST_CASE("well-formed endpoints are kept as they are") {
  for (const char* text : {"tcp://127.0.0.1:5555", "tcp://node-1.example.org:65535",
                           "ipc:///tmp/a.sock", "ipc://@abstract"}) {
    CHECK(listen(text) == text);
    CHECK(connect(text) == text);
  }
  CHECK(listen("tcp://*:5555") == "tcp://*:5555");
  CHECK(listen("tcp://127.0.0.1:0") == "tcp://127.0.0.1:*");
  CHECK(listen("tcp://0.0.0.0:*") == "tcp://0.0.0.0:*");
  CHECK(listen("ipc://" + std::string(102, 'p')).size() == 108);
}

TEST_CASE("malformed endpoints are refused whatever they are for") {
  for (const char* text :
       {"", "127.0.0.1:5555", "udp://127.0.0.1:5555", "tcp://", "tcp://:5555", "tcp://127.0.0.1",
        "tcp://127.0.0.1:", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1", "tcp://127.0.0.1:12x",
        "tcp://a b:5555", "tcp://[::1]:5555", "tcp://eth0;127.0.0.1:5", "ipc://", "ipc://@",
        "ipc://*"}) {
    INFO(text);
    CHECK_THROWS_AS(listen(text), InputError);
    CHECK_THROWS_AS(connect(text), InputError);
  }
  CHECK_THROWS_AS(listen("ipc://" + std::string(103, 'p')), InputError);
  CHECK_THROWS_AS(listen(std::string("ipc://a\0b", 9)), InputError);
}

TEST_CASE("wildcards can be listened on but not connected to") {
  for (const char* text :
       {"tcp://*:5555", "tcp://0.0.0.0:5555", "tcp://127.0.0.1:0", "tcp://a:*"}) {
    INFO(text);
    CHECK_NOTHROW(listen(text));
    CHECK_THROWS_AS(connect(text), InputError);
  }
}

TEST_CASE("a refusal names the flag and the value and gives a hint") {
  try {
    connect("tcp:/oops");
    FAIL("accepted");
  } catch (const InputError& error) {
    const std::string text = error.what();
    CHECK(text.find("--connect 'tcp:/oops'") == 0);
    CHECK(text.find("HINT: ") != std::string::npos);
  }
}

TEST_CASE("only addresses of this machine count as loopback") {
  for (const char* text : {"tcp://127.0.0.1:1", "tcp://127.255.3.4:1", "tcp://localhost:1",
                           "tcp://[::1]:1", "ipc:///tmp/x", "ipc://@x"}) {
    INFO(text);
    CHECK(is_loopback(text));
  }
  for (const char* text : {"tcp://0.0.0.0:1", "tcp://*:1", "tcp://10.0.0.1:1",
                           "tcp://127.evil.org:1", "tcp://127.0.0.1.evil.org:1",
                           "tcp://localhost.evil.org:1", "tcp://127.0.0:1", "", "127.0.0.1:1"}) {
    INFO(text);
    CHECK_FALSE(is_loopback(text));
  }
}

TEST_CASE("bulk listens beside control") {
  const auto beside = [](std::string_view text) {
    return to_string(bulk_listen_endpoint(parse_endpoint("", text, EndpointUse::listen)));
  };
  CHECK(beside("tcp://127.0.0.1:5555") == "tcp://127.0.0.1:*");
  CHECK(beside("ipc:///tmp/a") == "ipc:///tmp/a.bulk");
  CHECK(beside("ipc://@a") == "ipc://@a.bulk");
}

TEST_CASE("a bulk endpoint on every interface is reached by the host that was connected to") {
  CHECK(reachable_bulk_endpoint("tcp://node1:5555", "tcp://0.0.0.0:9") == "tcp://node1:9");
  CHECK(reachable_bulk_endpoint("tcp://node1:5555", "tcp://*:9") == "tcp://node1:9");
  CHECK(reachable_bulk_endpoint("tcp://node1:5555", "tcp://10.0.0.1:9") == "tcp://10.0.0.1:9");
  CHECK(reachable_bulk_endpoint("ipc://@a", "ipc://@a.bulk") == "ipc://@a.bulk");
}

TEST_CASE("process facts are plausible") {
  CHECK(process_id() > 0);
  CHECK_FALSE(host_name().empty());
  CHECK(peak_rss_bytes() > 1U << 20U);
  CHECK(own_executable().find("/") == 0);
}
