// Neighbouring numbers that one thread moves by one access, and division by a number known before the kernel starts.
// Room: gpu/cuda. For .cu files alone.
// Caller: the kernels of this room.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace murm::cuda {

template <unsigned kWidth>
struct alignas(kWidth * sizeof(float)) Numbers {
  float at[kWidth];
};
template <unsigned kWidth>
struct alignas(kWidth) Bytes {
  std::uint8_t at[kWidth];
};

template <unsigned kWidth>
__device__ Numbers<kWidth> load(const float* from) {
  return *reinterpret_cast<const Numbers<kWidth>*>(from);
}
template <unsigned kWidth>
__device__ Bytes<kWidth> load(const std::uint8_t* from) {
  return *reinterpret_cast<const Bytes<kWidth>*>(from);
}
template <unsigned kWidth>
__device__ void store(const Numbers<kWidth>& numbers, float* to) {
  *reinterpret_cast<Numbers<kWidth>*>(to) = numbers;
}
template <unsigned kWidth>
__device__ void store(const Bytes<kWidth>& bytes, std::uint8_t* to) {
  *reinterpret_cast<Bytes<kWidth>*>(to) = bytes;
}

/// Whether rows of `length` numbers (or bytes) can be walked four at a time. Null addresses count as aligned.
inline bool in_fours(std::size_t length, std::initializer_list<const float*> numbers,
                     std::initializer_list<const std::uint8_t*> bytes = {}) {
  bool aligned = length % 4 == 0;
  for (const float* address : numbers) {
    aligned = aligned && reinterpret_cast<std::uintptr_t>(address) % sizeof(Numbers<4>) == 0;
  }
  for (const std::uint8_t* address : bytes) {
    aligned = aligned && reinterpret_cast<std::uintptr_t>(address) % sizeof(Bytes<4>) == 0;
  }
  return aligned;
}

/// n / d for n below 2^31 by a multiplication. Source: Granlund & Montgomery 1994, figure 4.1.
class Divisor {
 public:
  Divisor() = default;
  explicit Divisor(std::size_t d) : divisor_(static_cast<std::uint32_t>(d)) {
    while ((std::uint64_t{1} << shift_) < d) ++shift_;
    const std::uint64_t excess = (std::uint64_t{1} << shift_) - d;
    multiplier_ = static_cast<std::uint32_t>((excess << 32) / d + 1);
  }
  __device__ std::uint32_t quotient(std::uint32_t n) const {
    const auto high = static_cast<std::uint32_t>(std::uint64_t{multiplier_} * n >> 32);
    return (high + n) >> shift_;
  }
  __device__ std::uint32_t remainder(std::uint32_t n) const { return n - quotient(n) * divisor_; }

 private:
  std::uint32_t divisor_ = 1;
  std::uint32_t multiplier_ = 1;
  std::uint32_t shift_ = 0;
};

}  // namespace murm::cuda
