#include "runtime/signals.hpp"

#include <unistd.h>

#include <csignal>
#include <thread>

#include "tests/catch.hpp"

using namespace murm;

namespace {
std::chrono::steady_clock::time_point soon() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(20);
}
}  // namespace

TEST_CASE("signals and notifications wake the waiting thread once each") {
  SignalGate gate;
  SECTION("a signal") {
    ::kill(::getpid(), SIGTERM);
    const auto woken = gate.wait(soon());
    CHECK(woken.signal == SIGTERM);
    CHECK_FALSE(woken.notified);
  }
  SECTION("two signals come one by one") {
    ::kill(::getpid(), SIGINT);
    ::kill(::getpid(), SIGTERM);
    const int first = gate.wait(soon()).signal;
    const int second = gate.wait(soon()).signal;
    CHECK(first + second == SIGINT + SIGTERM);
  }
  SECTION("a notification from another thread") {
    std::thread other([&] { gate.notify(); });
    const auto woken = gate.wait();
    other.join();
    CHECK(woken.notified);
    CHECK(woken.signal == 0);
  }
  SECTION("a notification is remembered") {
    gate.notify();
    gate.notify();
    CHECK(gate.wait(soon()).notified);
    const auto past = gate.wait(std::chrono::steady_clock::now());
    CHECK_FALSE(past.notified);
  }
  SECTION("a passed deadline gives nothing") {
    const auto woken = gate.wait(std::chrono::steady_clock::now());
    CHECK(woken.signal == 0);
    CHECK_FALSE(woken.notified);
  }
  SECTION("writing into a closed pipe does not end the process") {
    int ends[2] = {-1, -1};
    REQUIRE(::pipe(ends) == 0);
    ::close(ends[0]);
    CHECK(::write(ends[1], "x", 1) == -1);
    ::close(ends[1]);
  }
}
