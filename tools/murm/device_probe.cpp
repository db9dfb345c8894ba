#include "tools/murm/device_probe.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace murm {
namespace {

constexpr double kLongEnough = 0.005;       // seconds: waiting and starting are small beside it
constexpr std::size_t kLargestSide = 8192;  // of a square matrix
constexpr std::size_t kCopied = std::size_t{16} << 20U;  // numbers: more than caches hold
constexpr int kTries = 5;

/// The shortest of a few tries, after one that may have to prepare something.
template <class Work>
double shortest(Device& device, Work work) {
  const auto once = [&] {
    const auto began = std::chrono::steady_clock::now();
    work();
    device.wait();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  double best = std::max(once(), 1e-9);
  for (int i = 0; i < kTries && best < 10 * kLongEnough; ++i) best = std::min(best, once());
  return best;
}

double square_product_seconds(Device& device, std::size_t side) {
  const Tensor x = device.allocate(side * side);
  const Tensor w = device.allocate(side * side);
  const Tensor y = device.allocate(side * side);
  device.zero(x);
  device.zero(w);
  return shortest(device, [&] {
    device.linear(side, side, side, device.address(x), device.address(w), {}, device.address(y));
  });
}

}  // namespace

double probe_products(Device& device) {
  double best = 0;
  for (std::size_t side = 256; side <= kLargestSide; side *= 2) {
    const double seconds = square_product_seconds(device, side);
    const auto n = static_cast<double>(side);
    best = std::max(best, 2 * n * n * n / seconds);
    if (seconds > kLongEnough) break;
  }
  return best;
}

double probe_copies(Device& device) {
  const Tensor x = device.allocate(kCopied);
  const Tensor y = device.allocate(kCopied);
  device.zero(x);
  const double seconds = shortest(device, [&] { device.copy(y, x); });
  return 2 * static_cast<double>(kCopied * sizeof(float)) / seconds;
}

}  // namespace murm
