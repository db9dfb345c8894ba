// The fake CUDA itself: what a test of gpu/cuda relies on.
// Room: tests. Caller: ctest.
#include <cuda_runtime.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/reduce.hpp"
#include "tests/catch.hpp"
#include "tests/fake_cuda/control.hpp"

namespace {

namespace fake = murm::fake_cuda;
using murm::cuda::launch;

/// A stream of a device that was never used before.
struct OnStream {
  OnStream() {
    fake::reset();
    REQUIRE(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
  }
  ~OnStream() { fake::reset(); }
  OnStream(const OnStream&) = delete;
  OnStream& operator=(const OnStream&) = delete;

  template <class T>
  T* allocate(std::size_t n) {
    T* address = nullptr;
    REQUIRE(cudaMallocAsync(&address, n * sizeof(T), stream) == cudaSuccess);
    return address;
  }
  template <class T>
  std::vector<T> read(const T* address, std::size_t n) {
    std::vector<T> values(n);
    REQUIRE(cudaMemcpyAsync(values.data(), address, n * sizeof(T), cudaMemcpyDeviceToHost,
                            stream) == cudaSuccess);
    REQUIRE(cudaStreamSynchronize(stream) == cudaSuccess);
    return values;
  }

  cudaStream_t stream = nullptr;
};

__global__ void write_indices(unsigned* y) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  const unsigned i = block * blockDim.x * blockDim.y * blockDim.z + thread;
  y[i] = i;
}

__global__ void reverse_block(const int* x, int* y) {
  __shared__ int held[64];
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  held[threadIdx.x] = x[i];
  __syncthreads();
  y[i] = held[blockDim.x - 1 - threadIdx.x];
}

__global__ void reverse_block_without_barrier(const int* x, int* y) {
  __shared__ int held[64];
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  held[threadIdx.x] = x[i];
  y[i] = held[blockDim.x - 1 - threadIdx.x];
}

__global__ void add_up(const float* x, float* y) {
  const float sum = murm::cuda::over_block<murm::cuda::Sum, 4>(x[threadIdx.x]);
  const float largest = murm::cuda::over_block<murm::cuda::Largest, 4>(x[threadIdx.x]);
  if (threadIdx.x == 77) {
    y[0] = sum;
    y[1] = largest;
  }
}

__global__ void shuffle_all_ways(unsigned* y) {
  constexpr unsigned kAll = 0xFFFFFFFFU;
  const unsigned lane = threadIdx.x;
  y[lane] = __shfl_sync(kAll, lane, 5);
  y[32 + lane] = __shfl_up_sync(kAll, lane, 3U);
  y[64 + lane] = __shfl_down_sync(kAll, lane, 3U);
  y[96 + lane] = __shfl_xor_sync(kAll, lane, 8, 8);
  y[128 + lane] = __ballot_sync(kAll, lane % 3 == 0);
  if (lane < 7) y[160 + lane] = __shfl_sync(0x7FU, lane, 6 - static_cast<int>(lane));
}

__global__ void count_arrivals(int* counter, int* most) {
  const int before = atomicAdd(counter, 1);
  atomicMax(most, before + 1);
}

__global__ void add_one(float* x) { x[threadIdx.x] += 1.0F; }

TEST_CASE("each thread of each block executes once, in a grid of three dimensions") {
  OnStream on;
  auto* y = on.allocate<unsigned>(2 * 3 * 2 * 4 * 5 * 3);
  launch(on.stream, dim3(2, 3, 2), dim3(4, 5, 3), write_indices, y);
  std::vector<unsigned> expected(2 * 3 * 2 * 4 * 5 * 3);
  std::iota(expected.begin(), expected.end(), 0U);
  CHECK(on.read(y, expected.size()) == expected);
  CHECK(fake::counters().kernels == 1);
}

TEST_CASE("a barrier separates writes from reads, and its absence shows") {
  OnStream on;
  constexpr std::size_t kLength = 256;
  std::vector<int> x(kLength);
  std::iota(x.begin(), x.end(), 0);
  std::vector<int> expected(kLength);
  for (std::size_t i = 0; i < kLength; ++i) expected[i] = x[i / 64 * 64 + 63 - i % 64];
  int* const from = on.allocate<int>(kLength);
  int* const to = on.allocate<int>(kLength);
  REQUIRE(cudaMemcpyAsync(from, x.data(), kLength * sizeof(int), cudaMemcpyHostToDevice,
                          on.stream) == cudaSuccess);
  launch(on.stream, dim3(kLength / 64), dim3(64), reverse_block, from, to);
  CHECK(on.read(to, kLength) == expected);
  launch(on.stream, dim3(kLength / 64), dim3(64), reverse_block_without_barrier, from, to);
  CHECK(on.read(to, kLength) != expected);
}

TEST_CASE("sums over a block go through shuffles and shared memory") {
  OnStream on;
  std::vector<float> x(128);
  std::iota(x.begin(), x.end(), 1.0F);
  float* const from = on.allocate<float>(128);
  float* const to = on.allocate<float>(2);
  REQUIRE(cudaMemcpyAsync(from, x.data(), 128 * sizeof(float), cudaMemcpyHostToDevice, on.stream) ==
          cudaSuccess);
  launch(on.stream, dim3(1), dim3(128), add_up, from, to);
  CHECK(on.read(to, 2) == std::vector<float>{128.0F * 129.0F / 2, 128.0F});
}

TEST_CASE("lanes exchange values as the programming guide says") {
  OnStream on;
  auto* y = on.allocate<unsigned>(192);
  launch(on.stream, dim3(1), dim3(32), shuffle_all_ways, y);
  const std::vector<unsigned> seen = on.read(y, 192);
  for (unsigned lane = 0; lane < 32; ++lane) {
    CHECK(seen[lane] == 5);
    CHECK(seen[32 + lane] == (lane < 3 ? lane : lane - 3));
    CHECK(seen[64 + lane] == (lane > 28 ? lane : lane + 3));
    CHECK(seen[96 + lane] == lane);  // lane ^ 8 lies in another group of 8
    CHECK(seen[128 + lane] == 0x49249249U);
    if (lane < 7) CHECK(seen[160 + lane] == 6 - lane);
  }
}

TEST_CASE("atomics on integers count every thread") {
  OnStream on;
  int* const counters = on.allocate<int>(2);
  REQUIRE(cudaMemsetAsync(counters, 0, 2 * sizeof(int), on.stream) == cudaSuccess);
  launch(on.stream, dim3(7), dim3(100), count_arrivals, counters, counters + 1);
  CHECK(on.read(counters, 2) == std::vector<int>{700, 700});
}

TEST_CASE("device memory begins as NaN") {
  OnStream on;
  const std::vector<float> fresh = on.read(on.allocate<float>(3), 3);
  for (const float x : fresh) CHECK(std::isnan(x));
}

TEST_CASE("a stream waits for an event of another one, and only then") {
  OnStream on;
  cudaStream_t other = nullptr;
  cudaEvent_t written = nullptr;
  REQUIRE(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking) == cudaSuccess);
  REQUIRE(cudaEventCreateWithFlags(&written, cudaEventDisableTiming) == cudaSuccess);
  auto* y = on.allocate<unsigned>(8);
  unsigned* pinned = nullptr;
  REQUIRE(cudaMallocHost(&pinned, 8 * sizeof(unsigned)) == cudaSuccess);
  fake::delay_streams(std::chrono::milliseconds(20));
  launch(on.stream, dim3(1), dim3(8), write_indices, y);
  REQUIRE(cudaEventRecord(written, on.stream) == cudaSuccess);
  CHECK(cudaEventQuery(written) == cudaErrorNotReady);
  CHECK(cudaStreamQuery(on.stream) == cudaErrorNotReady);
  REQUIRE(cudaStreamWaitEvent(other, written) == cudaSuccess);
  REQUIRE(cudaMemcpyAsync(pinned, y, 8 * sizeof(unsigned), cudaMemcpyDeviceToHost, other) ==
          cudaSuccess);
  REQUIRE(cudaStreamSynchronize(other) == cudaSuccess);
  CHECK(pinned[7] == 7);
  CHECK(cudaEventQuery(written) == cudaSuccess);
  CHECK(cudaEventDestroy(written) == cudaSuccess);
}

