// A lossy code for one stream of tensors: a payload of fixed length for a given number of numbers.
// Room: algorithms. Knows numbers and bit patterns; no sender, no device, no frame.
// Caller: machines (through Context), devices, CHOCO. Source: algorithms guide, section 5; see docs/compression.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/compression/blocks.hpp"

namespace murm {

/// What a job says under [compression]. A number of 0 and an empty optional mean: the default of the name.
struct CompressionOptions {
  std::string name = "none";
  double ratio =
      0;  // top-k, random-k, dgc: share of the numbers that travels; default 0.01, dgc 0.001
  unsigned bits = 4;     // qsgd: 8, 4 or 2
  bool l2_norm = false;  // qsgd: scale a bucket by its Euclidean norm instead of its largest number
  unsigned rank = 4;     // powersgd
  double momentum = 0.9;  // dgc
  bool nesterov = false;  // dgc
  bool masking = true;    // dgc: forget the momentum of what was sent
  std::uint64_t warm_up =
      0;              // dgc: payloads per stage of ratio .25, .0625, .015, .004; 0 is no warm-up
  double clip = 2.5;  // terngrad: in standard deviations; 0 is no clipping
  /// Whether the sender keeps what its code left out. It also chooses the form of codes that have two: false
  /// gives the unbiased one (random-k, qsgd, terngrad), true the contraction that feedback and CHOCO need.
  std::optional<bool> error_feedback;
  std::uint64_t seed = 0;  // of random rounding and random choices

  friend bool operator==(const CompressionOptions&, const CompressionOptions&) = default;
};

/// Payloads are fp32 words that hold bit patterns: they are copied, never computed with.
/// Thread: one at a time for all but decode and the lengths, which only read.
class Codec {
 public:
  virtual ~Codec() = default;
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;

  std::size_t length() const { return length_; }
  /// Words of payload number `count` of this stream, counted from 0: the same for every count, except
  /// during the warm-up of dgc. A pure function of options, length, blocks and count.
  virtual std::size_t encoded_length(std::uint64_t count) const = 0;
  std::size_t encoded_length() const { return encoded_length(counter_); }
  /// Whether a payload of so many words can be one of this stream: ask before memory is set aside for it.
  virtual bool accepts(std::size_t words) const { return words == encoded_length(0); }

  /// Overwrites `payload` [encoded_length()], advances the counter and the code's own state. Numbers that are not
  /// finite give a payload that every decode refuses, and leave the state as it was.
  /// Requires: values [length()], no overlap (asserted). Cost: no allocation after the first call.
  void encode(std::span<const float> values, std::span<float> payload);
  /// Overwrites `values` [length()] with finite numbers. False, and `values` unspecified, when encode cannot
  /// have made the payload: wrong length, index out of range, scale not finite ...
  bool decode(std::span<const float> payload, std::span<float> values) const;

  /// A payload of this sender was refused by its receiver: takes its numbers back, where there is a residual.
  virtual void restore(std::span<const float> /*payload*/) {}
  /// The unit of the values changes: multiplies what is kept back.
  virtual void rescale(float /*factor*/) {}
  /// Forgets residual, momentum and warm start (a join, a change of algorithm); the counter goes on.
  virtual void reset() {}
  /// Own numbers, to be saved and loaded in place; their lengths depend on options, length and blocks only.
  virtual std::vector<std::span<float>> state() { return {}; }
  /// Payloads encoded so far: with the seed and the stream it determines every random choice.
  std::uint64_t counter() const { return counter_; }
  virtual void set_counter(std::uint64_t counter) { counter_ = counter; }

 protected:
  explicit Codec(std::size_t length) : length_(length) {}
  /// `values` are finite and lengths are right; `counter()` is the number of this payload.
  virtual void encode_finite(std::span<const float> values, std::span<float> payload) = 0;
  /// The length is right; numbers that are not finite are found by the caller.
  virtual bool decode_checked(std::span<const float> payload, std::span<float> values) const = 0;

 private:
  std::size_t length_;
  std::uint64_t counter_ = 0;
};

/// Every name, in the order of the documentation.
std::span<const std::string_view> codec_names();
/// Throws InputError when a name is unknown or a number out of range.
void check_compression(const CompressionOptions& options);
/// What `error_feedback` says, or else the default of the name.
bool uses_error_feedback(const CompressionOptions& options);

/// The bare code: for receivers, for simulated bytes, for CHOCO. `blocks` are the matrices among the `length`
/// numbers; gaps count as vectors. `stream` tells apart senders and shards that share a seed.
/// Requires: options that pass check_compression (throws otherwise), length < 2^31 - 2^24.
std::unique_ptr<Codec> make_codec(const CompressionOptions& options, std::size_t length,
                                  std::span<const CodecBlock> blocks, std::uint64_t stream);
/// The same for a sender: the code and, when the options ask for it, its error feedback.
std::unique_ptr<Codec> make_sender_codec(const CompressionOptions& options, std::size_t length,
                                         std::span<const CodecBlock> blocks, std::uint64_t stream);

}  // namespace murm
