#include <algorithm>

#include "tests/fake_cuda/cuda_runtime_api.h"
#include "tests/fake_cuda/stream.hpp"

using murm::fake_cuda::call;
using murm::fake_cuda::Capture;
using murm::fake_cuda::find_stream;
using murm::fake_cuda::state;
using murm::fake_cuda::Work;

struct CUgraph_st {
  std::shared_ptr<const std::vector<Work>> work;
};
struct CUgraphExec_st {
  std::shared_ptr<const std::vector<Work>> work;
};

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  return call("cudaStreamBeginCapture", [&] {
    if (stream == nullptr) return cudaErrorStreamCaptureUnsupported;
    CUstream_st* const found = find_stream(stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    if (found->capture) return cudaErrorIllegalState;
    auto capture = std::make_shared<Capture>();
    capture->mode = mode;
    capture->thread = std::this_thread::get_id();
    capture->origin = found;
    found->capture = capture;
    found->captured = found->captured_joined = 0;
    const std::lock_guard lock(state().mutex);
    state().captures.push_back(std::move(capture));
    return cudaSuccess;
  });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  return call("cudaStreamEndCapture", [&] {
    CUstream_st* const found = stream == nullptr ? nullptr : find_stream(stream);
    if (found == nullptr || graph == nullptr) return cudaErrorInvalidResourceHandle;
    const std::shared_ptr<Capture> capture = found->capture;
    *graph = nullptr;
    if (!capture) return cudaErrorIllegalState;
    if (capture->origin != found) return cudaErrorStreamCaptureUnmatched;
    if (capture->mode != cudaStreamCaptureModeRelaxed &&
        capture->thread != std::this_thread::get_id()) {
      return cudaErrorStreamCaptureWrongThread;
    }
    bool joined = true;
    for (CUstream_st* const other : capture->others) {
      joined = joined && other->captured_joined == other->captured;
      other->capture = nullptr;
    }
    found->capture = nullptr;
    {
      const std::lock_guard lock(state().mutex);
      std::erase(state().captures, capture);
    }
    if (capture->spoiled) return cudaErrorStreamCaptureInvalidated;
    if (!joined) return cudaErrorStreamCaptureUnjoined;
    *graph = new CUgraph_st{std::make_shared<const std::vector<Work>>(std::move(capture->work))};
    return cudaSuccess;
  });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  return call("cudaStreamIsCapturing", [&] {
    CUstream_st* const found = find_stream(stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    *status = !found->capture           ? cudaStreamCaptureStatusNone
              : found->capture->spoiled ? cudaStreamCaptureStatusInvalidated
                                        : cudaStreamCaptureStatusActive;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long /*flags*/) {
  return call("cudaGraphInstantiate", [&] {
    if (executable == nullptr || graph == nullptr) return cudaErrorInvalidValue;
    *executable = new CUgraphExec_st{graph->work};
    return cudaSuccess;
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return call("cudaGraphLaunch", [&] {
    CUstream_st* const found = find_stream(stream);
    if (executable == nullptr || found == nullptr) return cudaErrorInvalidResourceHandle;
    found->push([work = executable->work, device = found->device] {
      for (const Work& piece : *work) {
        if (!murm::fake_cuda::is_lost(device)) piece();
      }
      murm::fake_cuda::count(&murm::fake_cuda::Counters::graph_launches);
    });
    return cudaSuccess;
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return call(
      "cudaGraphExecDestroy",
      [&] {
        if (executable == nullptr) return cudaErrorInvalidValue;
        delete executable;  // one that is being executed shares its work
        return cudaSuccess;
      },
      murm::fake_cuda::Needs::release);
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return call(
      "cudaGraphDestroy",
      [&] {
        if (graph == nullptr) return cudaErrorInvalidValue;
        delete graph;
        return cudaSuccess;
      },
      murm::fake_cuda::Needs::release);
}
