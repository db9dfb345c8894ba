#include "algorithms/compression/dgc.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "algorithms/compression/sparse.hpp"
#include "algorithms/vector_clones.hpp"

namespace murm {
namespace {

constexpr std::array<double, 4> kWarmUpRatios{0.25, 0.0625, 0.015, 0.004};

MURM_CLONES void accumulate(std::size_t n, const float* __restrict g, float m, bool nesterov,
                            float* __restrict u, float* __restrict v) {
  if (nesterov) {
    for (std::size_t i = 0; i < n; ++i) {
      u[i] = m * (u[i] + g[i]);
      v[i] += u[i] + g[i];
    }
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      u[i] = m * u[i] + g[i];
      v[i] += u[i];
    }
  }
}

}  // namespace

Dgc::Dgc(const CompressionOptions& options, std::size_t length, std::span<const CodecBlock> blocks)
    : Codec(length),
      stage_length_(options.warm_up),
      momentum_(static_cast<float>(options.momentum)),
      nesterov_(options.nesterov),
      masking_(options.masking) {
  for (const double ratio : kWarmUpRatios) {
    if (stage_length_ > 0 && ratio > options.ratio) ratios_.push_back(ratio);
  }
  ratios_.push_back(options.ratio);

  std::size_t packed = 0;
  const auto place = [&](bool vectors) {
    for (const CodecBlock& block : blocks) {
      if ((block.rows == 1) != vectors) continue;
      parts_.push_back({block.offset, packed, block.size()});
      packed += block.size();
    }
  };
  place(false);
  sparse_numbers_ = packed;
  place(true);
  if (sparse_numbers_ == 0) sparse_numbers_ = length;
}

std::size_t Dgc::kept(std::uint64_t count) const {
  const std::uint64_t stage = stage_length_ == 0 ? 0 : count / stage_length_;
  const double ratio = stage < ratios_.size() ? ratios_[stage] : ratios_.back();
  return kept_count(ratio, sparse_numbers_);
}

std::size_t Dgc::encoded_length(std::uint64_t count) const {
  return sparse_length(kept(count), sparse_numbers_) + length() - sparse_numbers_;
}

bool Dgc::accepts(std::size_t words) const {
  for (std::uint64_t stage = 0; stage < ratios_.size(); ++stage) {
    if (words == encoded_length(stage * stage_length_)) return true;
  }
  return false;
}

void Dgc::allocate() {
  u_.resize(length());
  v_.resize(length());
}

void Dgc::encode_finite(std::span<const float> values, std::span<float> payload) {
  allocate();
  for (const Part& part : parts_) {
    accumulate(part.length, values.data() + part.offset, momentum_, nesterov_,
               u_.data() + part.packed, v_.data() + part.packed);
  }
  const std::span<float> large = std::span(v_).first(sparse_numbers_);
  const std::span<float> sparse = payload.first(payload.size() - (length() - sparse_numbers_));
  encode_sparse(large, kept(counter()), sparse);
  std::copy(v_.begin() + static_cast<std::ptrdiff_t>(sparse_numbers_), v_.end(),
            payload.begin() + static_cast<std::ptrdiff_t>(sparse.size()));
  const auto sent = [&](std::size_t i) {
    v_[i] = 0;
    if (masking_) u_[i] = 0;
  };
  decode_sparse(sparse, sparse_numbers_, [&](std::size_t i, float /*value*/) { sent(i); });
  for (std::size_t i = sparse_numbers_; i < length(); ++i) sent(i);
}

bool Dgc::decode_checked(std::span<const float> payload, std::span<float> values) const {
  std::fill(values.begin(), values.end(), 0.0F);
  const std::size_t sparse = payload.size() - (length() - sparse_numbers_);
  auto part = parts_.begin();
  const auto put = [&](std::size_t i, float value) {
    while (i >= part->packed + part->length) ++part;
    values[part->offset + (i - part->packed)] = value;
  };
  if (!decode_sparse(payload.first(sparse), sparse_numbers_, put)) return false;
  for (std::size_t i = sparse_numbers_; i < length(); ++i) {
    put(i, payload[sparse + (i - sparse_numbers_)]);
  }
  return true;
}

void Dgc::restore(std::span<const float> payload) {
  allocate();
  if (!accepts(payload.size())) return;
  const std::size_t sparse = payload.size() - (length() - sparse_numbers_);
  const auto take_back = [&](std::size_t i, float value) {
    if (std::isfinite(value)) v_[i] += value;
  };
  decode_sparse(payload.first(sparse), sparse_numbers_, take_back);
  for (std::size_t i = sparse_numbers_; i < length(); ++i) {
    take_back(i, payload[sparse + (i - sparse_numbers_)]);
  }
}

void Dgc::rescale(float factor) {
  for (float& u : u_) u *= factor;
  for (float& v : v_) v *= factor;
}

void Dgc::reset() {
  std::fill(u_.begin(), u_.end(), 0.0F);
  std::fill(v_.begin(), v_.end(), 0.0F);
}

std::vector<std::span<float>> Dgc::state() {
  allocate();
  return {u_, v_};
}

}  // namespace murm
