// The account of a run: report.json and the table at its end.
// Room: runtime. Plain values; the coordinator fills them in.
// Caller: actors/training_node, tools/murm. Schema of report.json: "murmuration.report/1", fields as below.
#pragma once
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/vocabulary.hpp"

namespace murm {

inline constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();  // null in JSON

/// Of the algorithm, while the job ran.
struct AlgorithmChange {
  SampleCount samples = 0;  // applied before it
  std::string to;
};

struct Report {
  std::string job;        // job.name
  std::string algorithm;  // algorithm.name, at the beginning
  std::vector<AlgorithmChange> changes;
  std::string status = "finished";  // "finished", "target reached", "interrupted", "failed: ..."
  bool interrupted = false;
  std::uint64_t seed = 0;
  std::uint64_t workers = 0;
  std::uint64_t aggregators = 0;
  std::uint64_t processes = 0;
  std::string transport;         // "none" when all actors share a process
  std::uint64_t parameters = 0;  // length of the parameter vector
  std::uint64_t updates = 0;     // optimizer steps
  SampleCount samples = 0;
  double epochs = 0;
  double seconds = 0;  // first lease to last apply, evaluation taken out
  double samples_per_second = 0;

  struct {
    double train_loss = not_measured;  // mean per sample since the last evaluation
    double eval_loss = not_measured;
    double eval_accuracy = not_measured;    // fraction
    double eval_perplexity = not_measured;  // of a model of text: e to the power of eval_loss
  } final;

  struct {
    double mean = 0;
    std::uint64_t max = 0;
    std::vector<std::uint64_t> histogram;  // [i]: applied gradients of staleness i
  } staleness;

  struct {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t between_workers = 0;  // simulated: what did not pass the coordinator
  } bytes;                              // between processes, seen from the coordinator's

  struct {
    std::uint64_t issued = 0;   // distinct leases handed out
    std::uint64_t applied = 0;  // leases whose gradient is in every shard
    std::uint64_t dropped = 0;  // by the algorithm, on purpose
    std::uint64_t reissued = 0;
    std::uint64_t refused_duplicate = 0;
    std::uint64_t lost = 0;  // issued - applied at the end
    std::uint64_t samples_skipped = 0;
    std::uint64_t samples_repeated = 0;
  } ledger;

  std::map<std::string, std::uint64_t> refused;  // messages refused, by kind of error
  std::string parameters_hash;                   // of the bytes of the final parameters
  std::uint64_t peak_rss_bytes = 0;

  struct PerWorker {
    std::uint64_t id = 0;
    std::int64_t pid = 0;
    std::string device;
    std::uint64_t steps = 0;
    SampleCount samples = 0;
    double wait_fraction = 0;                  // of its time: waiting for a lease or for parameters
    double data_wait_fraction = not_measured;  // of its time in steps: waiting for samples
    std::uint64_t peak_rss_bytes = 0;          // of its process; 0: not known
  };
  std::vector<PerWorker> per_worker;
  double wait_fraction = 0;                  // mean over the workers
  double data_wait_fraction = not_measured;  // of the steps of all workers together

  struct Evaluation {
    SampleCount samples = 0;
    double seconds = 0;
    double loss = not_measured;
    double accuracy = not_measured;  // fraction
  };
  std::vector<Evaluation> evaluations;

  /// Of a run in virtual time; `seconds`, `samples_per_second` and the times of evaluations are virtual too.
  struct Simulation {
    double virtual_seconds = 0;   // when the run ended
    std::uint64_t gradients = 0;  // applied in every shard
    double gradients_per_virtual_second = 0;
    std::uint64_t events = 0;
    double events_per_second = 0;  // of wall-clock time
    double wall_seconds = 0;       // the simulation took
    std::string trace_hash;        // of every event: time, place, ids, versions
    double time_to_target =
        not_measured;  // virtual seconds to the first evaluation that reached the target
    double contraction_per_round = not_measured;  // model.kind = "consensus"
  };
  std::optional<Simulation> simulation;
};

/// report.json, with a line break at its end. What was not measured is null.
std::string report_json(const Report& report);

/// What is printed at the end of a run: aligned lines in human units.
std::string summary_table(const Report& report);

}  // namespace murm
