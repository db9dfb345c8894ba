// Vectors of 16 numbers, in whatever registers there are.
// Room: gpu/host. The compiler's vector types; include only where functions have MURM_CLONES: all is inlined there.
// Caller: gpu/host/small_product, gpu/host/attention, gpu/host/sequence_kernels.
#pragma once
#include <cstddef>

namespace murm::host {

using Vector [[gnu::vector_size(64), gnu::aligned(4), gnu::may_alias]] = float;
constexpr std::size_t vector_width = 16;

constexpr std::size_t whole_vectors(std::size_t n) {
  return (n + vector_width - 1) / vector_width * vector_width;
}

[[gnu::always_inline]] inline const Vector& vector_at(const float* p) {
  return *reinterpret_cast<const Vector*>(p);
}
[[gnu::always_inline]] inline void store(float* p, const Vector& v) {
  *reinterpret_cast<Vector*>(p) = v;
}
/// In order, whatever the register.
[[gnu::always_inline]] inline float total(const Vector& v) {
  float sum = 0;
  for (std::size_t l = 0; l < vector_width; ++l) sum += v[l];
  return sum;
}

}  // namespace murm::host
