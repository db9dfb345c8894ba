#include "gpu/cuda/graphs.hpp"

#include "gpu/cuda/check.hpp"

namespace murm::cuda {
namespace {

struct DestroyGraph {
  void operator()(cudaGraph_t graph) const { (void)cudaGraphDestroy(graph); }
};
using Graph = std::unique_ptr<CUgraph_st, DestroyGraph>;

}  // namespace

void Graphs::repeat(std::uint64_t key, const std::function<void()>& work) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    differs_ = false;
    carry_out(work);
    entries_[key].differs = differs_;
    return;
  }
  Entry& entry = found->second;
  if (entry.differs) return carry_out(work);
  if (!entry.graph || entry.moves != Scratch::moves()) {
    entry.graph = record(work);
    entry.moves = Scratch::moves();
  }
  check(cudaGraphLaunch(entry.graph.get(), stream_.use()), "cudaGraphLaunch");
}

void Graphs::carry_out(const std::function<void()>& work) {
  at_work_ = true;
  try {
    work();
  } catch (...) {
    at_work_ = false;
    throw;
  }
  at_work_ = false;
}

Graphs::Executable Graphs::record(const std::function<void()>& work) {
  // Other threads may allocate meanwhile.
  check(cudaStreamBeginCapture(stream_.use(), cudaStreamCaptureModeThreadLocal),
        "cudaStreamBeginCapture");
  cudaGraph_t recorded = nullptr;
  try {
    carry_out(work);
  } catch (...) {
    (void)cudaStreamEndCapture(stream_.use(), &recorded);
    const Graph dropped(recorded);
    throw;
  }
  check(cudaStreamEndCapture(stream_.use(), &recorded), "cudaStreamEndCapture");
  const Graph graph(recorded);
  cudaGraphExec_t executable = nullptr;
  check(cudaGraphInstantiate(&executable, graph.get(), 0), "cudaGraphInstantiate");
  return Executable(executable);
}

}  // namespace murm::cuda
