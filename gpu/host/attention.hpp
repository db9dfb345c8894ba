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

/// First numbers of one head. Forward writes y and log_sums [length]; backward reads them, and writes all of dq, dk, dv.
struct HeadPointers {
  const float* q = nullptr;
  const float* k = nullptr;
  const float* v = nullptr;
  float* y = nullptr;
  float* log_sums = nullptr;
  const float* dy = nullptr;  // backward only, as what follows; strides as y, and as q
  float* dq = nullptr;
  float* dk = nullptr;
  float* dv = nullptr;
};

/// Thread: one at a time.   Cost: memory grows to the longest sequence seen, then nothing is allocated.
class HeadAttention {
 public:
  void forward(const HeadShape& shape, const HeadPointers& at);
  void backward(const HeadShape& shape, const HeadPointers& at);

 private:
  struct Plan;
  Plan plan(const HeadShape& shape, const HeadPointers& at);

  std::vector<float> memory_;
};

}  // namespace murm::host
