// Causal attention of one head, forward and back, by blocks of rows that stay in the first caches.
// Room: gpu/host. Arrays of numbers; no tensor, no batch.
// Caller: gpu/host/host_sequences. Source: Dao et al. 2022 (arXiv:2205.14135), Algorithms 1 and 4, with whole rows of
// scores in place of the online softmax: a row of a few thousand numbers fits in the cache.
#pragma once
#include <cstddef>
#include <vector>

namespace murm::host {

/// Rows of one head within [length, 3, heads, head_width] or [length, heads, head_width]: `stride` apart.
struct HeadShape {
  std::size_t length = 0;
  std::size_t width = 0;       // of the head
  std::size_t qkv_stride = 0;  // numbers between places
  std::size_t y_stride = 0;
};

/// Thread: one at a time.   Cost: memory grows to the longest sequence seen, then nothing is allocated.
class HeadAttention {
 public:
  /// q, k, v: first numbers of the head; y likewise. log_sums[length].
  void forward(const HeadShape& shape, const float* q, const float* k, const float* v, float* y,
               float* log_sums);
  /// All of dq, dk, dv is written; they have the stride of qkv.
  void backward(const HeadShape& shape, const float* q, const float* k, const float* v,
                const float* y, const float* log_sums, const float* dy, float* dq, float* dk,
                float* dv);

 private:
  struct Plan;
  Plan plan(const HeadShape& shape, bool back);

  std::vector<float> memory_;
};

}  // namespace murm::host
