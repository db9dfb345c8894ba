// A job: everything a job file can say, resolved, with its defaults.
// Room: runtime. Plain values; no parsing (runtime/job_file), no meaning (actors/training_node).
// Caller: tools/murm, actors/training_node. Reference for users: docs/jobs.md.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace murm {

/// A worker that lies about its gradients.
struct ByzantineWorker {
  std::uint64_t worker = 0;  // slot
  std::string attack;        // sign-flip, noise, little-is-enough, zero
};

/// A change of algorithm while the job runs.
struct AlgorithmSwitch {
  double epoch = 0;  // when: epochs since the beginning
  std::string to;    // name of the algorithm from then on
};

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
    std::string kind = "mlp";  // logistic, mlp, lenet, resnet, char-mlp, gpt, quadratic, consensus
    std::vector<std::uint64_t> hidden{256, 128};  // mlp, char-mlp
    std::uint64_t context = 0;     // char-mlp, gpt: tokens seen; 0: see runtime/job_keys
    std::uint64_t embedding = 16;  // char-mlp: numbers for each
    std::uint64_t layers = 4;      // gpt: blocks
    std::uint64_t heads = 4;       // gpt
    std::uint64_t dim = 0;  // gpt: width; quadratic, consensus: parameters; 0: see runtime/job_keys
    double dropout = 0;     // gpt: share of the numbers
    bool tied = true;       // gpt: the head's weights are the embedding's
    std::uint64_t blocks = 3;                // resnet: in each of its three stages
    std::uint64_t width = 16;                // resnet: channels of the first stage
    std::string normalization = "group";     // resnet: "group", "batch"
    double condition = 100;                  // quadratic: largest over smallest eigenvalue
    double noise = 0;                        // quadratic: standard deviation per coordinate
    std::string path;                        // a kind of one's own: file
    std::vector<std::uint64_t> input_shape;  // a kind of one's own: of a sample
  } model;
  struct {
    std::string kind = "digits";       // and mnist, idx, cifar, text, tokens, csv, libsvm, npy
    std::string path;                  // file or folder; text: empty: made up
    std::uint64_t train = 0;           // samples to make, or the first n of the files; 0: all
    std::uint64_t test = 0;            // likewise
    std::uint64_t vocabulary = 0;      // tokens: how many there are; 0: as the files say
    std::string label;                 // csv: name or place of its column; empty: the last
    double test_fraction = 0.1;        // csv, libsvm, npy: for tests, where no file is for them
    std::vector<std::string> augment;  // crop, flip
  } data;
  struct {
    std::uint64_t batch = 32;        // samples per worker and micro-batch
    std::uint64_t accumulate = 1;    // micro-batches per gradient
    std::string precision = "fp32";  // "fp32", "bf16": of the operands of products
    std::uint64_t threads = 1;       // of the products of one worker
    bool checkpointing = false;      // gpt, resnet: blocks are computed again on the way back
    std::string optimizer = "sgd";   // sgd, momentum, nesterov, adam, adamw, adagrad, lars, lamb
    double lr = 0.1;
    std::string scaling = "none";  // none, linear, sqrt: of lr by the workers
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
    double epsilon = 0;    // 0: the optimizer's own
    double trust = 0.001;  // lars
  } training;
  struct {
    // What each is for: algorithms/algorithm_options.hpp. 0, negative, "default": the algorithm's own default.
    std::string name = "asp";
    std::uint64_t staleness = 3;
    std::uint64_t staleness_max = 15;
    std::string staleness_weight = "default";
    std::uint64_t threshold = 0;
    std::uint64_t buffer = 0;
    std::uint64_t backups = 0;
    std::string correction = "constant";
    double lambda = -1;
    double elasticity = 0;
    std::uint64_t local_steps = 0;
    double switch_at = 0.5;
    std::string outer = "default";
    double outer_lr = 0;
    double outer_momentum = -1;
    std::uint64_t overlap = 0;
    std::uint64_t fragments = 0;
    double mixing = -1;
    std::uint64_t quorum = 0;
    double grace_ms = -1;
    std::uint64_t regions = 0;
    std::uint64_t chunk = 0;
    std::uint64_t keep = 0;
    double decay = -1;
    std::string topology = "default";
    std::uint64_t degree = 3;
    std::string edges;  // file
    std::string order = "adapt-first";
    std::uint64_t period = 0;
    double probability = 0;
    std::uint64_t group = 0;
    double consensus_step = 0;
    std::vector<AlgorithmSwitch> switches;
  } algorithm;
  struct {
    std::string name = "none";  // how what workers push is encoded
    double ratio = 0;        // top-k, random-k, dgc: share of the numbers sent; 0: the code's own
    std::uint64_t bits = 4;  // qsgd
    std::uint64_t rank = 4;  // powersgd
    double momentum = 0.9;   // dgc
    std::uint64_t warm_up = 0;               // dgc: pushes in each stage of growing sparsity
    std::string error_feedback = "default";  // "on", "off"
  } compression;
  struct {
    std::string name = "mean";     // how contributions are combined
    std::uint64_t tolerated = 0;   // krum, multi-krum, trimmed-mean; 0: a quarter
    std::uint64_t selected = 0;    // multi-krum; 0: all but those tolerated
    double radius = 0;             // centered-clipping; 0: the median distance
    std::uint64_t iterations = 0;  // geometric-median, centered-clipping; 0: the rule's own
    double smoothing = 1e-6;       // geometric-median
    std::uint64_t bucket = 1;      // contributions averaged before the rule sees them
  } robust;
  struct {
    std::uint64_t workers = 4;
    std::uint64_t aggregators = 1;
    std::uint64_t processes = 0;  // 0: all actors in one process
    std::vector<std::string> device{
        "cpu"};                        // auto, cpu, cuda:N; one for all workers, or one for each
    std::string transport = "tcp";     // tcp, ipc: between the processes of `murm train`
    std::uint64_t heartbeat_ms = 500;  // a peer is lost after 4 missed ones
  } cluster;
  struct {
    std::vector<double>
        step_ms;  // per worker: a step takes at least this long; empty: no emulation
    std::vector<ByzantineWorker> byzantine;
  } emulate;
};

}  // namespace murm
