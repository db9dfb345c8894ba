// Ends the program with the words that ctest takes for a skipped test where there is no NVIDIA device.
// Room: tests. Caller: Catch2, before the first test case.
#define CATCH_CONFIG_EXTERNAL_INTERFACES  // listeners, in Catch2 2.x
#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstdlib>

#include "tests/catch.hpp"

namespace {

#if __has_include(<catch2/catch_all.hpp>)
using Listener = Catch::EventListenerBase;
#else
using Listener = Catch::TestEventListenerBase;
#endif

class NeedsDevice final : public Listener {
 public:
  using Listener::Listener;
  void testRunStarting(const Catch::TestRunInfo& /*run*/) override {
    int count = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    if (status == cudaSuccess && count > 0) return;
    std::printf("SKIPPED: no NVIDIA device can be used: %s\n",
                status == cudaSuccess ? "there is none" : cudaGetErrorString(status));
    std::exit(0);
  }
};
CATCH_REGISTER_LISTENER(NeedsDevice)

}  // namespace
