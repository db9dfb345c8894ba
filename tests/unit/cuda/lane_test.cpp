// What a lane on a CUDA device asks of CUDA, and what becomes of CUDA's errors: on the fake one.
#include <string>

#include "gpu/cuda/check.hpp"
#include "models/digits.hpp"
#include "models/gradient_lane.hpp"
#include "models/mlp.hpp"
#include "tests/catch.hpp"
#include "tests/fake_cuda/control.hpp"
#include "tests/unit/cuda/near_and_far.hpp"

namespace murm {
namespace {

namespace fake = fake_cuda;

struct Lane {
  explicit Lane(const CudaLaneOptions& options = {}) {
    auto device = make_cuda_device(options);
    auto model = std::make_unique<Mlp>(*device, std::vector<std::size_t>{digit_pixels, 20, 10}, 8);
    parameters = host.allocate(model->parameter_count());
    model->initialize(3, host_span(parameters));
    lane = std::make_unique<GradientLane>(std::move(device), std::move(model),
                                          make_digits_split(1, false, 100), 1);
  }
  GradientReady step() {
    const Lease lease{.id = 1, .position = 20, .samples = 20};  // 8, 8 and 4
    return lane->run(lease, std::span(&parameters, 1));
  }

  HostDevice host;
  Tensor parameters;
  std::unique_ptr<GradientLane> lane;
};

/// What the step dies of.
std::string death_of(Lane& lane) {
  try {
    lane.step();
  } catch (const cuda::DeviceError& error) {
    return error.what();
  }
  return "nothing";
}

TEST_CASE("cuda: a steady step allocates nothing, on the device or on the host") {
  fake::reset();
  const bool bf16 = GENERATE(false, true);
  Lane lane({.bf16 = bf16});
  for (int i = 0; i < 2; ++i) lane.step();
  const fake::Counters before = fake::counters();
  for (int i = 0; i < 3; ++i) lane.step();
  CHECK(fake::counters().device_allocations == before.device_allocations);
  CHECK(fake::counters().host_allocations == before.host_allocations);
  CHECK(fake::counters().kernels > before.kernels);
}

TEST_CASE("cuda: slow streams change nothing: whoever reads has waited") {
  fake::reset();
  Lane quick;
  const GradientReady expected = quick.step();
  fake::delay_streams(std::chrono::microseconds(500));
  Lane slow;
  for (int i = 0; i < 2; ++i) {
    const GradientReady found = slow.step();
    CHECK(found.loss_sum == expected.loss_sum);
    const auto numbers = host_span(found.gradient);
    CHECK(std::equal(numbers.begin(), numbers.end(), host_span(expected.gradient).begin()));
  }
  fake::reset();
}

TEST_CASE("cuda: a device that is lost ends the step with a sentence, and the lane can be left") {
  fake::reset();
  Lane lane;
  lane.step();
  fake::lose_device();
  const std::string words = death_of(lane);
  CHECK(words.find("gpu/cuda/") != std::string::npos);
  CHECK(words.find("HINT: ") != std::string::npos);
  fake::reset();
}

TEST_CASE("cuda: each call that fails is told with its name") {
  const std::string function = GENERATE("cudaLaunchKernelEx", "cudaMemcpyAsync", "cublasLtMatmul",
                                        "cudaStreamSynchronize", "cudaMemsetAsync");
  fake::reset();
  Lane lane;
  lane.step();
  fake::fail_call(function, 1);
  CHECK(death_of(lane).find(function) != std::string::npos);
}

TEST_CASE("cuda: a model that does not fit says what to do") {
  fake::reset();
  fake::set_memory_bytes(50'000);
  std::string words;
  try {
    const Lane lane;
  } catch (const cuda::DeviceError& error) {
    words = error.what();
  }
  CHECK(words.find("memory is full") != std::string::npos);
  CHECK(fake::counters().live_device_allocations == 0);
  fake::reset();
}

}  // namespace
}  // namespace murm
