#include "tools/murm/compare_pool.hpp"

#include <condition_variable>

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"

using namespace murm;

namespace {

std::vector<SimulationOptions> seeds(std::uint64_t count) {
  std::vector<SimulationOptions> runs(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    runs[i].job.job.seed = i;
    runs[i].job.job.samples = 100;
  }
  return runs;
}

SimulationResult result_of(const SimulationOptions& options) {
  SimulationResult result;
  result.report.seed = options.job.job.seed;
  result.report.samples = options.job.job.samples;
  result.parameters = {1, 2, 3};
  return result;
}

/// Wakes a test whenever a run has ended.
class Bell {
 public:
  void ring() {
    const std::lock_guard<std::mutex> guard(mutex_);
    ++rung_;
    condition_.notify_all();
  }
  void wait_for(const ComparePool& pool) {
    std::unique_lock<std::mutex> lock(mutex_);
    for (std::size_t seen = 0; !pool.done(); seen = rung_)
      condition_.wait(lock, [&] { return rung_ > seen; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  std::size_t rung_ = 0;
};

}  // namespace

TEST_CASE("results come in the order of the runs, whatever the number of threads") {
  const std::size_t threads = GENERATE(1, 2, 16);
  Bell bell;
  ComparePool pool(seeds(9), threads, result_of, [&] { bell.ring(); });
  bell.wait_for(pool);
  const auto results = pool.results();
  REQUIRE(results.size() == 9);
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(results[i].simulation.report.seed == i);
    CHECK(results[i].simulation.parameters.empty());
  }
  CHECK(pool.progress().samples == 900);
  CHECK(pool.progress().samples_total == 900);
}

TEST_CASE("a diverged run does not end the comparison") {
  Bell bell;
  const auto simulate = [](const SimulationOptions& options) {
    if (options.job.job.seed == 1)
      throw RunError("the loss is not finite at worker 0, step 3, lr 10. HINT: a smaller one");
    return result_of(options);
  };
  ComparePool pool(seeds(3), 2, simulate, [&] { bell.ring(); });
  bell.wait_for(pool);
  const auto results = pool.results();
  CHECK_FALSE(results[0].diverged);
  CHECK(results[1].diverged);
  CHECK(results[1].reason.find("worker 0") != std::string::npos);
  CHECK(results[2].simulation.report.seed == 2);
}

TEST_CASE("a failed run ends the comparison with its own words") {
  Bell bell;
  const auto simulate = [](const SimulationOptions& options) {
    if (options.job.job.seed == 0) throw RunError("no worker is left");
    return result_of(options);
  };
  ComparePool pool(seeds(5), 1, simulate, [&] { bell.ring(); });
  bell.wait_for(pool);
  CHECK_THROWS_WITH(pool.results(), "no worker is left");
}

TEST_CASE("stopping reaches the runs in progress through their own progress, and starts no other") {
  Bell bell;
  std::atomic<int> begun = 0;
  std::atomic<bool> under_way = false;
  const auto simulate = [&](const SimulationOptions& options) {
    ++begun;
    CurvePoint point;
    while (options.progress(point)) {
      ++point.samples;
      under_way = true;
      std::this_thread::yield();
    }
    return result_of(options);
  };
  ComparePool pool(seeds(5), 2, simulate, [&] { bell.ring(); });
  while (!under_way) std::this_thread::yield();
  CHECK_FALSE(pool.done());
  pool.stop();
  bell.wait_for(pool);
  CHECK(begun <= 2);
}

TEST_CASE("progress expects of runs that wait what the others will come to") {
  Bell bell;
  std::atomic<bool> open = false;
  std::atomic<bool> reported = false;
  const auto simulate = [&](const SimulationOptions& options) {
    CurvePoint point;
    point.samples = 10;
    point.virtual_seconds = 5;
    options.progress(point);
    reported = true;
    while (!open) std::this_thread::yield();
    return result_of(options);
  };
  auto runs = seeds(3);
  for (auto& run : runs) run.until = std::chrono::seconds(20);  // 40 of its 100 samples
  ComparePool pool(std::move(runs), 1, simulate, [&] { bell.ring(); });
  while (!reported) std::this_thread::yield();
  CHECK(pool.progress().samples == 10);
  CHECK(pool.progress().samples_total == 120);
  open = true;
  bell.wait_for(pool);
}
