#include <algorithm>
#include <chrono>

#include "tests/fake_cuda/cuda_runtime_api.h"
#include "tests/fake_cuda/stream.hpp"

using murm::fake_cuda::call;
using murm::fake_cuda::find_stream;
using murm::fake_cuda::Mark;

struct CUevent_st {
  int device = 0;
  bool timed = true;
  std::mutex mutex;
  std::shared_ptr<Mark> mark;  // null until recorded
  std::shared_ptr<Mark> latest() {
    const std::lock_guard lock(mutex);
    return mark;
  }
};

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return call("cudaEventCreateWithFlags", [&] {
    if (event == nullptr) return cudaErrorInvalidValue;
    *event = new CUevent_st;
    (*event)->device = murm::fake_cuda::current_device();
    (*event)->timed = (flags & cudaEventDisableTiming) == 0;
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return call("cudaEventCreate", [&] { return cudaEventCreateWithFlags(event, cudaEventDefault); });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return call(
      "cudaEventDestroy",
      [&] {
        if (event == nullptr) return cudaErrorInvalidResourceHandle;
        delete event;  // a mark that is still waited for lives on
        return cudaSuccess;
      },
      murm::fake_cuda::Needs::release);
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call("cudaEventRecord", [&] {
    CUstream_st* const found = find_stream(stream);
    if (event == nullptr || found == nullptr) return cudaErrorInvalidResourceHandle;
    if (found->device != event->device) return cudaErrorInvalidResourceHandle;
    auto mark = std::make_shared<Mark>();
    mark->stream = found;
    mark->capture = found->capture;
    mark->captured_before = found->captured;
    if (!found->capture) found->push_always([mark] { mark->reach(); });
    const std::lock_guard lock(event->mutex);
    event->mark = std::move(mark);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned /*flags*/) {
  return call("cudaStreamWaitEvent", [&] {
    CUstream_st* const found = find_stream(stream);
    if (event == nullptr || found == nullptr) return cudaErrorInvalidResourceHandle;
    const auto mark = event->latest();
    if (!mark) return cudaSuccess;
    if (!mark->capture) {
      if (found->capture) {
        found->capture->spoiled = true;
        return cudaErrorStreamCaptureIsolation;
      }
      found->push_always([mark] { mark->wait(); });
      return cudaSuccess;
    }
    if (found->capture && found->capture != mark->capture) return cudaErrorStreamCaptureMerge;
    // A captured event leads another stream into the capture; the order of the calls is the order of the graph.
    if (!found->capture) {
      found->capture = mark->capture;
      found->captured = found->captured_joined = 0;
      found->capture->others.push_back(found);
    }
    if (mark->stream->capture == mark->capture) {
      mark->stream->captured_joined = std::max(mark->stream->captured_joined,
                                               mark->captured_before);
    }
    return cudaSuccess;
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call("cudaEventSynchronize", [&] {
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    const auto mark = event->latest();
    if (!mark) return cudaSuccess;
    if (mark->capture) return cudaErrorCapturedEvent;
    mark->wait();
    return cudaSuccess;
  });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return call("cudaEventQuery", [&] {
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    const auto mark = event->latest();
    if (!mark) return cudaSuccess;
    if (mark->capture) return cudaErrorCapturedEvent;
    const std::lock_guard lock(mark->mutex);
    return mark->reached ? cudaSuccess : cudaErrorNotReady;
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return call("cudaEventElapsedTime", [&] {
    if (start == nullptr || end == nullptr) return cudaErrorInvalidResourceHandle;
    const auto first = start->latest();
    const auto last = end->latest();
    if (!first || !last || !start->timed || !end->timed) return cudaErrorInvalidResourceHandle;
    if (first->capture || last->capture) return cudaErrorCapturedEvent;
    const std::scoped_lock lock(first->mutex);
    if (!first->reached) return cudaErrorNotReady;
    if (first == last) {
      *milliseconds = 0;
      return cudaSuccess;
    }
    const std::scoped_lock other(last->mutex);
    if (!last->reached) return cudaErrorNotReady;
    *milliseconds = std::chrono::duration<float, std::milli>(last->when - first->when).count();
    return cudaSuccess;
  });
}
