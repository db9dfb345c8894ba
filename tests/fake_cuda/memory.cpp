#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/fake_cuda/cuda_runtime_api.h"
#include "tests/fake_cuda/stream.hpp"

namespace murm::fake_cuda {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr int kNotANumber = 0xFF;  // in every byte

std::size_t live_bytes(int device) {
  std::size_t bytes = 0;
  for (const auto& [first, allocation] : state().allocations) {
    const bool there = allocation.type == cudaMemoryTypeDevice && allocation.device == device;
    if (there) bytes += allocation.bytes;
  }
  return bytes;
}

/// Exactly as large as asked, so that the sanitizer sees every step beyond.
cudaError_t allocate(void** address, std::size_t bytes, cudaMemoryType type) {
  if (address == nullptr) return cudaErrorInvalidValue;
  *address = nullptr;
  if (bytes == 0) return cudaSuccess;
  const std::lock_guard lock(state().mutex);
  const bool on_device = type == cudaMemoryTypeDevice;
  if (on_device && live_bytes(current_device()) + bytes > state().memory_bytes) {
    return cudaErrorMemoryAllocation;
  }
  if (posix_memalign(address, kAlignment, bytes) != 0) return cudaErrorMemoryAllocation;
  std::memset(*address, kNotANumber, bytes);
  state().allocations[static_cast<const std::byte*>(*address)] = {bytes, type, current_device()};
  ++(on_device ? state().counters.device_allocations : state().counters.host_allocations);
  return cudaSuccess;
}

/// Whether the address is the first of an allocation of this type.
bool begins(const void* address, cudaMemoryType type) {
  const std::lock_guard lock(state().mutex);
  const auto found = state().allocations.find(static_cast<const std::byte*>(address));
  return found != state().allocations.end() && found->second.type == type;
}

/// What streams have freed may be missing for a moment only.
cudaError_t allocate_after_frees(void** address, std::size_t bytes, cudaStream_t stream) {
  const cudaError_t status = allocate(address, bytes, cudaMemoryTypeDevice);
  if (status != cudaErrorMemoryAllocation) return status;
  stream->wait();
  return allocate(address, bytes, cudaMemoryTypeDevice);
}

cudaError_t free_after_all(void* address, cudaMemoryType type) {
  if (address == nullptr) return cudaSuccess;
  if (capture_forbids()) return cudaErrorStreamCaptureUnsupported;
  if (!begins(address, type)) return cudaErrorInvalidValue;
  wait_for_device();
  release(static_cast<const std::byte*>(address));
  return cudaSuccess;
}

}  // namespace

void release(const std::byte* first) {
  const std::lock_guard lock(state().mutex);
  if (state().allocations.erase(first) == 0) {
    std::fprintf(stderr, "fake CUDA: memory is freed twice\n");
    std::abort();
  }
  std::free(const_cast<std::byte*>(first));
}

bool find_allocation(const void* address, Allocation& found) {
  const std::lock_guard lock(state().mutex);
  const auto* byte = static_cast<const std::byte*>(address);
  auto next = state().allocations.upper_bound(byte);
  if (next == state().allocations.begin()) return false;
  --next;
  const std::size_t offset = static_cast<std::size_t>(byte - next->first);
  if (offset > next->second.bytes) return false;  // one past the end still belongs to it
  found = next->second;
  found.bytes -= offset;
  return true;
}

bool lies_in(const void* address, std::size_t bytes, cudaMemoryType type) {
  Allocation found;
  return find_allocation(address, found) && found.type == type && bytes <= found.bytes;
}

}  // namespace murm::fake_cuda

using namespace murm::fake_cuda;

cudaError_t cudaMalloc(void** address, std::size_t bytes) {
  return call("cudaMalloc", [&] {
    if (capture_forbids()) return cudaErrorStreamCaptureUnsupported;
    return allocate_after_frees(address, bytes, find_stream(nullptr));
  });
}

cudaError_t cudaMallocAsync(void** address, std::size_t bytes, cudaStream_t stream) {
  return call("cudaMallocAsync", [&] {
    CUstream_st* const found = find_stream(stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    if (found->capture) {
      found->capture->spoiled = true;
      return cudaErrorStreamCaptureUnsupported;
    }
    return allocate_after_frees(address, bytes, found);
  });
}

cudaError_t cudaMallocHost(void** address, std::size_t bytes) {
  return call("cudaMallocHost", [&] {
    if (capture_forbids()) return cudaErrorStreamCaptureUnsupported;
    return allocate(address, bytes, cudaMemoryTypeHost);
  });
}

cudaError_t cudaHostAlloc(void** address, std::size_t bytes, unsigned /*flags*/) {
  return call("cudaHostAlloc", [&] { return cudaMallocHost(address, bytes); });
}

cudaError_t cudaFree(void* address) {
  return call(
      "cudaFree", [&] { return free_after_all(address, cudaMemoryTypeDevice); }, Needs::release);
}

cudaError_t cudaFreeHost(void* address) {
  return call(
      "cudaFreeHost", [&] { return free_after_all(address, cudaMemoryTypeHost); }, Needs::release);
}

cudaError_t cudaFreeAsync(void* address, cudaStream_t stream) {
  return call(
      "cudaFreeAsync",
      [&] {
        CUstream_st* const found = find_stream(stream);
        if (found == nullptr) return cudaErrorInvalidResourceHandle;
        if (address == nullptr) return cudaSuccess;
        if (!begins(address, cudaMemoryTypeDevice)) return cudaErrorInvalidValue;
        if (found->capture) {
          found->capture->spoiled = true;
          return cudaErrorStreamCaptureUnsupported;
        }
        found->push_always([address] { release(static_cast<const std::byte*>(address)); });
        return cudaSuccess;
      },
      Needs::release);
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  return call("cudaMemGetInfo", [&] {
    const std::lock_guard lock(state().mutex);
    *total = state().memory_bytes;
    *free = *total - std::min(*total, live_bytes(current_device()));
    return cudaSuccess;
  });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* address) {
  return call("cudaPointerGetAttributes", [&] {
    Allocation found;
    *attributes = {cudaMemoryTypeUnregistered, -2, nullptr, const_cast<void*>(address)};
    if (!find_allocation(address, found)) return cudaSuccess;
    void* const here = const_cast<void*>(address);
    *attributes = {found.type, found.device, here,
                   found.type == cudaMemoryTypeHost ? here : nullptr};
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  return call("cudaDeviceGetDefaultMemPool", [&] {
    const std::lock_guard lock(state().mutex);
    if (device < 0 || device >= state().device_count) return cudaErrorInvalidDevice;
    // Never looked into: every allocation is one of malloc.
    *pool = reinterpret_cast<cudaMemPool_t>(&state());
    return cudaSuccess;
  });
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  return call("cudaMemPoolSetAttribute", [&] {
    const bool known = attribute >= cudaMemPoolReuseFollowEventDependencies &&
                       attribute <= cudaMemPoolAttrReleaseThreshold;
    return pool != nullptr && value != nullptr && known ? cudaSuccess : cudaErrorInvalidValue;
  });
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, std::size_t /*bytes_to_keep*/) {
  return call("cudaMemPoolTrimTo",
              [&] { return pool != nullptr ? cudaSuccess : cudaErrorInvalidValue; });
}
