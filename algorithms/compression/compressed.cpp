#include "algorithms/compression/compressed.hpp"

#include "algorithms/partition.hpp"
#include "algorithms/random.hpp"

namespace murm {

namespace {

std::vector<CodecBlock> shard_blocks(const AlgorithmOptions& options, std::uint32_t shard) {
  return blocks_within(options.blocks, shard_range(options.parameters, options.shards, shard));
}

CompressionOptions seeded(const AlgorithmOptions& options) {
  CompressionOptions result = options.compression;
  result.seed = options.seed;
  return result;
}

/// Encodes what is pushed on its way out.
class Encoder final : public ForwardingContext {
 public:
  explicit Encoder(const AlgorithmOptions& options) : options_(options), shards_(options.shards) {}

  void send(PeerId to, Message message) override {
    if (to.role() != Role::aggregator) return real().send(to, std::move(message));
    Shard& shard = shards_.at(message.shard);
    Tensor payload;
    if (message.kind == MessageKind::push && message.payload.length() > 0) {
      if (!shard.codec) {
        const std::uint64_t stream = spread_bits(self().value) + message.shard;
        shard.codec = make_sender_codec(seeded(options_), message.payload.length(),
                                        shard_blocks(options_, message.shard), stream);
      }
      keep_for(shard, message.lease.samples);
      payload = real().encode(*shard.codec, message.payload);
      message.payload = payload;
    }
    shard.asked.push_back({message.lease.id, message.lease.samples, std::move(payload)});
    real().send(to, std::move(message));
  }

  /// Every question is answered once; a dropped push names its lease.
  void answered(const Message& answer) {
    Shard& shard = shards_.at(answer.shard);
    auto asked = shard.asked.begin();
    while (answer.dropped && asked != shard.asked.end() && asked->lease != answer.round) ++asked;
    if (asked == shard.asked.end()) return;
    if (answer.dropped && asked->payload.length() > 0) {
      keep_for(shard, asked->samples);
      real().restore(*shard.codec, asked->payload);
    }
    shard.asked.erase(asked);
  }

 private:
  struct Asked {
    LeaseId lease = 0;
    std::uint32_t samples = 0;
    Tensor payload;  // of a push
  };
  struct Shard {
    std::unique_ptr<Codec> codec;
    std::uint32_t samples = 0;  // of the lease whose unit the residual has
    std::deque<Asked> asked;
  };

  /// What is kept back is a sum as well, and its receiver will divide it by the samples of the next lease.
  static void keep_for(Shard& shard, std::uint32_t samples) {
    const bool changes = shard.samples != 0 && shard.samples != samples;
    if (changes) {
      shard.codec->rescale(static_cast<float>(samples) / static_cast<float>(shard.samples));
    }
    shard.samples = samples;
  }

  AlgorithmOptions options_;
  std::vector<Shard> shards_;
};

/// Passes every event on to the machine, with a context of its own in between.
template <class Between>
class Wrapped : public Machine {
 public:
  Wrapped(std::unique_ptr<Machine> machine, const AlgorithmOptions& options)
      : machine_(std::move(machine)), between_(options) {}

  void on_start(Context& context) override { machine_->on_start(by(context)); }
  void on_lease(const Lease& lease, Context& context) override {
    machine_->on_lease(lease, by(context));
  }
  void on_gradient(const GradientReady& gradient, Context& context) override {
    machine_->on_gradient(gradient, by(context));
  }
  void on_message(const Message& message, Context& context) override {
    machine_->on_message(message, by(context));
  }
  void on_membership(const MembershipChange& change, Context& context) override {
    machine_->on_membership(change, by(context));
  }
  void on_timer(std::uint64_t cookie, Context& context) override {
    machine_->on_timer(cookie, by(context));
  }
  void on_collect(Context& context) override { machine_->on_collect(by(context)); }
  double mass() const override { return machine_->mass(); }
  void save(MachineState& state) const override { machine_->save(state); }
  void load(const MachineState& state, Context& context) override {
    machine_->load(state, by(context));
  }

 protected:
  Context& by(Context& context) {
    between_.between(context);
    return between_;
  }
  Machine& machine() { return *machine_; }
  Between& between() { return between_; }

 private:
  std::unique_ptr<Machine> machine_;
  Between between_;
};

class CompressedWorker final : public Wrapped<Encoder> {
 public:
  using Wrapped::Wrapped;
  void on_message(const Message& message, Context& context) override {
    if (message.kind == MessageKind::parameters && message.from.role() == Role::aggregator) {
      by(context);
      between().answered(message);
    }
    Wrapped::on_message(message, context);
  }
};

class Unchanged final : public ForwardingContext {
 public:
  explicit Unchanged(const AlgorithmOptions& /*options*/) {}
};

class CompressedAggregator final : public Wrapped<Unchanged> {
 public:
  CompressedAggregator(std::unique_ptr<Machine> machine, const AlgorithmOptions& options,
                       std::uint32_t shard)
      : Wrapped(std::move(machine), options),
        codec_(make_codec(seeded(options),
                          shard_range(options.parameters, options.shards, shard).length,
                          shard_blocks(options, shard), 0)) {}

  void on_message(const Message& message, Context& context) override {
    if (message.kind != MessageKind::push || message.payload.length() == 0) {
      return Wrapped::on_message(message, context);
    }
    Message decoded = message;
    decoded.payload = context.allocate(codec_->length());
    if (!context.decode(*codec_, message.payload, decoded.payload)) {
      return context.reject(message, "payload that no code of this job makes");
    }
    Wrapped::on_message(decoded, context);
  }

 private:
  std::unique_ptr<Codec> codec_;
};

}  // namespace

std::unique_ptr<Machine> compressed_worker(std::unique_ptr<Machine> machine,
                                           const AlgorithmOptions& options) {
  return std::make_unique<CompressedWorker>(std::move(machine), options);
}

std::unique_ptr<Machine> compressed_aggregator(std::unique_ptr<Machine> machine,
                                               const AlgorithmOptions& options,
                                               std::uint32_t shard) {
  return std::make_unique<CompressedAggregator>(std::move(machine), options, shard);
}

}  // namespace murm
