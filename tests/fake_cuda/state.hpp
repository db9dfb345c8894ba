// The devices of the process: what is allocated there, which streams there are, what fails next.
// Room: tests/fake_cuda. CUDA's interface is one of free functions, so this is the one place with process-wide state.
// Caller: the functions of CUDA in this folder.
#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "tests/fake_cuda/control.hpp"

namespace murm::fake_cuda {

struct Capture;

struct Allocation {
  std::size_t bytes = 0;
  cudaMemoryType type = cudaMemoryTypeDevice;
  int device = 0;
};

struct Failure {
  std::size_t calls_left = 0;  // until the one that fails
  cudaError_t error = cudaErrorUnknown;
};

/// Everything below `mutex` is guarded by it.
struct State {
  std::atomic<std::chrono::microseconds> delay{};
  std::mutex mutex;
  int device_count = 1;
  std::size_t memory_bytes = kMemoryBytes;
  std::size_t calls_until_lost = 0;  // 0: no device is lost by counting
  std::map<int, cudaError_t> lost;  // by device
  std::map<std::string, Failure, std::less<>> failures;
  std::map<std::string, std::size_t, std::less<>> calls;
  std::map<const std::byte*, Allocation> allocations;  // by their first byte
  std::set<cudaStream_t> streams;
  std::map<int, cudaStream_t> null_streams;  // by device, made when first used
  std::vector<std::shared_ptr<Capture>> captures;
  Counters counters;
};
State& state();

/// The calling thread's.
int current_device();
bool is_lost(int device);
void count(std::size_t Counters::*counter, std::size_t by = 1);

/// Frees an allocation and forgets it.
void release(const std::byte* first);
/// Whether [address, address + bytes) lies in one allocation of this type.
bool lies_in(const void* address, std::size_t bytes, cudaMemoryType type);
/// Empty where the address belongs to no allocation.
bool find_allocation(const void* address, Allocation& found);

/// Whether a capture forbids this thread calls like cudaMalloc; such a call spoils the capture.
bool capture_forbids();

/// release: what gives something back does so even where it reports an error, so that nothing leaks.
enum class Needs : std::uint8_t { nothing, device, release };
/// Counts the call; its error if it must fail, be it only because there is no device or it is lost.
cudaError_t begin_call(const char* function, Needs needs);
/// Remembers an error for cudaGetLastError.
cudaError_t end_call(cudaError_t status);
/// While it lives, CUDA may not be called on this thread: a stream executes a function of the host there.
class NoCalls {
 public:
  NoCalls();
  ~NoCalls();
  NoCalls(const NoCalls&) = delete;
  NoCalls& operator=(const NoCalls&) = delete;
};

template <class Body>
cudaError_t call(const char* function, Body body, Needs needs = Needs::device) {
  const cudaError_t status = begin_call(function, needs);
  if (status != cudaSuccess && needs == Needs::release) body();
  return end_call(status == cudaSuccess ? body() : status);
}

}  // namespace murm::fake_cuda
