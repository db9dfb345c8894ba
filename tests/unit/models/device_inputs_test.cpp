// Tests of a lane on a device with memory of its own: copies in, copies out.
#include "models/device_inputs.hpp"

#include <vector>

#include "gpu/host/host_device.hpp"
#include "models/digits.hpp"
#include "models/gradient_lane.hpp"
#include "models/mlp.hpp"
#include "tests/catch.hpp"

namespace murm {
namespace {

/// The processor, acting as if it were far away: it knows the addresses that it was asked about.
class DistantDevice final : public HostDevice {
 public:
  explicit DistantDevice(std::vector<const float*>& seen) : seen_(seen) {}
  bool has_own_memory() const override { return true; }
  bool works_in_tiles() const override { return false; }
  void cross_entropy(std::size_t n, std::size_t classes, const float* logits,
                     const std::int32_t* labels, float scale, float* dlogits) override {
    seen_.push_back(reinterpret_cast<const float*>(labels));
    HostDevice::cross_entropy(n, classes, logits, labels, scale, dlogits);
  }

 private:
  std::vector<const float*>& seen_;
};

class TwoFeatures final : public Dataset {
 public:
  TwoFeatures() : Dataset(1, {.features = 2, .classes = 3}) {}

 private:
  void read_sample(std::size_t, float*, std::int32_t*) const override {}
};

struct Made {
  std::unique_ptr<GradientLane> lane;
  Mlp* model;
};

Made make_lane(std::unique_ptr<Device> device) {
  auto model = std::make_unique<Mlp>(*device, std::vector<std::size_t>{digit_pixels, 20, 10}, 8);
  Mlp* at = model.get();
  return {std::make_unique<GradientLane>(std::move(device), std::move(model),
                                         make_digits_split(1, false, 100), 1),
          at};
}

TEST_CASE("a distant device gives the gradient and the loss of a near one") {
  std::vector<const float*> labels_seen;
  const Made near = make_lane(std::make_unique<HostDevice>());
  const Made distant = make_lane(std::make_unique<DistantDevice>(labels_seen));
  HostDevice device;
  const std::size_t count = near.model->parameter_count();
  const Tensor whole = device.allocate(count);
  near.model->initialize(3, host_span(whole));
  const std::vector<Tensor> parts{whole.slice(0, 100), whole.slice(100, count - 100)};
  for (const SampleCount position : {0, 20}) {
    const Lease lease{.id = 1, .position = position, .samples = 20};  // 8, 8 and 4
    const GradientReady expected = near.lane->run(lease, std::span(&whole, 1));
    const GradientReady found = distant.lane->run(lease, parts);
    CHECK(found.loss_sum == expected.loss_sum);
    CHECK(found.loss_sum > 0);
    const auto numbers = host_span(found.gradient);
    CHECK(std::equal(numbers.begin(), numbers.end(), host_span(expected.gradient).begin()));
  }
  // Copies lie at the same addresses in each of the six micro-batches.
  CHECK(labels_seen == std::vector<const float*>(6, labels_seen.front()));
}

TEST_CASE("a distant device works on copies: the batch in hand is not the one that was read") {
  std::vector<const float*> labels_seen;
  DistantDevice device(labels_seen);
  const Mlp model(device, {2, 3}, 4);
  const std::vector<float> features{1, 2, 3, 4};
  const std::vector<std::int32_t> labels{2, 0};
  DeviceInputs inputs(device, model, TwoFeatures());
  const Batch there = inputs.batch({features, labels, 7});
  CHECK(there.features.data() != features.data());
  CHECK(there.labels.data() != labels.data());
  CHECK(std::equal(features.begin(), features.end(), there.features.begin(), there.features.end()));
  CHECK(std::equal(labels.begin(), labels.end(), there.labels.begin(), there.labels.end()));
  CHECK(there.position == 7);
  const std::vector<float> flat(model.parameter_count(), 5);
  const auto copied = inputs.parameters(flat);
  CHECK(copied.data() != flat.data());
  CHECK(std::equal(flat.begin(), flat.end(), copied.begin(), copied.end()));
}

}  // namespace
}  // namespace murm
