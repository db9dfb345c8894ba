// Whoever can reach a coordinator's port can throw bytes at it; that is all they can do.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>
#include <zmq.hpp>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

std::string random_bytes(std::mt19937& random, std::size_t count) {
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() & 0xFFU);
  return bytes;
}

void throw_at(const std::string& endpoint, const std::string& bytes) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(
      static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
  REQUIRE(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  (void)::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  ::close(descriptor);
}

/// What a ZeroMQ peer says first; whatever follows is read as its commands.
std::string greeting() {
  std::string text("\xFF\0\0\0\0\0\0\0\x01\x7F\x03\0NULL", 16);
  text.resize(64, '\0');
  return text;
}

}  // namespace

TEST_CASE("garbage thrown at a coordinator neither stops nor changes its run") {
  const Trial trial;
  const std::string hash = trial.hash_of({"--workers", "2"}, "one");
  const std::string endpoint = free_endpoint();
  Program coordinator = trial.start(
      Words{"coordinator", "job.toml", "--out", "run", "--workers", "2", "--listen", endpoint} +
      set({"emulate.step_ms=[5]"}));
  REQUIRE(eventually([&] { return coordinator.says("waiting for 2 worker(s)"); }));
  std::mt19937 random(7);
  zmq::context_t context;
  zmq::socket_t peer(context, zmq::socket_type::dealer);
  peer.set(zmq::sockopt::linger, 0);
  peer.connect(endpoint);
  const auto disturb = [&] {
    throw_at(endpoint, random_bytes(random, 3000));
    throw_at(endpoint, greeting() + random_bytes(random, 3000));
    throw_at(endpoint, greeting().substr(0, 20));
    for (std::size_t frames = 1; frames < 5; ++frames) {
      for (std::size_t i = 1; i <= frames; ++i) {
        peer.send(zmq::buffer(random_bytes(random, random() % 400)),
                  i < frames ? zmq::send_flags::sndmore : zmq::send_flags::none);
      }
    }
  };
  disturb();
  Program first = trial.start({"worker", "--join", endpoint});
  Program second = trial.start({"worker", "--join", endpoint});
  REQUIRE(eventually([&] {
    disturb();
    return trial.is_under_way();
  }));
  disturb();
  require_exit(coordinator, 0);
  require_exit(first, 0, 5s);
  require_exit(second, 0, 5s);
  const auto report = trial.report();
  require_whole_ledger(report, 4000);
  CHECK(report.at("parameters_hash") == hash);
  CHECK(report.at("per_worker").size() == 2);
  CHECK_FALSE(report.at("refused").empty());  // counted
}
