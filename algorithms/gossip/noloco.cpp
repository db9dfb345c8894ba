#include "algorithms/gossip/noloco.hpp"

namespace murm {

NoLoCo::NoLoCo(const AlgorithmOptions& options)
    : RoundPeer(options, TopologyKind::random_matching),
      lr_(static_cast<float>(options.outer_lr > 0 ? options.outer_lr : 0.7)),
      momentum_(static_cast<float>(options.outer_momentum < 0 ? 0.5 : options.outer_momentum)) {}

void NoLoCo::started(Context& context) {
  slow_ = context.snapshot(replica());
  velocity_ = context.allocate(replica().length());
}

void NoLoCo::speak(Context& context) {
  gained_ = context.snapshot(replica());
  context.axpy(gained_, -1.0F, slow_);
  if (column().others.empty()) return;
  const Tensor slow = context.snapshot(slow_);
  for (const Share& share : column().others) {
    send(share.peer, gained_, 0, 0, context);
    send(share.peer, slow, 0, 1, context);
  }
}

void NoLoCo::mix(const Shares& /*row*/, const std::map<PeerIndex, std::vector<Message>>& messages,
                 Context& context) {
  const float share = 1.0F / static_cast<float>(1 + messages.size());
  context.scale(velocity_, momentum_);
  context.axpy(velocity_, lr_ * share, gained_);
  context.axpy(velocity_, lr_ * (share - 1.0F), slow_);
  for (const auto& [peer, parts] : messages) {
    for (const Message& part : parts) context.axpy(velocity_, lr_ * share, part.payload);
  }
  context.axpy(slow_, 1.0F, velocity_);
  context.copy(replica(), slow_);
  gained_ = Tensor();
}

}  // namespace murm
