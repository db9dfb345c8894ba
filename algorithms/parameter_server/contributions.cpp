#include "algorithms/parameter_server/contributions.hpp"

#include "algorithms/random.hpp"

namespace murm {

void add_up(std::span<const Message> pushes, RobustOptions rule, std::uint64_t round,
            const Tensor& state, const Tensor& sum, Context& context) {
  if (rule.rule != RobustRule::mean) {
    std::vector<Tensor> payloads;
    std::vector<double> samples;
    for (const Message& push : pushes) {
      payloads.push_back(push.payload);
      samples.push_back(push.lease.samples);
    }
    rule.seed = spread_bits(rule.seed + round);
    return context.combine(rule, payloads, samples, state, sum);
  }
  context.copy(sum, pushes.front().payload);
  for (const Message& push : pushes.subspan(1)) context.axpy(sum, 1.0F, push.payload);
}

}  // namespace murm
