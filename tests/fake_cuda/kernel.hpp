// What a kernel may use, as plain C++: qualifiers, exchanges within a warp, atomics on integers, a few functions.
// Room: tests/fake_cuda. No dynamic shared memory, no atomics on floats: gpu/cuda does without them.
// Caller: cuda_runtime.h. Source: CUDA C++ Programming Guide, "C++ language extensions".
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "tests/fake_cuda/block.hpp"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)
// Threads of a block share an OS thread. What an earlier block left there is still to be seen, as on a device.
#define __shared__ static thread_local

constexpr int warpSize = 32;

inline void __syncthreads() { murm::fake_cuda::wait_for_block(); }
inline void __syncwarp(unsigned mask = 0xFFFFFFFFU) {
  murm::fake_cuda::meet(murm::fake_cuda::Meeting::sync, mask, 0, 0);
}
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() { __threadfence(); }

inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return static_cast<unsigned>(
      murm::fake_cuda::meet(murm::fake_cuda::Meeting::ballot, mask, predicate != 0 ? 1 : 0, 0));
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) {
  return __ballot_sync(mask, predicate == 0 ? 1 : 0) == 0;
}

namespace murm::fake_cuda {

/// The value that `source` brings, of the lanes that meet.
template <class T>
T shuffle(unsigned mask, T value, unsigned source) {
  static_assert(std::is_arithmetic_v<T> && sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = meet(Meeting::shuffle, mask, bits, source);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

/// `source` where it lies in the same group of `width` lanes, else the lane itself.
inline unsigned within_group(unsigned source, int width) {
  const unsigned lane = lane_of_warp();
  const auto lanes = static_cast<unsigned>(width);
  return source / lanes == lane / lanes ? source : lane;
}

}  // namespace murm::fake_cuda

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  const auto lanes = static_cast<unsigned>(width);
  const unsigned first = murm::fake_cuda::lane_of_warp() / lanes * lanes;
  return murm::fake_cuda::shuffle(mask, value, first + static_cast<unsigned>(source) % lanes);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32) {
  const unsigned source = murm::fake_cuda::lane_of_warp() -
                          distance;  // may wrap: then another group
  return murm::fake_cuda::shuffle(mask, value, murm::fake_cuda::within_group(source, width));
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32) {
  const unsigned source = murm::fake_cuda::lane_of_warp() + distance;
  return murm::fake_cuda::shuffle(mask, value, murm::fake_cuda::within_group(source, width));
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32) {
  const unsigned source = murm::fake_cuda::lane_of_warp() ^ static_cast<unsigned>(lane_mask);
  return murm::fake_cuda::shuffle(mask, value, murm::fake_cuda::within_group(source, width));
}

namespace murm::fake_cuda {
/// *address <- f(*address), atomically; returns what was there.
template <class T, class F>
T update(T* address, F f) {
  static_assert(std::is_integral_v<T>);
  T old = __atomic_load_n(address, __ATOMIC_SEQ_CST);
  while (!__atomic_compare_exchange_n(address, &old, f(old), false, __ATOMIC_SEQ_CST,
                                      __ATOMIC_SEQ_CST)) {
  }
  return old;
}
}  // namespace murm::fake_cuda

template <class T>
T atomicAdd(T* address, std::type_identity_t<T> value) {
  return murm::fake_cuda::update(address, [=](T old) { return static_cast<T>(old + value); });
}
template <class T>
T atomicMax(T* address, std::type_identity_t<T> value) {
  return murm::fake_cuda::update(address, [=](T old) { return old < value ? value : old; });
}
template <class T>
T atomicMin(T* address, std::type_identity_t<T> value) {
  return murm::fake_cuda::update(address, [=](T old) { return value < old ? value : old; });
}
template <class T>
T atomicOr(T* address, std::type_identity_t<T> value) {
  return murm::fake_cuda::update(address, [=](T old) { return static_cast<T>(old | value); });
}
template <class T>
T atomicAnd(T* address, std::type_identity_t<T> value) {
  return murm::fake_cuda::update(address, [=](T old) { return static_cast<T>(old & value); });
}
template <class T>
T atomicExch(T* address, std::type_identity_t<T> value) {
  return murm::fake_cuda::update(address, [=](T) { return value; });
}
template <class T>
T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  return murm::fake_cuda::update(address, [=](T old) { return old == expected ? value : old; });
}

inline int __popc(unsigned x) { return std::popcount(x); }
inline int __popcll(unsigned long long x) { return std::popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline float rsqrtf(float x) { return 1.0F / std::sqrt(x); }
template <class T>
T __ldg(const T* address) {
  return *address;
}

inline float2 make_float2(float x, float y) { return {x, y}; }
inline float3 make_float3(float x, float y, float z) { return {x, y, z}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline int2 make_int2(int x, int y) { return {x, y}; }
inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
