// The algorithm that the machines of a simulation run, and how many have run before it.
// Room: actors/virtual. The counterpart of WorkerCourse and NextCourse in actors/cast.
// Caller: actors/virtual/simulator, the drivers of its machines.
#pragma once
#include <cstdint>

#include "algorithms/registry.hpp"

namespace murm {

struct VirtualCourse {
  const Algorithm* algorithm = nullptr;
  AlgorithmOptions options;
  std::uint32_t number = 0;  // changes of algorithm so far
};

}  // namespace murm
