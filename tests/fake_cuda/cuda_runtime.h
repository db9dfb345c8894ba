// The part of CUDA that only .cu files see: kernels, and how they are launched.
// Room: tests/fake_cuda. A launched kernel executes on the worker thread of its stream.
// Caller: gpu/cuda/*.cu, compiled as C++. Source: cuda_runtime.h of CUDA 13.0.
#pragma once
#include <array>
#include <functional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tests/fake_cuda/cuda_runtime_api.h"
#include "tests/fake_cuda/kernel.hpp"

namespace murm::fake_cuda {

/// Checks the configuration and queues the grid. `addresses` are the arguments that are pointers: each must be null or lie
/// in device or pinned memory.
cudaError_t launch(const cudaLaunchConfig_t& configuration, std::function<void()> thread,
                   std::span<const void* const> addresses);

template <class T>
const void* address_of(const T& argument) {
  if constexpr (std::is_pointer_v<T> && !std::is_function_v<std::remove_pointer_t<T>>) {
    return argument;
  } else {
    return nullptr;
  }
}

}  // namespace murm::fake_cuda

/// Arguments are converted to the kernel's parameters and kept by value, as on a device.
template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* configuration,
                               void (*kernel)(Parameters...), Arguments&&... arguments) {
  static_assert((!std::is_reference_v<Parameters> && ...));
  const std::tuple<std::remove_cv_t<Parameters>...> kept(
      static_cast<Parameters>(std::forward<Arguments>(arguments))...);
  const auto addresses = std::apply(
      [](const auto&... argument) {
        return std::array<const void*, sizeof...(argument) + 1>{
            nullptr, murm::fake_cuda::address_of(argument)...};
      },
      kept);
  return murm::fake_cuda::launch(
      *configuration, [kernel, kept] { std::apply(kernel, kept); }, addresses);
}
