#include <array>
#include <cstdio>
#include <utility>

#include "tests/fake_cuda/cuda_runtime_api.h"
#include "tests/fake_cuda/state.hpp"

using namespace murm::fake_cuda;

namespace {

constexpr int kVersion = CUDART_VERSION;
constexpr int kMultiprocessors = 4;
constexpr int kSharedBytes = 48 * 1024;
constexpr int kMostThreads = 1024;
constexpr int kL2Bytes = 1 << 20;
constexpr int kClockKilohertz = 1'000'000;
constexpr int kBusBits = 512;

struct Words {
  cudaError_t error;
  const char* name;
  const char* sentence;
};
#define MURM_WORDS(error, sentence) \
  Words { error, #error, sentence }
constexpr std::array kWords{
    MURM_WORDS(cudaSuccess, "no error"),
    MURM_WORDS(cudaErrorInvalidValue, "invalid argument"),
    MURM_WORDS(cudaErrorMemoryAllocation, "out of memory"),
    MURM_WORDS(cudaErrorInitializationError, "initialization error"),
    MURM_WORDS(cudaErrorInvalidConfiguration, "invalid configuration argument"),
    MURM_WORDS(cudaErrorInsufficientDriver,
               "CUDA driver version is insufficient for CUDA runtime version"),
    MURM_WORDS(cudaErrorDevicesUnavailable, "CUDA-capable device(s) is/are busy or unavailable"),
    MURM_WORDS(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    MURM_WORDS(cudaErrorInvalidDevice, "invalid device ordinal"),
    MURM_WORDS(cudaErrorNoKernelImageForDevice,
               "no kernel image is available for execution on the device"),
    MURM_WORDS(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    MURM_WORDS(cudaErrorIllegalState, "the operation cannot be performed in the present state"),
    MURM_WORDS(cudaErrorNotReady, "device not ready"),
    MURM_WORDS(cudaErrorIllegalAddress, "an illegal memory access was encountered"),
    MURM_WORDS(cudaErrorLaunchFailure, "unspecified launch failure"),
    MURM_WORDS(cudaErrorNotPermitted, "operation not permitted"),
    MURM_WORDS(cudaErrorNotSupported, "operation not supported"),
    MURM_WORDS(cudaErrorStreamCaptureUnsupported,
               "operation not permitted when stream is capturing"),
    MURM_WORDS(cudaErrorStreamCaptureInvalidated,
               "operation failed due to a previous error during capture"),
    MURM_WORDS(cudaErrorStreamCaptureMerge,
               "operation would result in a merge of separate capture sequences"),
    MURM_WORDS(cudaErrorStreamCaptureUnmatched, "capture was not initiated in this stream"),
    MURM_WORDS(cudaErrorStreamCaptureUnjoined, "capturing stream has unjoined work"),
    MURM_WORDS(cudaErrorStreamCaptureIsolation,
               "dependency created on uncaptured work in another stream"),
    MURM_WORDS(cudaErrorStreamCaptureImplicit,
               "operation would make the legacy stream depend on a capturing blocking stream"),
    MURM_WORDS(cudaErrorCapturedEvent,
               "operation not permitted on an event last recorded in a capturing stream"),
    MURM_WORDS(cudaErrorStreamCaptureWrongThread,
               "attempt to terminate a thread-local capture sequence from another thread"),
    MURM_WORDS(cudaErrorUnknown, "unknown error"),
};
#undef MURM_WORDS

Words words_for(cudaError_t error) {
  for (const Words& words : kWords) {
    if (words.error == error) return words;
  }
  return {error, "unrecognized error code", "unrecognized error code"};
}

bool exists(int device) {
  const std::lock_guard lock(state().mutex);
  return device >= 0 && device < state().device_count;
}

}  // namespace

const char* cudaGetErrorString(cudaError_t error) { return words_for(error).sentence; }
const char* cudaGetErrorName(cudaError_t error) { return words_for(error).name; }

cudaError_t cudaDriverGetVersion(int* version) {
  return call(
      "cudaDriverGetVersion", [&] { return *version = kVersion, cudaSuccess; }, Needs::nothing);
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  return call(
      "cudaRuntimeGetVersion", [&] { return *version = kVersion, cudaSuccess; }, Needs::nothing);
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return call("cudaGetDeviceProperties", [&] {
    if (!exists(device)) return cudaErrorInvalidDevice;
    *properties = {};
    std::snprintf(properties->name, sizeof(properties->name), "Fake device %d", device);
    {
      const std::lock_guard lock(state().mutex);
      properties->totalGlobalMem = state().memory_bytes;
    }
    properties->sharedMemPerBlock = kSharedBytes;
    properties->sharedMemPerMultiprocessor = kSharedBytes;
    properties->regsPerBlock = 65536;
    properties->warpSize = 32;
    properties->maxThreadsPerBlock = kMostThreads;
    properties->maxThreadsPerMultiProcessor = kMostThreads;
    const std::array<int, 3> most_threads{kMostThreads, kMostThreads, 64};
    const std::array<int, 3> most_blocks{0x7FFFFFFF, 65535, 65535};
    for (std::size_t i = 0; i < 3; ++i) {
      properties->maxThreadsDim[i] = most_threads[i];
      properties->maxGridSize[i] = most_blocks[i];
    }
    properties->major = 9;
    properties->multiProcessorCount = kMultiprocessors;
    properties->pciBusID = device + 1;
    properties->memoryBusWidth = kBusBits;
    properties->l2CacheSize = kL2Bytes;
    properties->memoryPoolsSupported = 1;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  return call("cudaDeviceGetAttribute", [&] {
    if (!exists(device)) return cudaErrorInvalidDevice;
    switch (attribute) {
      case cudaDevAttrMaxThreadsPerBlock:
        return *value = kMostThreads, cudaSuccess;
      case cudaDevAttrMaxSharedMemoryPerBlock:
      case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
        return *value = kSharedBytes, cudaSuccess;
      case cudaDevAttrWarpSize:
        return *value = 32, cudaSuccess;
      case cudaDevAttrClockRate:
      case cudaDevAttrMemoryClockRate:
        return *value = kClockKilohertz, cudaSuccess;
      case cudaDevAttrMultiProcessorCount:
        return *value = kMultiprocessors, cudaSuccess;
      case cudaDevAttrGlobalMemoryBusWidth:
        return *value = kBusBits, cudaSuccess;
      case cudaDevAttrL2CacheSize:
        return *value = kL2Bytes, cudaSuccess;
      case cudaDevAttrComputeCapabilityMajor:
        return *value = 9, cudaSuccess;
      case cudaDevAttrComputeCapabilityMinor:
        return *value = 0, cudaSuccess;
      case cudaDevAttrMemoryPoolsSupported:
        return *value = 1, cudaSuccess;
    }
    return cudaErrorInvalidValue;
  });
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  return call("cudaDeviceGetStreamPriorityRange", [&] {
    *least = 0;
    *greatest = -5;
    return cudaSuccess;
  });
}
