// The contributions of one step as one sum.
// Room: algorithms. Arithmetic is asked of the context.
// Caller: aggregators that combine: algorithms/parameter_server/bsp and buffered, algorithms/local_update/outer_aggregator.
#pragma once
#include <span>

#include "algorithms/machine.hpp"
#include "algorithms/robust/robust.hpp"

namespace murm {

/// sum <- the payloads of `pushes`, added in their order or combined by `rule` (whose memory is `state`). `round`
/// differs from step to step: it draws the rule's buckets. Requires: at least one push.
void add_up(std::span<const Message> pushes, RobustOptions rule, std::uint64_t round,
            const Tensor& state, const Tensor& sum, Context& context);

}  // namespace murm
