#include "algorithms/robust/coordinate_rules.hpp"

#include <algorithm>
#include <limits>

#include "algorithms/vector_clones.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

// 64 rows of these fit the first cache.
constexpr std::size_t kColumns = 64;
using Comparators = std::span<const std::pair<std::uint32_t, std::uint32_t>>;

/// Batcher's merge exchange (Knuth, volume 3, 5.2.2, Algorithm M): sorts `rows` values whatever they are, so
/// that all columns can do the same at once.
void plan_sort(std::size_t rows, RobustWorkspace& workspace) {
  if (workspace.comparators_for == rows) return;
  workspace.comparators_for = rows;
  workspace.comparators.clear();
  std::size_t top = 1;
  while (top * 2 < rows) top *= 2;
  for (std::size_t p = top; p > 0; p /= 2) {
    std::size_t distance = p;
    std::size_t residue = 0;
    for (std::size_t q = top;; q /= 2) {
      for (std::size_t i = 0; i + distance < rows; ++i) {
        if ((i & p) != residue) continue;
        workspace.comparators.emplace_back(static_cast<std::uint32_t>(i),
                                           static_cast<std::uint32_t>(i + distance));
      }
      if (q == p) break;
      distance = q - p;
      residue = p;
    }
  }
}

MURM_CLONES void sort_columns(std::size_t rows, Comparators comparators, float* block) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < rows * kColumns; ++i)
    block[i] = block[i] == block[i] ? block[i] : infinity;
  for (const auto& [low, high] : comparators) {
    float* __restrict a = block + low * kColumns;
    float* __restrict b = block + high * kColumns;
    for (std::size_t j = 0; j < kColumns; ++j) {
      const float x = a[j];
      const float y = b[j];
      a[j] = x < y ? x : y;
      b[j] = x < y ? y : x;
    }
  }
}

MURM_CLONES void middle_sums(std::size_t from, std::size_t to, double factor, const float* block,
                             float* __restrict sums) {
  double columns[kColumns] = {};
  for (std::size_t row = from; row < to; ++row) {
    const float* x = block + row * kColumns;
    for (std::size_t j = 0; j < kColumns; ++j) columns[j] += static_cast<double>(x[j]);
  }
  for (std::size_t j = 0; j < kColumns; ++j) sums[j] = static_cast<float>(columns[j] * factor);
}

}  // namespace

void trimmed_mean(const RobustRows& rows, std::size_t trimmed, std::span<float> out) {
  const std::size_t count = rows.count();
  MURM_ASSERT(2 * trimmed < count, std::to_string(trimmed));
  RobustWorkspace& workspace = rows.workspace();
  plan_sort(count, workspace);
  workspace.block.resize((count + 1) * kColumns);
  float* block = workspace.block.data();
  float* sums = block + count * kColumns;
  const double factor = static_cast<double>(count) / static_cast<double>(count - 2 * trimmed);
  for (std::size_t begin = 0; begin < out.size(); begin += kColumns) {
    const std::size_t n = std::min(kColumns, out.size() - begin);
    rows.load(begin, n, kColumns, block);
    sort_columns(count, workspace.comparators, block);
    middle_sums(trimmed, count - trimmed, factor, block, sums);
    std::copy_n(sums, n, out.data() + begin);
  }
}

}  // namespace murm
