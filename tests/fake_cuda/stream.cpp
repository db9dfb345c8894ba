#include "tests/fake_cuda/stream.hpp"

#include <algorithm>

#include "tests/fake_cuda/cuda_runtime_api.h"

using murm::fake_cuda::call;
using murm::fake_cuda::find_stream;
using murm::fake_cuda::state;
using murm::fake_cuda::Work;

CUstream_st::CUstream_st(int device_) : device(device_), worker_([this] { execute_all(); }) {}

CUstream_st::~CUstream_st() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

void CUstream_st::push(Work work) {
  if (capture) {
    ++captured;
    capture->work.push_back(std::move(work));
  } else {
    enqueue({std::move(work), false});
  }
}

void CUstream_st::push_always(Work work) { enqueue({std::move(work), true}); }

void CUstream_st::enqueue(Item item) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(item));
  }
  changed_.notify_all();
}

void CUstream_st::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.empty() && !busy_; });
}

bool CUstream_st::idle() {
  const std::lock_guard lock(mutex_);
  return queue_.empty() && !busy_;
}

void CUstream_st::execute_all() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Item item = std::move(queue_.front());
    queue_.pop_front();
    busy_ = true;
    lock.unlock();
    const auto delay = state().delay.load();
    if (delay.count() > 0) std::this_thread::sleep_for(delay);
    if (item.always || !murm::fake_cuda::is_lost(device)) item.work();
    item.work = nullptr;  // what it holds goes before anybody hears that it is done
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

namespace murm::fake_cuda {

void Mark::reach() {
  {
    const std::lock_guard lock(mutex);
    reached = true;
    when = std::chrono::steady_clock::now();
  }
  changed.notify_all();
}

void Mark::wait() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [this] { return reached; });
}

cudaStream_t find_stream(cudaStream_t handle) {
  const std::lock_guard lock(state().mutex);
  if (handle != nullptr) return state().streams.contains(handle) ? handle : nullptr;
  cudaStream_t& stream = state().null_streams[current_device()];
  if (stream == nullptr) stream = new CUstream_st(current_device());
  return stream;
}

void wait_for_device() {
  std::vector<cudaStream_t> streams;
  {
    const std::lock_guard lock(state().mutex);
    streams.assign(state().streams.begin(), state().streams.end());
    for (const auto& [device, stream] : state().null_streams) streams.push_back(stream);
  }
  for (const cudaStream_t stream : streams) {
    if (stream->device == current_device()) stream->wait();
  }
}

namespace {

/// A capture that waits for its own stream can never end well.
bool spoils_capture(cudaStream_t stream) {
  if (stream->capture) stream->capture->spoiled = true;
  return stream->capture != nullptr;
}

}  // namespace
}  // namespace murm::fake_cuda

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int /*priority*/) {
  return call("cudaStreamCreateWithPriority", [&] {
    if (stream == nullptr || flags > cudaStreamNonBlocking) return cudaErrorInvalidValue;
    *stream = new CUstream_st(murm::fake_cuda::current_device());
    const std::lock_guard lock(state().mutex);
    state().streams.insert(*stream);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return call("cudaStreamCreateWithFlags",
              [&] { return cudaStreamCreateWithPriority(stream, flags, 0); });
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return call("cudaStreamCreate",
              [&] { return cudaStreamCreateWithPriority(stream, cudaStreamDefault, 0); });
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return call(
      "cudaStreamDestroy",
      [&] {
        {
          const std::lock_guard lock(state().mutex);
          if (state().streams.erase(stream) == 0) return cudaErrorInvalidResourceHandle;
        }
        delete stream;
        return cudaSuccess;
      },
      murm::fake_cuda::Needs::release);
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call("cudaStreamSynchronize", [&] {
    CUstream_st* const found = find_stream(stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    if (murm::fake_cuda::spoils_capture(found)) return cudaErrorStreamCaptureUnsupported;
    found->wait();
    return cudaSuccess;
  });
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return call("cudaStreamQuery", [&] {
    CUstream_st* const found = find_stream(stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    if (murm::fake_cuda::spoils_capture(found)) return cudaErrorStreamCaptureUnsupported;
    return found->idle() ? cudaSuccess : cudaErrorNotReady;
  });
}

cudaError_t cudaDeviceSynchronize() {
  return call("cudaDeviceSynchronize", [&] {
    if (murm::fake_cuda::capture_forbids()) return cudaErrorStreamCaptureUnsupported;
    murm::fake_cuda::wait_for_device();
    return cudaSuccess;
  });
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  return call("cudaLaunchHostFunc", [&] {
    CUstream_st* const found = find_stream(stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    if (function == nullptr) return cudaErrorInvalidValue;
    found->push([function, data] {
      const murm::fake_cuda::NoCalls none;
      function(data);
    });
    return cudaSuccess;
  });
}
