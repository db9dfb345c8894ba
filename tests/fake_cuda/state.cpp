#include "tests/fake_cuda/state.hpp"

#include <cstdlib>

#include "tests/fake_cuda/cuda_runtime_api.h"
#include "tests/fake_cuda/stream.hpp"

namespace murm::fake_cuda {
namespace {

thread_local int device_of_thread = 0;
thread_local cudaError_t last_error = cudaSuccess;
thread_local bool calls_forbidden = false;

State* initial_state() {
  auto* made = new State;
  if (const char* bytes = std::getenv(kMemoryVariable))
    made->memory_bytes = std::strtoull(bytes, nullptr, 10);
  if (const char* calls = std::getenv(kLossVariable))
    made->calls_until_lost = std::strtoull(calls, nullptr, 10);
  return made;
}

}  // namespace

State& state() {
  static auto* const all =
      initial_state();  // outlives the threads of streams that nobody destroyed
  return *all;
}

int current_device() { return device_of_thread; }

bool is_lost(int device) {
  const std::lock_guard lock(state().mutex);
  return state().lost.contains(device);
}

void count(std::size_t Counters::*counter, std::size_t by) {
  const std::lock_guard lock(state().mutex);
  state().counters.*counter += by;
}

NoCalls::NoCalls() { calls_forbidden = true; }
NoCalls::~NoCalls() { calls_forbidden = false; }

bool capture_forbids() {
  bool forbidden = false;
  const std::lock_guard lock(state().mutex);
  for (const auto& capture : state().captures) {
    const bool ours = capture->thread == std::this_thread::get_id();
    if (capture->mode == cudaStreamCaptureModeRelaxed) continue;
    if (capture->mode == cudaStreamCaptureModeThreadLocal && !ours) continue;
    capture->spoiled = true;
    forbidden = true;
  }
  return forbidden;
}

cudaError_t begin_call(const char* function, Needs needs) {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  ++all.calls[function];
  if (calls_forbidden) return cudaErrorNotPermitted;
  if (const auto failure = all.failures.find(function); failure != all.failures.end()) {
    if (--failure->second.calls_left == 0) {
      const cudaError_t error = failure->second.error;
      all.failures.erase(failure);
      return error;
    }
  }
  if (needs == Needs::nothing) return cudaSuccess;
  if (all.device_count == 0) return cudaErrorNoDevice;
  if (all.calls_until_lost > 0 && --all.calls_until_lost == 0) {
    all.lost[device_of_thread] = cudaErrorLaunchFailure;
  }
  const auto lost = all.lost.find(device_of_thread);
  return lost == all.lost.end() ? cudaSuccess : lost->second;
}

cudaError_t end_call(cudaError_t status) {
  if (status != cudaSuccess && status != cudaErrorNotReady) last_error = status;
  return status;
}

void reset() {
  State& all = state();
  std::set<cudaStream_t> streams;
  {
    const std::lock_guard lock(all.mutex);
    streams.swap(all.streams);
    for (const auto& [device, stream] : all.null_streams) streams.insert(stream);
    all.null_streams.clear();
  }
  for (const cudaStream_t stream : streams) delete stream;
  const std::lock_guard lock(all.mutex);
  for (const auto& [first, allocation] : all.allocations) std::free(const_cast<std::byte*>(first));
  all.allocations.clear();
  all.captures.clear();
  all.failures.clear();
  all.lost.clear();
  all.calls.clear();
  all.counters = {};
  all.delay = std::chrono::microseconds(0);
  all.device_count = 1;
  all.memory_bytes = kMemoryBytes;
  all.calls_until_lost = 0;
  device_of_thread = 0;
  last_error = cudaSuccess;
}

void set_device_count(int count) {
  const std::lock_guard lock(state().mutex);
  state().device_count = count;
}

void set_memory_bytes(std::size_t bytes) {
  const std::lock_guard lock(state().mutex);
  state().memory_bytes = bytes;
}

void lose_device(int device, cudaError_t error) {
  const std::lock_guard lock(state().mutex);
  state().lost[device] = error;
}

void fail_call(std::string_view function, std::size_t nth, cudaError_t error) {
  const std::lock_guard lock(state().mutex);
  state().failures[std::string(function)] = {nth, error};
}

void delay_streams(std::chrono::microseconds delay) { state().delay = delay; }

Counters counters() {
  const std::lock_guard lock(state().mutex);
  Counters now = state().counters;
  for (const auto& [first, allocation] : state().allocations) {
    if (allocation.type == cudaMemoryTypeDevice) {
      ++now.live_device_allocations;
      now.live_device_bytes += allocation.bytes;
    } else {
      ++now.live_host_allocations;
    }
  }
  return now;
}

std::size_t calls(std::string_view function) {
  const std::lock_guard lock(state().mutex);
  const auto found = state().calls.find(function);
  return found == state().calls.end() ? 0 : found->second;
}

}  // namespace murm::fake_cuda

using murm::fake_cuda::call;
using murm::fake_cuda::Needs;
using murm::fake_cuda::state;

cudaError_t cudaGetLastError() {
  const cudaError_t error = cudaPeekAtLastError();
  murm::fake_cuda::last_error = cudaSuccess;
  return error;
}

cudaError_t cudaPeekAtLastError() {
  const std::lock_guard lock(state().mutex);
  const auto lost = state().lost.find(murm::fake_cuda::device_of_thread);
  return lost == state().lost.end() ? murm::fake_cuda::last_error : lost->second;
}

cudaError_t cudaGetDeviceCount(int* count) {
  return call(
      "cudaGetDeviceCount",
      [&] {
        const std::lock_guard lock(state().mutex);
        *count = state().device_count;
        return *count == 0 ? cudaErrorNoDevice : cudaSuccess;
      },
      Needs::nothing);
}

cudaError_t cudaSetDevice(int device) {
  return call(
      "cudaSetDevice",
      [&] {
        const std::lock_guard lock(state().mutex);
        if (state().device_count == 0) return cudaErrorNoDevice;
        if (device < 0 || device >= state().device_count) return cudaErrorInvalidDevice;
        murm::fake_cuda::device_of_thread = device;
        const auto lost = state().lost.find(device);
        return lost == state().lost.end() ? cudaSuccess : lost->second;
      },
      Needs::nothing);
}

cudaError_t cudaGetDevice(int* device) {
  return call("cudaGetDevice", [&] {
    *device = murm::fake_cuda::current_device();
    return cudaSuccess;
  });
}
