// Devices by name: "cpu", "cuda:0", or "auto" for the best that can be used.
// Room: gpu. Finds the CUDA room when asked, which tells what devices there are and makes lanes on them.
// Caller: actors/job_plan, tools/murm.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gpu/cuda_room.hpp"
#include "gpu/device.hpp"

namespace murm {

struct DeviceOptions {
  std::string name = "cpu";
  std::uint64_t threads = 1;  // cpu: of a lane
  bool bf16 = false;          // operands of products; sums stay fp32
};

struct DeviceName {
  enum class Kind : std::uint8_t { automatic, cpu, cuda } kind = Kind::cpu;
  unsigned ordinal = 0;  // cuda
};
/// Empty for what is no name of a device.
std::optional<DeviceName> parse_device_name(std::string_view name);

/// The CUDA room, or why there is none.
struct CudaAccess {
  CudaRoom* room = nullptr;
  std::string reason;  // one clause: "this program was built without the CUDA room"
};
/// Loads the library once, at the first call. Thread: any.
const CudaAccess& find_cuda();

/// Why nothing can be computed on cuda:`ordinal`, in one clause; empty: it can.
std::string why_not_cuda(unsigned ordinal);

/// Throws InputError where the named device cannot be used: what it is, why, and a hint.
void require_device(const std::string& name);
/// What "auto" means for the worker in `slot`: the CUDA devices that can be used in turn, or "cpu".
std::string best_device(std::uint64_t slot);
/// Throws InputError likewise, and std::runtime_error where a device that can be used does not answer after all.
/// "auto" is best_device(0).
std::unique_ptr<Device> make_device(const DeviceOptions& options);

}  // namespace murm
