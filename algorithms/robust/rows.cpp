#include "algorithms/robust/rows.hpp"

#include <algorithm>
#include <numeric>

#include "algorithms/random.hpp"
#include "algorithms/vector_clones.hpp"

namespace murm {
namespace {

constexpr std::uint64_t kBucketStream = 0x6275636B6574ULL;  // "bucket"

MURM_CLONES void add(std::size_t n, const float* x, float* y) {
  for (std::size_t i = 0; i < n; ++i) y[i] += x[i];
}

MURM_CLONES void scale(std::size_t n, float a, float* x) {
  for (std::size_t i = 0; i < n; ++i) x[i] *= a;
}

void shuffle(std::span<std::size_t> order, std::uint64_t seed) {
  Random random(seed, kBucketStream);
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  }
}

}  // namespace

RobustRows::RobustRows(RobustWorkspace& workspace, std::span<const double> samples,
                       std::size_t length, std::size_t bucket, std::uint64_t seed)
    : workspace_(workspace), length_(length), bucket_(bucket) {
  workspace.members.resize(samples.size());
  std::iota(workspace.members.begin(), workspace.members.end(), std::size_t{0});
  if (bucket > 1) shuffle(workspace.members, seed);
  const std::size_t rows = (samples.size() + bucket - 1) / bucket;
  workspace.row_samples.assign(rows, 0.0);
  for (std::size_t row = 0; row < rows; ++row) {
    for (const std::size_t member : members(row)) workspace.row_samples[row] += samples[member];
  }
  total_samples_ = std::accumulate(samples.begin(), samples.end(), 0.0);
  workspace.row_scale.resize(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    workspace.row_scale[row] = static_cast<float>(average_samples() / workspace.row_samples[row]);
  }
}

std::span<const std::size_t> RobustRows::members(std::size_t row) const {
  const std::span<const std::size_t> all = workspace_.members;
  const std::size_t begin = row * bucket_;
  return all.subspan(begin, std::min(bucket_, all.size() - begin));
}

void RobustRows::take(std::size_t contribution, std::size_t begin, std::size_t n, bool adds,
                      float* to) const {
  const std::size_t end = begin + n;
  for (std::size_t p = workspace_.first_piece[contribution];
       p < workspace_.first_piece[contribution + 1]; ++p) {
    const RobustPiece& piece = workspace_.pieces[p];
    const std::size_t from = std::max(begin, piece.offset);
    const std::size_t until = std::min(end, piece.offset + piece.length);
    if (from >= until) continue;
    const float* data = piece.data + (from - piece.offset);
    if (adds) {
      add(until - from, data, to + (from - begin));
    } else {
      std::copy_n(data, until - from, to + (from - begin));
    }
  }
}

void RobustRows::load(std::size_t begin, std::size_t n, std::size_t stride, float* block) const {
  for (std::size_t row = 0; row < count(); ++row) {
    float* to = block + row * stride;
    bool first = true;
    for (const std::size_t member : members(row)) {
      take(member, begin, n, !first, to);
      first = false;
    }
    if (workspace_.row_scale[row] != 1.0F) scale(n, workspace_.row_scale[row], to);
    std::fill(to + n, to + stride, 0.0F);
  }
}

void RobustRows::sum(std::span<const std::size_t> rows, std::span<float> out) const {
  bool first = true;
  for (const std::size_t row : rows) {
    for (const std::size_t member : members(row)) {
      take(member, 0, length_, !first, out.data());
      first = false;
    }
  }
}

}  // namespace murm
