// What the CUDA room tells a program that does not link with it: the devices there are.
// Room: gpu. An interface across a shared library, so that the program also starts where there is no CUDA.
// Caller: gpu/device_factory. Implementation: gpu/cuda/room.cpp, the library murm_cuda.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace murm {

struct CudaDeviceFacts {
  std::string model{};  // "NVIDIA H100 80GB HBM3"
  int major = 0;        // compute capability
  int minor = 0;
  std::uint64_t memory = 0;  // bytes
  std::string unusable{};    // why it cannot be used, in one clause; empty: it can
};

/// Thread: any.
class CudaRoom {
 public:
  virtual ~CudaRoom() = default;
  /// Why there is no device to list, in one clause; empty: `devices` has what is there.
  virtual std::string absence() = 0;
  virtual std::vector<CudaDeviceFacts> devices() = 0;
};

/// The library's one symbol: `extern "C" CudaRoom* murm_cuda_room()`. It lives as long as the library.
inline constexpr const char* kCudaRoomSymbol = "murm_cuda_room";
inline constexpr const char* kCudaRoomLibrary = "libmurm_cuda.so";

}  // namespace murm
