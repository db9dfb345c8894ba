#include <cstring>
#include <optional>

#include "tests/fake_cuda/cuda_runtime_api.h"
#include "tests/fake_cuda/stream.hpp"

using namespace murm::fake_cuda;

namespace {

cudaMemoryType type_of(const void* address, std::size_t bytes) {
  if (lies_in(address, bytes, cudaMemoryTypeDevice)) return cudaMemoryTypeDevice;
  if (lies_in(address, bytes, cudaMemoryTypeHost)) return cudaMemoryTypeHost;
  return cudaMemoryTypeUnregistered;
}

/// What a kind promises of an address: true for the device.
struct Sides {
  bool to_device;
  bool from_device;
};
std::optional<Sides> sides_of(cudaMemcpyKind kind, cudaMemoryType to, cudaMemoryType from) {
  switch (kind) {
    case cudaMemcpyHostToHost:
      return Sides{false, false};
    case cudaMemcpyHostToDevice:
      return Sides{true, false};
    case cudaMemcpyDeviceToHost:
      return Sides{false, true};
    case cudaMemcpyDeviceToDevice:
      return Sides{true, true};
    case cudaMemcpyDefault:
      return Sides{to == cudaMemoryTypeDevice, from == cudaMemoryTypeDevice};
  }
  return std::nullopt;
}

void copy_now(void* to, const void* from, std::size_t bytes, Sides sides) {
  std::memcpy(to, from, bytes);
  count(&Counters::copies);
  if (sides.to_device && sides.from_device) count(&Counters::bytes_on_device, bytes);
  if (sides.to_device && !sides.from_device) count(&Counters::bytes_to_device, bytes);
  if (!sides.to_device && sides.from_device) count(&Counters::bytes_to_host, bytes);
}

}  // namespace

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return call("cudaMemcpyAsync", [&] {
    CUstream_st* const found = find_stream(stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    if (bytes == 0) return cudaSuccess;
    const cudaMemoryType to_type = type_of(to, bytes);
    const cudaMemoryType from_type = type_of(from, bytes);
    const auto sides = sides_of(kind, to_type, from_type);
    const bool known = to != nullptr && from != nullptr && sides &&
                       sides->to_device == (to_type == cudaMemoryTypeDevice) &&
                       sides->from_device == (from_type == cudaMemoryTypeDevice);
    if (!known) return cudaErrorInvalidValue;
    const bool from_pageable = from_type == cudaMemoryTypeUnregistered;
    const bool to_pageable = to_type == cudaMemoryTypeUnregistered;
    if (found->capture && (from_pageable || to_pageable)) {
      found->capture->spoiled = true;
      return cudaErrorStreamCaptureUnsupported;
    }
    if (from_pageable) {
      const auto* first = static_cast<const std::byte*>(from);
      found->push([to, staged = std::vector<std::byte>(first, first + bytes), sides] {
        copy_now(to, staged.data(), staged.size(), *sides);
      });
    } else {
      found->push([=] { copy_now(to, from, bytes, *sides); });
    }
    if (to_pageable) found->wait();
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return call("cudaMemcpy", [&] {
    if (capture_forbids()) return cudaErrorStreamCaptureUnsupported;
    const cudaError_t status = cudaMemcpyAsync(to, from, bytes, kind, nullptr);
    return status == cudaSuccess ? cudaStreamSynchronize(nullptr) : status;
  });
}

cudaError_t cudaMemsetAsync(void* address, int value, std::size_t bytes, cudaStream_t stream) {
  return call("cudaMemsetAsync", [&] {
    CUstream_st* const found = find_stream(stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    if (bytes == 0) return cudaSuccess;
    if (type_of(address, bytes) == cudaMemoryTypeUnregistered) return cudaErrorInvalidValue;
    found->push([=] { std::memset(address, value, bytes); });
    return cudaSuccess;
  });
}

cudaError_t cudaMemset(void* address, int value, std::size_t bytes) {
  return call("cudaMemset", [&] {
    if (capture_forbids()) return cudaErrorStreamCaptureUnsupported;
    return cudaMemsetAsync(address, value, bytes, nullptr);
  });
}
