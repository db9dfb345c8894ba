// What stays when the run changes its algorithm: from the state of one aggregator machine to the next one's.
// Room: algorithms. Names of states only; no tensor is read.
// Caller: the drivers of aggregators (actors/aggregator, actors/virtual), at a cut. For users: docs/switching.md.
#pragma once
#include "algorithms/algorithm.hpp"

namespace murm {

/// Replaces `machine` by `fresh`, which has been started: the parameters and what has been counted stay. So does
/// the state of the optimizer where both apply the workers' gradients with the job's own; another one (an
/// outer optimizer, a compression's residual, a buffer) begins anew. Requires: `machine` is at a cut.
void hand_over(const Machine& machine, const Algorithm& from, Machine& fresh, const Algorithm& to,
               Context& context);

}  // namespace murm
