#include "algorithms/gossip/choco.hpp"

namespace murm {

namespace {

/// The contraction that CHOCO needs, without feedback of its own: what is left out stays in x - p.
CompressionOptions contraction(const AlgorithmOptions& options) {
  CompressionOptions result = options.compression;
  if (result.name == "none") result.name = "top-k";
  result.seed = options.seed;
  result.error_feedback = true;  // the contracting form, where a code has two
  return result;
}

}  // namespace

Choco::Choco(const AlgorithmOptions& options, bool naive)
    : RoundPeer(options, TopologyKind::ring),
      naive_(naive),
      gamma_(static_cast<float>(options.consensus_step > 0 ? options.consensus_step : 0.04)) {}

void Choco::started(Context& context) {
  const std::size_t length = replica().length();
  codec_ = make_codec(contraction(options()), length, options().blocks, context.self().value);
  public_ = context.allocate(length);
  mixed_ = context.allocate(length);
  sent_ = context.allocate(length);
  difference_ = context.allocate(length);
}

void Choco::peers_changed(Context& context) {
  context.scale(public_, 0.0F);
  context.scale(mixed_, 0.0F);
}

void Choco::speak(Context& context) {
  context.copy(difference_, replica());
  if (!naive_) context.axpy(difference_, -1.0F, public_);
  Tensor payload = context.encode(*codec_, difference_);
  if (!context.decode(*codec_, payload, sent_)) {
    payload = Tensor();
    context.copy(sent_, context.allocate(sent_.length()));
  }
  for (const Share& share : column().others) send(share.peer, payload, 0, 0, context);
}

void Choco::mix(const Shares& row, const std::map<PeerIndex, std::vector<Message>>& messages,
                Context& context) {
  double self = row.self;
  for (const Share& share : row.others) {
    if (!messages.contains(share.peer)) self += share.weight;
  }
  const Tensor& sum = naive_ ? difference_ : mixed_;
  if (naive_) {
    context.copy(difference_, sent_);
    context.scale(difference_, static_cast<float>(self));
  } else {
    context.axpy(public_, 1.0F, sent_);
    context.axpy(mixed_, static_cast<float>(self), sent_);
  }
  for (const Share& share : row.others) {
    const auto found = messages.find(share.peer);
    if (found == messages.end()) continue;
    const Message& message = found->second.front();
    if (message.payload.length() == 0) continue;
    if (!context.decode(*codec_, message.payload, sent_)) {
      context.reject(message, "payload that no code of this job makes");
      continue;
    }
    context.axpy(sum, static_cast<float>(share.weight), sent_);
  }
  if (naive_) return context.copy(replica(), difference_);
  context.axpy(replica(), gamma_, mixed_);
  context.axpy(replica(), -gamma_, public_);
}

}  // namespace murm
