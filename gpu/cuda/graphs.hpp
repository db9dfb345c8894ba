// Work that comes again and again, recorded once and started as a whole: hundreds of launches become one.
// Room: gpu/cuda. Knows what was queued on one stream; not what it computes.
// Caller: gpu/cuda/cuda_device. Source: CUDA C++ Programming Guide, "CUDA graphs".
#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "gpu/cuda/memory.hpp"

namespace murm::cuda {

/// Thread: as its stream.   Cost: the first time a key comes its work is done as it stands, which allocates and prepares; the
/// second time it is recorded; from then on it is one call.
class Graphs {
 public:
  /// `stream` outlives it.
  explicit Graphs(Stream& stream) : stream_(stream) {}

  /// Device::repeat. Records made before scratch memory moved are made anew.
  void repeat(std::uint64_t key, const std::function<void()>& work);
  bool at_work() const { return at_work_; }
  /// Called by work whose arguments are others each time: it is not recorded.
  void differs() { differs_ = true; }

 private:
  struct Destroy {
    void operator()(cudaGraphExec_t graph) const { (void)cudaGraphExecDestroy(graph); }
  };
  using Executable = std::unique_ptr<CUgraphExec_st, Destroy>;
  struct Entry {
    bool differs = false;
    Executable graph;         // null: seen once
    std::uint64_t moves = 0;  // of scratch memory, when it was recorded
  };
  void carry_out(const std::function<void()>& work);
  Executable record(const std::function<void()>& work);

  Stream& stream_;
  std::map<std::uint64_t, Entry> entries_;
  bool at_work_ = false;
  bool differs_ = false;
};

}  // namespace murm::cuda
