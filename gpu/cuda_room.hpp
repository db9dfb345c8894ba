// What the CUDA room gives a program that does not link with it: the devices there are, and lanes on them.
// Room: gpu. An interface across a shared library, so that the program also starts where there is no CUDA.
// Caller: gpu/device_factory. Implementation: gpu/cuda/room.cpp, the library murm_cuda.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gpu/device.hpp"

namespace murm {

struct CudaDeviceFacts {
  std::string model{};  // "NVIDIA H100 80GB HBM3"
  int major = 0;        // compute capability
  int minor = 0;
  std::uint64_t memory = 0;  // bytes
  std::string unusable{};    // why it cannot be used, in one clause; empty: it can
};

struct CudaLaneOptions {
  bool bf16 = false;  // operands of products; sums stay fp32
};

/// Thread: any.
class CudaRoom {
 public:
  virtual ~CudaRoom() = default;
  /// Why there is no device to list, in one clause; empty: `devices` has what is there.
  virtual std::string absence() = 0;
  virtual std::vector<CudaDeviceFacts> devices() = 0;
  /// A lane on device `ordinal`, which leaves verbs that have no kernel to `processor`. Throws std::runtime_error when
  /// the device does not answer or its memory is full; so does every call on the lane.
  virtual std::unique_ptr<Device> make_lane(unsigned ordinal, const CudaLaneOptions& options,
                                            std::unique_ptr<Device> processor) = 0;
};

/// The library's one symbol: `extern "C" CudaRoom* murm_cuda_room()`. It lives as long as the library.
inline constexpr const char* kCudaRoomSymbol = "murm_cuda_room";
inline constexpr const char* kCudaRoomLibrary = "libmurm_cuda.so";

}  // namespace murm
