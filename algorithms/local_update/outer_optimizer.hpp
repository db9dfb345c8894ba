// The outer optimizer: what an aggregator does with the mean pseudo-gradient.
// Room: algorithms. Plain options; the step itself is algorithms/optimizer.
// Caller: the aggregators of the local-update family. Source: Douillard et al. 2023 (DiLoCo), outer Nesterov.
#pragma once
#include "algorithms/parameter_server/shard.hpp"

namespace murm {

/// "sgd" with rate 1 is plain averaging; "nesterov" is the form of PyTorch. `lr` and `momentum` stand in
/// where the job names none.
ShardOptions outer_shard_options(const AlgorithmOptions& options, std::uint32_t shard,
                                 const char* outer, double lr, double momentum);

}  // namespace murm
