// Whole models trained on a CUDA device beside the same on the processor.
#include <vector>

#include "models/gradient_lane.hpp"
#include "models/made_up_text.hpp"
#include "models/objective_factory.hpp"
#include "tests/catch.hpp"
#include "tests/unit/cuda/near_and_far.hpp"

namespace murm {
namespace {

constexpr std::size_t kSteps = MURM_STEPS;
constexpr std::size_t kBatchMax = 6;    // of a micro-batch
constexpr std::uint32_t kSamples = 10;  // of a step
constexpr std::uint64_t kSeed = 3;

/// Pictures that are noise around one of four patterns.
class Patterns final : public Dataset {
 public:
  explicit Patterns(PictureShape picture)
      : Dataset(40, {.features = picture.features(), .classes = 4, .picture = picture}) {}

 private:
  void read_sample(std::size_t index, float* features, std::int32_t* labels) const override {
    const std::size_t label = index % 4;
    for (std::size_t i = 0; i < this->features(); ++i) {
      const std::size_t noise = (index * 7919 + i * 104'729) % 1000;
      const bool lit = (i / 3) % 4 == label;
      features[i] = (lit ? 1.0F : 0.0F) + static_cast<float>(noise) / 2000.0F;
    }
    *labels = static_cast<std::int32_t>(label);
  }
};

struct Trained {
  Floats losses;
  Floats parameters;
};

Trained train(std::unique_ptr<Device> device, const ObjectiveOptions& options,
              const std::shared_ptr<const Dataset>& data, float rate) {
  auto objective = make_objective(options, data->shape(), *device, kBatchMax);
  HostDevice host;
  const Tensor parameters = host.allocate(objective->parameter_count());
  objective->initialize(kSeed, host_span(parameters));
  GradientLane lane(std::move(device), std::move(objective), data, kSeed);
  Trained trained;
  for (std::size_t step = 0; step < kSteps; ++step) {
    const Lease lease{.id = step, .position = step * kSamples, .samples = kSamples};
    const GradientReady ready = lane.run(lease, std::span(&parameters, 1));
    trained.losses.push_back(static_cast<float>(ready.loss_sum / kSamples));
    host.axpy(parameters, -rate / static_cast<float>(kSamples), ready.gradient);
  }
  const auto values = host_span(parameters);
  trained.parameters.assign(values.begin(), values.end());
  return trained;
}

/// Same seed, same steps; and the loss has to fall, or there would be nothing to compare.
void compare(const ObjectiveOptions& options, const std::shared_ptr<const Dataset>& data,
             float rate) {
  const Trained near = train(std::make_unique<HostDevice>(), options, data, rate);
  const Trained far = train(make_cuda_device(), options, data, rate);
  for (std::size_t step = 0; step < kSteps; ++step) {
    CAPTURE(step);
    CHECK(far.losses[step] == Approx(near.losses[step]).epsilon(1e-3));
  }
  CHECK(near.losses.back() < near.losses.front());
  CHECK(train(make_cuda_device(), options, data, rate).parameters == far.parameters);
}

TEST_CASE("cuda: a logistic regression learns as on the processor") {
  compare({.kind = "logistic"}, std::make_shared<Patterns>(PictureShape{6, 6, 1}), 0.1F);
}

TEST_CASE("cuda: an mlp learns as on the processor") {
  compare({.kind = "mlp", .hidden = {20, 20}}, std::make_shared<Patterns>(PictureShape{6, 6, 1}),
          0.1F);
}

TEST_CASE("cuda: a char-mlp learns as on the processor") {
  compare({.kind = "char-mlp", .hidden = {32}, .embedding = 8}, make_text_split(1, false, 300, 5),
          0.1F);
}

TEST_CASE("cuda: a lenet learns as on the processor") {
  compare({.kind = "lenet"}, std::make_shared<Patterns>(PictureShape{8, 8, 1}), 0.01F);
}

TEST_CASE("cuda: a resnet learns as on the processor") {
  const bool batch = GENERATE(false, true);
  compare({.kind = "resnet",
           .blocks = 1,
           .width = 4,
           .normalization = batch ? "batch" : "group",
           .checkpointing = !batch},
          std::make_shared<Patterns>(PictureShape{8, 8, 3}), 0.01F);
}

TEST_CASE("cuda: a gpt learns as on the processor") {
  const bool tied = GENERATE(false, true);
  compare({.kind = "gpt", .dim = 12, .layers = 2, .heads = 3, .dropout = 0.1, .tied = tied},
          make_text_windows(1, false, 300, 7), 0.1F);
}

}  // namespace
}  // namespace murm
