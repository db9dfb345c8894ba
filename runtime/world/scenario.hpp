// A scenario: the world a job is simulated in, resolved, with its defaults.
// Room: runtime/world. Plain values in the units of the file; no parsing (scenario_file), no meaning (network, service_time).
// Caller: tools/murm, actors/virtual. Reference for users: docs/scenarios.md.
#pragma once
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace murm {

inline constexpr double forever = std::numeric_limits<double>::infinity();  // seconds

/// Between `from_s` and `to_s` a worker's steps take `factor` times as long (judged where a step begins).
struct SlowWorker {
  std::uint64_t worker = 0;  // slot
  double factor = 1;
  double from_s = 0;
  double to_s = forever;
};

/// Something happens to a worker: at `at_s` to `worker`; or, with `rate_per_hour` > 0, as a Poisson process between
/// `from_s` and `to_s`, each time to one of the job's workers drawn uniformly.
struct ChurnEvent {
  /// "join":   a worker beyond those of the job arrives (`worker`: its slot; taken: the next free one above).
  /// "leave":  says goodbye.                          "kill": its process dies, the connection breaks.
  /// "crash":  its machine dies without a word.       "freeze": stands still for `for_s`, then goes on.
  std::string event;
  double at_s = 0;
  std::uint64_t worker = 0;
  /// freeze: how long; leave, kill, crash: after it the worker comes back. forever: it never does.
  double for_s = forever;
  double rate_per_hour = 0;
  double from_s = 0;
  double to_s = forever;
};

/// Between `from_s` and `to_s` nothing passes between `workers` and everybody else.
struct Partition {
  double from_s = 0;
  double to_s = forever;
  std::vector<std::uint64_t> workers;  // slots
};

/// Durations of a recorded run, in order, repeated from the start when used up; by slot, slots beyond the end take
/// slot modulo size. Empty: not recorded.
struct RecordedTiming {
  using Series = std::vector<std::vector<std::chrono::nanoseconds>>;
  Series compute;  // of each step
  Series up;       // of each message from the worker to the server
  Series down;     // of each message from the server to the worker
};

struct Scenario {
  struct {
    std::string distribution = "constant";  // constant, exponential, lognormal, pareto, trace
    double mean_ms = 100;                   // of every distribution but trace
    double sigma = 0.5;                     // lognormal: of the logarithm
    double alpha = 2.5;                     // pareto: above 1
    std::string file;                       // trace
    double apply_ms = 0;                    // the aggregator's time for one gradient
    std::vector<SlowWorker> slow;
  } compute;
  struct {
    double latency_ms = 0;      // one way
    double bandwidth_gbit = 0;  // of each host's network card, each way; 0: infinite
    double loss = 0;            // probability that a message has to be sent again
    double duplication = 0;     // probability that a message arrives twice
    double reordering = 0;      // probability that a message is delayed by up to 4 latencies more
  } network;
  struct {
    std::vector<double>
        shares;  // fraction of the workers in each region, in slot order; the server is in region 0
    std::vector<std::vector<double>>
        latency_ms;  // [from][to], one way; replaces network.latency_ms
    std::vector<std::vector<double>>
        bandwidth_gbit;  // [from][to], shared by all messages on that way; 0: infinite
  } regions;
  struct {
    double heartbeat_ms = 500;  // a silent peer is lost after 4 missed ones
  } detection;
  std::vector<Partition> partition;
  std::vector<ChurnEvent> churn;

  std::shared_ptr<const RecordedTiming> recorded;  // compute.file, or a recorded run
};

}  // namespace murm
