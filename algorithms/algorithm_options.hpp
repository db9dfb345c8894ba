// What a job says about its algorithm: options by name, with "0: the algorithm's own default" where one exists.
// Room: algorithms. Plain values.
// Caller: algorithms/registry, machines; filled in by actors/job_plan. Reference for users: docs/jobs.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "algorithms/compression/codec.hpp"
#include "algorithms/gossip/neighbour_graph.hpp"
#include "algorithms/optimizer.hpp"
#include "algorithms/robust/robust.hpp"
#include "algorithms/schedule.hpp"

namespace murm {

struct AlgorithmOptions {
  std::string name = "asp";

  // -- the job around it
  std::uint64_t seed = 1;
  std::uint64_t workers = 1;   // of the job: some defaults depend on it
  std::size_t parameters = 0;  // length of the flat vector
  std::uint32_t shards = 1;
  std::uint32_t batch = 1;  // samples of one gradient
  double clip = 0;          // global norm of the mean gradient; 0: none
  OptimizerOptions optimizer{};
  Schedule schedule{};  // of `optimizer`

  // -- parameter server
  std::uint64_t staleness = 3;       // ssp; dssp: lower end of the range
  std::uint64_t staleness_max = 15;  // dssp: upper end
  std::string staleness_weight{};    // "inverse", "sqrt", "none", "default"
  std::uint64_t threshold = 0;       // ringmaster: gradients this stale are dropped
  std::uint64_t buffer = 0;          // fedbuff, rennala, async-local: contributions of one step
  std::uint64_t backups = 0;         // backup: workers a step does not wait for
  double lambda = -1;                // dc-asgd: strength of the correction; negative: default
  std::string correction{};  // dc-asgd: "constant", "adaptive" (by the mean square of the gradient)
  double elasticity = 0;     // easgd: beta, the force on the centre

  // -- local update
  std::uint64_t local_steps = 0;  // H
  std::string outer{};            // "sgd", "nesterov", "default"
  double outer_lr = 0;
  double outer_momentum = -1;  // negative: default
  std::uint64_t overlap = 0;   // osgp: rounds a message may be late; streaming-diloco: inner steps
  double switch_at = 0.5;      // post-local: fraction of the run before local steps begin
  std::uint64_t fragments =
      0;  // streaming-diloco, decoupled-diloco: parts with a clock of their own
  double mixing =
      -1;  // streaming-diloco: weight of the local value; halos: of the global; negative: default
  std::uint64_t quorum = 0;   // decoupled-diloco: workers a merge waits for
  double grace_ms = -1;       // decoupled-diloco: longest wait for more of them; negative: default
  std::uint64_t regions = 0;  // halos: local servers
  std::uint64_t chunk = 0;    // demo: numbers of one transform
  std::uint64_t keep = 0;     // demo: coefficients sent of a chunk
  double decay = -1;          // demo: beta of the local momentum; negative: default

  // -- gossip
  std::string topology{};     // "default": the algorithm's own
  std::uint64_t degree = 3;   // random-regular
  std::vector<Edge> edges{};  // topology "file"
  std::string order{};        // d-psgd: "adapt-first", "combine-first"
  std::uint64_t period =
      0;  // gossip-pga: rounds between global averages; halos: local updates between merges
  double probability = 0;     // gosgd: of a message after a step
  std::uint64_t group = 0;    // moshpit, noloco: peers of a group
  double consensus_step = 0;  // choco: gamma

  CompressionOptions compression{};
  std::vector<CodecBlock> blocks{};  // matrices of the parameter vector, for codes that see them
  RobustOptions robust{};
};

}  // namespace murm
