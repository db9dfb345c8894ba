// What a lane and verbs on a CUDA device ask of CUDA, and what becomes of CUDA's errors: on the fake one.
#include <string>

#include "algorithms/parameter_server/compensation.hpp"
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
  GradientReady step(std::uint32_t samples = 20) {  // 8, 8 and 4
    const Lease lease{.id = 1, .position = 20, .samples = samples};
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
  for (int i = 0; i < 3; ++i) lane.step();
  const fake::Counters before = fake::counters();
  for (int i = 0; i < 3; ++i) lane.step();
  CHECK(fake::counters().device_allocations == before.device_allocations);
  CHECK(fake::counters().host_allocations == before.host_allocations);
  CHECK(fake::counters().kernels > before.kernels);
}

void require_equal(const GradientReady& found, const GradientReady& expected) {
  REQUIRE(found.loss_sum == expected.loss_sum);
  const auto numbers = host_span(found.gradient);
  REQUIRE(std::equal(numbers.begin(), numbers.end(), host_span(expected.gradient).begin()));
}

TEST_CASE("cuda: a steady step is three records, started as a whole, and one wait") {
  fake::reset();
  Lane lane;
  const GradientReady first = lane.step();
  CHECK(fake::counters().graph_launches == 0);
  require_equal(lane.step(), first);
  const fake::Counters before = fake::counters();
  const std::size_t launches = fake::calls("cudaLaunchKernelEx");
  const std::size_t waits = fake::calls("cudaStreamSynchronize");
  require_equal(lane.step(), first);
  CHECK(fake::counters().graph_launches == before.graph_launches + 3);
  CHECK(fake::calls("cudaLaunchKernelEx") == launches);
  CHECK(fake::calls("cudaStreamSynchronize") == waits + 1);
}

TEST_CASE("cuda: what was recorded is recorded anew when its memory has moved") {
  fake::reset();
  const bool bf16 = GENERATE(false, true);
  Lane lane({.bf16 = bf16});
  const GradientReady first = lane.step(4);
  for (int i = 0; i < 2; ++i) require_equal(lane.step(4), first);
  CHECK(fake::counters().graph_launches == 2);
  lane.step(20);  // larger batches need more memory
  for (int i = 0; i < 3; ++i) require_equal(lane.step(4), first);
}

TEST_CASE("cuda: what differs each time, as dropout does, is not kept") {
  fake::reset();
  HostDevice host;
  const auto device = make_cuda_device();
  const Floats ones(64, 1.0F);
  for (std::uint64_t seed = 1; seed < 5; ++seed) {
    const Placed x(*device, ones);
    Floats expected = ones;
    host.sequences().dropout(64, seed, 0.5, expected.data());
    device->repeat(1, [&] { device->sequences().dropout(64, seed, 0.5, x); });
    CHECK(x.read() == expected);
  }
  CHECK(fake::counters().graph_launches == 0);
}

TEST_CASE("cuda: slow streams change nothing: whoever reads has waited") {
  fake::reset();
  Lane quick;
  const GradientReady expected = quick.step();
  fake::delay_streams(std::chrono::microseconds(500));
  Lane slow;
  for (int i = 0; i < 2; ++i) {
    const GradientReady found = slow.step();
    require_equal(found, expected);
  }
  fake::reset();
}

TEST_CASE("cuda: verbs in a row ask nobody to wait, and allocate nothing once they have run") {
  fake::reset();
  const auto kind = GENERATE(OptimizerKind::adam, OptimizerKind::lamb);
  const std::size_t n = 20'000;
  HostDevice host;
  const Tensor gradient = host.allocate(n);
  host.zero(gradient);
  const auto device = make_cuda_device();
  const Tensor x = device->allocate(n);
  const std::vector<Tensor> state{device->allocate(n), device->allocate(n)};
  for (const Tensor& tensor : {x, state[0], state[1]}) device->zero(tensor);
  const auto round = [&] {
    device->compensate({.lambda = 0.1F}, gradient, x, x, {}, state[0]);
    device->optimizer_step(make_optimizer_step({.kind = kind}, 0.1, 1, 1), x, gradient, state);
    device->scale(x, 0.5F);
  };
  round();
  const std::size_t allocations = fake::counters().device_allocations;
  const std::size_t waits = fake::calls("cudaStreamSynchronize");
  round();
  CHECK(fake::counters().device_allocations == allocations);
  CHECK(fake::calls("cudaStreamSynchronize") == waits);
}

TEST_CASE("cuda: what a copy reads from is not handed out again before it has been read") {
  fake::reset();
  fake::delay_streams(std::chrono::microseconds(2000));
  const auto device = make_cuda_device();
  const Tensor x = device->allocate(64);
  const auto copy_of = [&](float value) {
    const Tensor staged = device->allocate_staging(64);
    std::ranges::fill(host_span(staged), value);
    return staged;
  };
  device->copy(x, copy_of(1));
  const Tensor next = copy_of(2);
  const Tensor found = device->allocate_staging(64);
  device->copy(found, x);
  device->wait();
  CHECK(host_span(found)[0] == 1);
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
                                        "cudaStreamSynchronize", "cudaMemsetAsync",
                                        "cudaStreamBeginCapture", "cudaStreamEndCapture",
                                        "cudaGraphInstantiate", "cudaGraphLaunch");
  fake::reset();
  Lane lane;
  lane.step(8);
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
