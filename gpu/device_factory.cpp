#include "gpu/device_factory.hpp"

#include <dlfcn.h>

#include <charconv>
#include <filesystem>
#include <vector>

#include "algorithms/vocabulary.hpp"
#include "gpu/host/host_device.hpp"

namespace murm {
namespace {

constexpr std::string_view kCuda = "cuda:";

/// Beside the program, or where the loader looks.
std::vector<std::string> places_of_library() {
  std::vector<std::string> places;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) places.push_back((program.parent_path() / kCudaRoomLibrary).string());
  places.emplace_back(kCudaRoomLibrary);
  return places;
}

CudaAccess load_room() {
  std::error_code error;
  std::string reason = "this program has no CUDA room";
  for (const std::string& place : places_of_library()) {
    void* library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);  // for the life of the program
    if (library == nullptr) {
      if (std::filesystem::exists(place, error)) {
        reason = "the CUDA room cannot be loaded: " + std::string(dlerror());
      }
      continue;
    }
    using Entry = CudaRoom* (*)();
    const auto entry = reinterpret_cast<Entry>(dlsym(library, kCudaRoomSymbol));
    if (entry == nullptr) return {nullptr, place + " is not of this program"};
    CudaRoom* room = entry();
    const std::string absence = room->absence();
    return absence.empty() ? CudaAccess{room, {}} : CudaAccess{nullptr, absence};
  }
  return {nullptr, reason};
}

DeviceName parsed(const std::string& name) {
  const auto found = parse_device_name(name);
  if (!found) {
    throw InputError(
        "[gpu] \"" + name +
        "\" is no device, expected \"auto\", \"cpu\" or \"cuda:N\". HINT: `murm devices` "
        "lists what is there.");
  }
  return *found;
}

}  // namespace

std::optional<DeviceName> parse_device_name(std::string_view name) {
  if (name == "auto") return DeviceName{DeviceName::Kind::automatic, 0};
  if (name == "cpu") return DeviceName{DeviceName::Kind::cpu, 0};
  if (!name.starts_with(kCuda)) return {};
  const std::string_view digits = name.substr(kCuda.size());
  DeviceName named{DeviceName::Kind::cuda, 0};
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, named.ordinal);
  if (digits.empty() || read.ec != std::errc() || read.ptr != end) return {};
  return named;
}

const CudaAccess& find_cuda() {
  static const CudaAccess access = load_room();
  return access;
}

std::string why_not_cuda(unsigned ordinal) {
  const CudaAccess& cuda = find_cuda();
  if (cuda.room == nullptr) return cuda.reason;
  const std::vector<CudaDeviceFacts> devices = cuda.room->devices();
  if (devices.empty()) return "the NVIDIA driver does not answer";
  if (ordinal >= devices.size()) {
    return devices.size() == 1
               ? "there is only cuda:0"
               : "there are only cuda:0 to cuda:" + std::to_string(devices.size() - 1);
  }
  return devices[ordinal].unusable;
}

void require_device(const std::string& name) {
  const DeviceName named = parsed(name);
  if (named.kind != DeviceName::Kind::cuda) return;
  const std::string reason = why_not_cuda(named.ordinal);
  if (reason.empty()) return;
  throw InputError("[gpu] device \"" + name + "\" cannot be used: " + reason +
                   ". HINT: `murm devices` lists what is there; \"cpu\" always is.");
}

std::string best_device(std::uint64_t slot) {
  const CudaAccess& cuda = find_cuda();
  std::vector<unsigned> usable;
  const std::size_t count = cuda.room == nullptr ? 0 : cuda.room->devices().size();
  for (unsigned ordinal = 0; ordinal < count; ++ordinal) {
    if (why_not_cuda(ordinal).empty()) usable.push_back(ordinal);
  }
  return usable.empty() ? "cpu" : kCuda.data() + std::to_string(usable[slot % usable.size()]);
}

std::unique_ptr<Device> make_device(const DeviceOptions& options) {
  require_device(options.name);
  const std::string name = options.name == "auto" ? best_device(0) : options.name;
  auto processor = std::make_unique<HostDevice>(
      host::ProductOptions{.threads = options.threads, .bf16 = options.bf16});
  const DeviceName named = parsed(name);
  if (named.kind != DeviceName::Kind::cuda) return processor;
  return find_cuda().room->make_lane(named.ordinal, {.bf16 = options.bf16}, std::move(processor));
}

}  // namespace murm
