// Tests of a lane: what it hands to its objective.
#include "models/gradient_lane.hpp"

#include <vector>

#include "gpu/host/host_device.hpp"
#include "models/digits.hpp"
#include "models/quadratic.hpp"
#include "tests/catch.hpp"

namespace murm {
namespace {

struct Seen {
  std::uint64_t position = 0;
  std::size_t samples = 0;
  std::size_t features = 0;
  bool operator==(const Seen&) const = default;
};

/// Writes down the batches that it is asked about.
class Witness final : public Objective {
 public:
  explicit Witness(std::vector<Seen>& seen) : seen_(seen) {}
  std::span<const ParameterTensor> layout() const override { return {}; }
  std::size_t parameter_count() const override { return 1; }
  std::size_t batch_max() const override { return 4; }
  void initialize(std::uint64_t, std::span<float>) const override {}
  BatchResult gradient(std::span<const float>, const Batch& batch,
                       std::span<float> gradient) override {
    seen_.push_back({batch.position, batch.size(), batch.features.size()});
    gradient[0] = 1;
    return {.loss_sum = 1, .correct = 0};
  }
  BatchResult evaluate(std::span<const float>, const Batch&) override { return {}; }

 private:
  std::vector<Seen>& seen_;
};

TEST_CASE("every micro-batch knows its place in the run's stream, with data and without") {
  std::vector<Seen> seen;
  const bool blank = GENERATE(false, true);
  const auto data = blank ? blank_sample() : make_digits_split(1, false, 3);
  const std::size_t features = blank ? 0 : digit_pixels;
  HostDevice device;
  GradientLane lane(std::make_unique<HostDevice>(), std::make_unique<Witness>(seen), data, 1);
  const Tensor parameter = device.allocate(1);
  Lease lease;
  lease.position = 1000;
  lease.samples = 9;
  const GradientReady ready = lane.run(lease, std::span(&parameter, 1));
  CHECK(ready.loss_sum == 3);
  CHECK(host_span(ready.gradient)[0] == 3);
  CHECK(seen ==
        std::vector<Seen>{{1000, 4, 4 * features}, {1004, 4, 4 * features}, {1008, 1, features}});
}

TEST_CASE("the same lease gives the same bits on any lane, the next one others") {
  const QuadraticOptions options{.dim = 50, .condition = 10, .noise = 1, .seed = 3};
  const auto make = [&] {
    return GradientLane(std::make_unique<HostDevice>(), std::make_unique<Quadratic>(options, 1),
                        blank_sample(), 1);
  };
  GradientLane first = make(), second = make();
  HostDevice device;
  const Tensor parameters = device.allocate(50);
  first.objective().initialize(1, host_span(parameters));
  const auto gradient = [&](GradientLane& lane, SampleCount position) {
    Lease lease;
    lease.position = position;
    lease.samples = 1;
    const auto values = host_span(lane.run(lease, std::span(&parameters, 1)).gradient);
    return std::vector<float>(values.begin(), values.end());
  };
  const std::vector<float> at_5 = gradient(first, 5);
  CHECK(gradient(second, 6) != at_5);
  CHECK(gradient(second, 5) == at_5);
}

}  // namespace
}  // namespace murm
