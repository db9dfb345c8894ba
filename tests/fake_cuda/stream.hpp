// A stream: a thread that executes what is queued, in order; and what is captured instead of queued.
// Room: tests/fake_cuda. Knows work as closures; no kernel, no memory.
// Caller: the functions of CUDA in this folder.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/fake_cuda/state.hpp"

namespace murm::fake_cuda {

using Work = std::function<void()>;

/// What streams captured, in the order of the calls.
struct Capture {
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;
  cudaStream_t origin = nullptr;
  std::atomic<bool> spoiled = false;
  std::vector<Work> work;
  std::vector<cudaStream_t> others;  // that joined by an event
};

/// The point of a stream where an event was recorded.
struct Mark {
  std::mutex mutex;
  std::condition_variable changed;
  bool reached = false;
  std::chrono::steady_clock::time_point when;
  std::shared_ptr<Capture> capture;  // null unless recorded in one
  cudaStream_t stream = nullptr;
  std::size_t captured_before = 0;  // of this stream
  void reach();
  void wait();
};

/// The stream of a handle on the current device, null for the default one; null where there is no such stream.
cudaStream_t find_stream(cudaStream_t handle);

/// Until all streams of the current device are idle.
void wait_for_device();

}  // namespace murm::fake_cuda

struct CUstream_st {
  using Work = murm::fake_cuda::Work;

  explicit CUstream_st(int device_);
  /// Waits for what is queued.
  ~CUstream_st();
  CUstream_st(const CUstream_st&) = delete;
  CUstream_st& operator=(const CUstream_st&) = delete;

  /// Queues the work, or captures it.
  void push(Work work);
  /// Queued even when captured, executed even on a lost device: what somebody waits for.
  void push_always(Work work);
  void wait();
  bool idle();

  const int device;
  std::shared_ptr<murm::fake_cuda::Capture> capture;
  std::size_t captured = 0;         // works, in this capture
  std::size_t captured_joined = 0;  // of these, that another stream of the capture waits for

 private:
  struct Item {
    Work work;
    bool always = false;
  };
  void enqueue(Item item);
  void execute_all();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  bool busy_ = false;
  bool closing_ = false;
  std::thread worker_;
};
