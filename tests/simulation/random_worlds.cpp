// random_worlds SEED [COUNT]: runs the worlds of so many seeds; says which one broke what, and what they met.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/simulation/random_world.hpp"

namespace {

using namespace murm;

/// What the worlds met: a soak that meets no disaster proves nothing.
struct Tally {
  std::uint64_t worlds = 0;
  std::uint64_t broken = 0;
  std::uint64_t events = 0;
  std::uint64_t lost_a_worker = 0;
  std::uint64_t reissued = 0;
  std::uint64_t refused_a_late_push = 0;
  std::uint64_t refused_a_duplicate_lease = 0;
  std::uint64_t dropped_a_duplicate = 0;

  void add(const test::WorldOutcome& outcome) {
    const Report& report = outcome.report;
    const auto met = [&](const char* what) {
      const auto found = report.refused.find(what);
      return found != report.refused.end() && found->second > 0;
    };
    ++worlds;
    broken += outcome.fault.empty() ? 0 : 1;
    events += report.simulation ? report.simulation->events : 0;
    lost_a_worker += report.per_worker.size() > report.workers ? 1 : 0;
    reissued += report.ledger.reissued > 0 ? 1 : 0;
    refused_a_late_push += met("of lost workers") ? 1 : 0;
    refused_a_duplicate_lease += report.ledger.refused_duplicate > 0 ? 1 : 0;
    dropped_a_duplicate += met("arrived twice") ? 1 : 0;
  }
  void print() const {
    const auto number = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
    std::printf(
        "%llu worlds, %llu events, %llu broken; in %llu workers came and went, in %llu leases "
        "were handed out again,\n  in %llu the lost still spoke, in %llu a gradient came twice, "
        "in %llu a message\n",
        number(worlds), number(events), number(broken), number(lost_a_worker), number(reissued),
        number(refused_a_late_push), number(refused_a_duplicate_lease),
        number(dropped_a_duplicate));
  }
};

thread_local std::uint64_t seed_at_work = 0;

/// An assertion of ours aborts: say in which world.
void say_where(int /*signal*/) {
  std::fprintf(stderr, "in this world: make sim SEED=%llu\n",
               static_cast<unsigned long long>(seed_at_work));
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::signal(SIGABRT, say_where);
  std::mutex mutex;
  std::uint64_t next = 0;
  Tally tally;
  const auto work = [&] {
    for (;;) {
      std::uint64_t seed = 0;
      {
        const std::lock_guard<std::mutex> guard(mutex);
        if (next == count) return;
        seed = first + next++;
      }
      seed_at_work = seed;
      const SimulationOptions world = test::random_world(seed);
      const test::WorldOutcome outcome = test::live_through(world);
      const std::lock_guard<std::mutex> guard(mutex);
      tally.add(outcome);
      if (outcome.fault.empty() && count > 1) continue;
      std::printf("world %llu (%s): %s\n", static_cast<unsigned long long>(seed),
                  test::describe(world).c_str(),
                  outcome.fault.empty() ? "clean" : outcome.fault.c_str());
      std::fflush(stdout);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
      threads.emplace_back(work);
  }
  tally.print();
  return tally.broken == 0 ? 0 : 1;
}
