#include "algorithms/compression/codec.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "algorithms/compression/codebook.hpp"
#include "algorithms/compression/dgc.hpp"
#include "algorithms/compression/error_feedback.hpp"
#include "algorithms/compression/narrow.hpp"
#include "algorithms/compression/powersgd.hpp"
#include "algorithms/compression/sign.hpp"
#include "algorithms/compression/sparse.hpp"
#include "algorithms/compression/stochastic.hpp"
#include "algorithms/compression/words.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

using Options = CompressionOptions;
using Blocks = std::span<const CodecBlock>;
using Made = std::unique_ptr<Codec>;

struct Row {
  std::string_view name;
  bool error_feedback = false;  // when the job does not say
  double ratio = 0;             // likewise
  Made (*make)(const Options& options, std::size_t length, Blocks blocks, std::uint64_t stream);
};

constexpr std::array kRows{
    Row{"none", false, 0,
        [](const Options&, std::size_t n, Blocks, std::uint64_t) { return make_none(n); }},
    Row{"top-k", true, 0.01,
        [](const Options& o, std::size_t n, Blocks, std::uint64_t) { return make_top_k(o, n); }},
    Row{"random-k", true, 0.01,
        [](const Options& o, std::size_t n, Blocks, std::uint64_t stream) {
          return make_random_k(o, n, stream);
        }},
    Row{"dgc", false, 0.001,
        [](const Options& o, std::size_t n, Blocks blocks, std::uint64_t) -> Made {
          return std::make_unique<Dgc>(o, n, blocks);
        }},
    Row{"qsgd", false, 0,
        [](const Options& o, std::size_t n, Blocks, std::uint64_t stream) {
          return make_qsgd(o, n, stream);
        }},
    Row{"int8", false, 0,
        [](const Options&, std::size_t n, Blocks blocks, std::uint64_t) {
          return make_int8(n, blocks);
        }},
    Row{"1-bit", true, 0,
        [](const Options&, std::size_t n, Blocks blocks, std::uint64_t) {
          return make_one_bit(n, blocks);
        }},
    Row{"ef-sign", true, 0,
        [](const Options&, std::size_t n, Blocks blocks, std::uint64_t) {
          return make_ef_sign(n, blocks);
        }},
    Row{"terngrad", false, 0,
        [](const Options& o, std::size_t n, Blocks blocks, std::uint64_t stream) {
          return make_terngrad(o, n, blocks, stream);
        }},
    Row{"powersgd", true, 0,
        [](const Options& o, std::size_t n, Blocks blocks, std::uint64_t stream) {
          return make_powersgd(o, n, blocks, stream);
        }},
    Row{"fp16", false, 0,
        [](const Options&, std::size_t n, Blocks, std::uint64_t) { return make_fp16(n); }},
    Row{"bf16", false, 0,
        [](const Options&, std::size_t n, Blocks, std::uint64_t) { return make_bf16(n); }},
    Row{"fp4", false, 0,
        [](const Options&, std::size_t n, Blocks, std::uint64_t) { return make_fp4(n); }},
};

constexpr std::array<std::string_view, kRows.size()> kNames = [] {
  std::array<std::string_view, kRows.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kRows[i].name;
  return names;
}();

constexpr std::size_t kLongest = 0x7F000000;  // index of a sparse payload, below any refused word
constexpr unsigned kRankMax = 1024;

const Row& row_of(const Options& options) {
  const auto* row = std::find_if(kRows.begin(), kRows.end(),
                                 [&](const Row& r) { return r.name == options.name; });
  if (row != kRows.end()) return *row;
  std::string known;
  for (const std::string_view name : kNames) known.append(known.empty() ? "" : ", ").append(name);
  throw InputError("compression.name is '" + options.name + "', expected one of " + known +
                   ". HINT: docs/compression.md says when to choose which");
}

void expect(bool good, const char* key, const std::string& found, const char* rest) {
  if (good) return;
  throw InputError(std::string("compression.") + key + " is " + found + ", expected " + rest);
}

}  // namespace

void Codec::encode(std::span<const float> values, std::span<float> payload) {
  MURM_ASSERT(values.size() == length_, std::to_string(values.size()));
  MURM_ASSERT(payload.size() == encoded_length(), std::to_string(payload.size()));
  if (all_finite(values)) {
    encode_finite(values, payload);
  } else {
    std::fill(payload.begin(), payload.end(), float_of(kRefusedWord));
  }
  ++counter_;
}

bool Codec::decode(std::span<const float> payload, std::span<float> values) const {
  MURM_ASSERT(values.size() == length_, std::to_string(values.size()));
  return accepts(payload.size()) && decode_checked(payload, values) && all_finite(values);
}

std::span<const std::string_view> codec_names() { return kNames; }

void check_compression(const Options& options) {
  row_of(options);
  expect(options.ratio >= 0 && options.ratio <= 1, "ratio", std::to_string(options.ratio),
         "a share between 0 and 1. HINT: 0.01 sends one number in a hundred");
  expect(options.bits == 2 || options.bits == 4 || options.bits == 8, "bits",
         std::to_string(options.bits), "8, 4 or 2. HINT: 4 is the usual choice");
  expect(options.rank >= 1 && options.rank <= kRankMax, "rank", std::to_string(options.rank),
         "a number from 1 to 1024. HINT: 4 is the usual choice");
  expect(options.momentum >= 0 && options.momentum < 1, "momentum",
         std::to_string(options.momentum), "a number from 0 up to but not 1. HINT: 0.9 is usual");
  expect(options.clip >= 0 && std::isfinite(options.clip), "clip", std::to_string(options.clip),
         "a number of standard deviations, or 0. HINT: 2.5 is usual, 0 does not clip");
  expect(options.name != "dgc" || !options.error_feedback.value_or(false), "error_feedback", "true",
         "false with dgc. HINT: dgc keeps what it does not send by itself");
}

bool uses_error_feedback(const Options& options) {
  return options.error_feedback.value_or(row_of(options).error_feedback);
}

std::unique_ptr<Codec> make_codec(const Options& options, std::size_t length, Blocks blocks,
                                  std::uint64_t stream) {
  check_compression(options);
  MURM_ASSERT(length < kLongest, std::to_string(length));
  const Row& row = row_of(options);
  Options filled = options;
  if (filled.ratio == 0) filled.ratio = row.ratio;
  return row.make(filled, length, cover(blocks, length), stream);
}

std::unique_ptr<Codec> make_sender_codec(const Options& options, std::size_t length, Blocks blocks,
                                         std::uint64_t stream) {
  std::unique_ptr<Codec> codec = make_codec(options, length, blocks, stream);
  if (!uses_error_feedback(options)) return codec;
  return std::make_unique<ErrorFeedback>(std::move(codec));
}

}  // namespace murm