TEST_CASE(
    "what is copied from pageable memory was read at the call, from pinned memory when executed") {
  OnStream on;
  float* const device = on.allocate<float>(1);
  float* pinned = nullptr;
  REQUIRE(cudaMallocHost(&pinned, sizeof(float)) == cudaSuccess);
  float pageable = 1.0F;
  *pinned = 1.0F;
  fake::delay_streams(std::chrono::milliseconds(50));
  REQUIRE(cudaMemcpyAsync(device, &pageable, sizeof(float), cudaMemcpyHostToDevice, on.stream) ==
          cudaSuccess);
  pageable = 2.0F;
  CHECK(on.read(device, 1)[0] == 1.0F);
#if !defined(__SANITIZE_THREAD__)  // a data race, which is what it shows
  REQUIRE(cudaMemcpyAsync(device, pinned, sizeof(float), cudaMemcpyHostToDevice, on.stream) ==
          cudaSuccess);
  *pinned = 2.0F;
  CHECK(on.read(device, 1)[0] == 2.0F);
#endif
}

TEST_CASE("a captured stream executes nothing until its graph is launched") {
  OnStream on;
  float* const x = on.allocate<float>(4);
  REQUIRE(cudaMemsetAsync(x, 0, 4 * sizeof(float), on.stream) == cudaSuccess);
  REQUIRE(cudaStreamBeginCapture(on.stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
  launch(on.stream, dim3(1), dim3(4), add_one, x);
  launch(on.stream, dim3(1), dim3(4), add_one, x);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  REQUIRE(cudaStreamEndCapture(on.stream, &graph) == cudaSuccess);
  REQUIRE(cudaGraphInstantiate(&executable, graph) == cudaSuccess);
  REQUIRE(cudaGraphDestroy(graph) == cudaSuccess);
  CHECK(on.read(x, 4)[3] == 0.0F);
  for (int i = 0; i < 3; ++i) REQUIRE(cudaGraphLaunch(executable, on.stream) == cudaSuccess);
  CHECK(on.read(x, 4)[3] == 6.0F);
  CHECK(fake::counters().kernels == 6);
  CHECK(fake::counters().graph_launches == 3);
  CHECK(cudaGraphExecDestroy(executable) == cudaSuccess);
}

TEST_CASE("another stream joins a capture by events, and must come back") {
  OnStream on;
  cudaStream_t other = nullptr;
  std::array<cudaEvent_t, 2> events{};
  REQUIRE(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking) == cudaSuccess);
  for (cudaEvent_t& event : events) {
    REQUIRE(cudaEventCreateWithFlags(&event, cudaEventDisableTiming) == cudaSuccess);
  }
  float* const x = on.allocate<float>(4);
  REQUIRE(cudaMemsetAsync(x, 0, 4 * sizeof(float), on.stream) == cudaSuccess);
  const bool comes_back = GENERATE(true, false);
  REQUIRE(cudaStreamBeginCapture(on.stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
  REQUIRE(cudaEventRecord(events[0], on.stream) == cudaSuccess);
  REQUIRE(cudaStreamWaitEvent(other, events[0]) == cudaSuccess);
  launch(other, dim3(1), dim3(4), add_one, x);
  REQUIRE(cudaEventRecord(events[1], other) == cudaSuccess);
  if (comes_back) REQUIRE(cudaStreamWaitEvent(on.stream, events[1]) == cudaSuccess);
  cudaGraph_t graph = nullptr;
  CHECK(cudaStreamEndCapture(on.stream, &graph) ==
        (comes_back ? cudaSuccess : cudaErrorStreamCaptureUnjoined));
  if (comes_back) CHECK(cudaGraphDestroy(graph) == cudaSuccess);
  for (cudaEvent_t event : events) CHECK(cudaEventDestroy(event) == cudaSuccess);
}

TEST_CASE("while a stream is captured, waiting for it and allocating spoil the capture") {
  OnStream on;
  REQUIRE(cudaStreamBeginCapture(on.stream, cudaStreamCaptureModeGlobal) == cudaSuccess);
  void* address = nullptr;
  const int forbidden = GENERATE(0, 1, 2);
  if (forbidden == 0) {
    CHECK(cudaStreamSynchronize(on.stream) == cudaErrorStreamCaptureUnsupported);
  } else if (forbidden == 1) {
    CHECK(cudaMalloc(&address, 8) == cudaErrorStreamCaptureUnsupported);
  } else {
    CHECK(cudaMallocAsync(&address, 8, on.stream) == cudaErrorStreamCaptureUnsupported);
  }
  cudaGraph_t graph = nullptr;
  CHECK(cudaStreamEndCapture(on.stream, &graph) == cudaErrorStreamCaptureInvalidated);
  CHECK(graph == nullptr);
}

TEST_CASE("a full device refuses memory, and gives it again once a stream has freed some") {
  OnStream on;
  fake::set_memory_bytes(1000);
  auto* first = on.allocate<std::byte>(700);
  void* second = nullptr;
  CHECK(cudaMallocAsync(&second, 400, on.stream) == cudaErrorMemoryAllocation);
  CHECK(second == nullptr);
  CHECK(cudaGetLastError() == cudaErrorMemoryAllocation);
  CHECK(cudaGetLastError() == cudaSuccess);
  REQUIRE(cudaFreeAsync(first, on.stream) == cudaSuccess);
  CHECK(cudaMallocAsync(&second, 400, on.stream) == cudaSuccess);
  CHECK(fake::counters().live_device_bytes == 400);
}

TEST_CASE("a lost device answers every call with the same error and executes nothing") {
  OnStream on;
  int* const x = on.allocate<int>(1);
  fake::lose_device();
  int there = 0;
  CHECK(cudaMemcpyAsync(&there, x, sizeof(int), cudaMemcpyDeviceToHost, on.stream) ==
        cudaErrorLaunchFailure);
  CHECK_THROWS_AS(launch(on.stream, dim3(1), dim3(1), count_arrivals, x, x),
                  murm::cuda::DeviceError);
  CHECK(cudaGetLastError() == cudaErrorLaunchFailure);
  CHECK(cudaGetLastError() == cudaErrorLaunchFailure);
  CHECK(fake::counters().kernels == 0);
  CHECK(cudaFreeAsync(x, on.stream) == cudaErrorLaunchFailure);
}

TEST_CASE("the nth call fails when a test asks for it, and there may be no device") {
  OnStream on;
  void* address = nullptr;
  fake::fail_call("cudaMallocAsync", 2, cudaErrorMemoryAllocation);
  CHECK(cudaMallocAsync(&address, 8, on.stream) == cudaSuccess);
  CHECK(cudaMallocAsync(&address, 8, on.stream) == cudaErrorMemoryAllocation);
  CHECK(cudaMallocAsync(&address, 8, on.stream) == cudaSuccess);
  fake::set_device_count(0);
  int count = 7;
  CHECK(cudaGetDeviceCount(&count) == cudaErrorNoDevice);
  CHECK(count == 0);
  CHECK(cudaSetDevice(0) == cudaErrorNoDevice);
  CHECK(cudaMalloc(&address, 8) == cudaErrorNoDevice);
}

TEST_CASE("what a device would not launch is refused") {
  OnStream on;
  float* const x = on.allocate<float>(4);
  float on_host = 0;
  CHECK_THROWS_AS(launch(on.stream, dim3(0), dim3(4), add_one, x), murm::cuda::DeviceError);
  CHECK_THROWS_AS(launch(on.stream, dim3(1), dim3(1025), add_one, x), murm::cuda::DeviceError);
  CHECK_THROWS_AS(launch(on.stream, dim3(1, 65536), dim3(1), add_one, x), murm::cuda::DeviceError);
  CHECK_THROWS_AS(launch(on.stream, dim3(1), dim3(1), add_one, &on_host), murm::cuda::DeviceError);
  CHECK(cudaMemcpyAsync(x, x, 8, cudaMemcpyHostToDevice, on.stream) == cudaErrorInvalidValue);
  CHECK(cudaMemcpyAsync(x, &on_host, 20, cudaMemcpyHostToDevice, on.stream) ==
        cudaErrorInvalidValue);
}

/// What a process says that executes one block of `kernel`; it must die by an abort.
std::string last_words(unsigned threads, void (*kernel)()) {
  std::array<int, 2> pipe_ends{};
  REQUIRE(pipe(pipe_ends.data()) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(pipe_ends[1], STDERR_FILENO);
    signal(SIGABRT, SIG_DFL);
    fake::run_grid(dim3(1), dim3(threads), 0, kernel);
    _exit(0);
  }
  close(pipe_ends[1]);
  std::string words;
  std::array<char, 512> part{};
  for (ssize_t n = 0; (n = read(pipe_ends[0], part.data(), part.size())) > 0;) {
    words.append(part.data(), static_cast<std::size_t>(n));
  }
  close(pipe_ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  return words;
}

TEST_CASE("threads that wait for ever end the process with a sentence") {
  const std::string stuck = last_words(64, [] {
    if (threadIdx.x % 32 == 3) {
      __syncwarp();
    } else {
      __syncthreads();
    }
  });
  CHECK(stuck.find("deadlock: 62 threads wait at __syncthreads, 2 for lanes of their warp "
                   "(thread 3 with mask 0xffffffff)") != std::string::npos);
  const std::string absent = last_words(32, [] {
    if (threadIdx.x < 8) __shfl_sync(0xFFU, 1, 8);
  });
  CHECK(absent.find("thread 0 reads from lane 8, which has returned or takes no part") !=
        std::string::npos);
  const std::string left_out = last_words(32, [] { __syncwarp(1U); });
  CHECK(left_out.find("thread 1 calls a shuffle whose mask leaves it out") != std::string::npos);
}

TEST_CASE("a thread that has returned is not waited for") {
  int arrived = 0;
  fake::run_grid(dim3(1), dim3(48), 0, [&] {
    if (threadIdx.x > 40) return;
    __syncthreads();
    __syncwarp();
    ++arrived;
  });
  CHECK(arrived == 41);
}

}  // namespace
