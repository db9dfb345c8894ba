// Machines with a code between them: what a worker pushes is encoded, what an aggregator takes is decoded.
// Room: algorithms. Wraps any machine whose pushes are sums that may be inexact; the machine knows nothing of it.
// Caller: algorithms/registry. Source: error feedback of Karimireddy et al. 2019, arXiv:1901.09847, per sender and shard.
#pragma once
#include <deque>
#include <memory>
#include <vector>

#include "algorithms/algorithm_options.hpp"
#include "algorithms/forwarding_context.hpp"

namespace murm {

/// One code for each shard, with its error feedback. A push that the aggregator did without goes back into the
/// residual when it says so (Message::dropped). The residual is a sum over as many samples as the latest lease, so it
/// counts as much with a short lease as with a long one. A worker that comes back begins with an empty residual; what a lost one
/// kept back is lost with it.
std::unique_ptr<Machine> compressed_worker(std::unique_ptr<Machine> machine,
                                           const AlgorithmOptions& options);

/// A payload that no sender of this job can have made is rejected.
std::unique_ptr<Machine> compressed_aggregator(std::unique_ptr<Machine> machine,
                                               const AlgorithmOptions& options,
                                               std::uint32_t shard);

}  // namespace murm
