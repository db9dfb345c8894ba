// A job: everything a job file can say, resolved, with its defaults.
// Room: runtime. Plain values; no parsing (runtime/job_file), no meaning (actors/training_node).
// Caller: tools/murm, actors/training_node. Reference for users: docs/jobs.md.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace murm {

struct Job {
  struct {
    std::string name = "job";
    std::uint64_t seed = 1;
    double epochs = 0;           // 0: not given
    std::uint64_t samples = 0;   // 0: not given
    double target_accuracy = 0;  // fraction; 0: not given
    double target_loss = 0;      // mean loss on the test set; 0: not given
  } job;
  struct {
    std::uint64_t every = 0;  // samples; 0: an epoch
  } evaluation;
  struct {
    std::uint64_t every = 0;  // samples; 0: never
    std::uint64_t keep = 2;   // generations kept
  } checkpoint;
  struct {
    std::string kind = "mlp";                     // logistic, mlp, quadratic, consensus
    std::vector<std::uint64_t> hidden{256, 128};  // mlp
    std::uint64_t dim = 1000;                     // quadratic, consensus: parameters
    double condition = 100;                       // quadratic: largest over smallest eigenvalue
    double noise = 0;                             // quadratic: standard deviation per coordinate
  } model;
  struct {
    std::string kind = "digits";  // "digits", "mnist"
    std::string path;             // mnist: folder with the four IDX files, plain or .gz
    std::uint64_t train = 60000;  // digits: samples to make; mnist: the first n are used
    std::uint64_t test = 10000;
  } data;
  struct {
    std::uint64_t batch = 32;       // samples per worker and micro-batch
    std::uint64_t accumulate = 1;   // micro-batches per gradient
    std::string optimizer = "sgd";  // sgd, momentum, nesterov, adam, adamw
    double lr = 0.1;
    double momentum = 0.9;
    double weight_decay = 0;
    std::string schedule = "constant";          // constant, step, cosine
    std::string schedule_clock = "samples";     // samples, updates
    std::uint64_t warmup = 0;                   // updates
    double lr_min = -1;                         // cosine; negative: lr / 10
    double lr_factor = 0.1;                     // step
    std::vector<double> milestones{0.5, 0.75};  // step: fractions of the run
    double clip = 0;                            // global norm; 0: none
    double beta1 = 0.9;
    double beta2 = 0.999;
  } training;
  struct {
    std::string name = "asp";     // bsp, asp, ssp
    std::uint64_t staleness = 3;  // ssp
  } algorithm;
  struct {
    std::uint64_t workers = 4;
    std::uint64_t aggregators = 1;
    std::uint64_t processes = 0;       // 0: all actors in one process
    std::string transport = "tcp";     // tcp, ipc: between the processes of `murm train`
    std::uint64_t heartbeat_ms = 500;  // a peer is lost after 4 missed ones
  } cluster;
  struct {
    std::vector<double>
        step_ms;  // per worker: a step takes at least this long; empty: no emulation
  } emulate;
};

}  // namespace murm
