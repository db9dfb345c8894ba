#include "tools/murm/step_bench.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "algorithms/random.hpp"
#include "algorithms/vocabulary.hpp"
#include "gpu/device_factory.hpp"
#include "gpu/host/host_device.hpp"
#include "models/objective_factory.hpp"
#include "runtime/process_info.hpp"
#include "tools/murm/device_probe.hpp"

namespace murm {
namespace {

constexpr std::size_t kBatches = 8;
constexpr std::size_t kFirstLosses = 20;
constexpr int kWarmUp = 3;
constexpr double kProductSeconds = 0.15;  // of timing, for each shape

struct Benchmark {
  ObjectiveOptions objective;
  std::size_t features = 784;
  std::size_t classes = 10;
  std::size_t targets = 1;
  std::size_t batch = 128;
  OptimizerOptions optimizer{.kind = OptimizerKind::momentum, .momentum = 0.9};
  double learning_rate = 0.01;
};

Benchmark benchmark(const std::string& model) {
  Benchmark made;
  made.objective.kind = model;
  if (model == "mlp") {
    made.objective.hidden = {1024, 1024};
  } else if (model == "gpt" || model == "gpt-124m") {
    const bool large = model == "gpt-124m";  // the sizes of GPT-2's smallest
    made.objective.kind = "gpt";
    made.objective.layers = large ? 12 : 6;
    made.objective.dim = large ? 768 : 192;
    made.objective.heads = large ? 12 : 6;
    made.features = made.targets = large ? 1024 : 128;
    made.classes = large ? 50257 : 256;
    made.batch = 16;
    made.optimizer = {.kind = OptimizerKind::adamw, .weight_decay = 0.01};
    made.learning_rate = 3e-4;
  } else if (model != "lenet") {
    throw InputError("--model " + model + ": expected mlp, lenet, gpt or gpt-124m");
  }
  return made;
}

double seconds_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

BenchedStep::BenchedStep(const StepBenchOptions& options) {
  const Benchmark made = benchmark(options.model);
  batch_ = options.batch > 0 ? options.batch : made.batch;
  targets_ = made.targets;
  optimizer_ = made.optimizer;
  learning_rate_ = made.learning_rate;
  device_ = make_device({.name = options.device, .threads = options.threads, .bf16 = options.bf16});
  objective_ = make_objective(made.objective, {made.features, made.classes}, *device_, batch_);
  const std::size_t parameters = objective_->parameter_count();
  parameters_ = device_->allocate(parameters);
  gradient_ = device_->allocate(parameters);
  std::vector<float> initial(parameters);
  objective_->initialize(0, initial);
  device_->upload(parameters * sizeof(float), initial.data(), device_->address(parameters_));
  for (std::size_t i = 0; i < optimizer_state_count(optimizer_.kind); ++i) {
    state_.push_back(device_->allocate(parameters));
    device_->zero(state_.back());
  }
  const bool text = made.targets > 1;
  for (std::size_t b = 0; b < kBatches; ++b) {
    Random random(1, b);
    std::vector<float> features(batch_ * made.features);
    std::vector<std::int32_t> labels(batch_ * made.targets);
    const auto classes = static_cast<std::uint32_t>(made.classes);
    for (float& feature : features) {
      feature = text ? static_cast<float>(random.below(classes)) : random.normal();
    }
    for (std::int32_t& label : labels) label = static_cast<std::int32_t>(random.below(classes));
    for (std::size_t s = 0; text && s < batch_; ++s) {  // what follows each token is the next one
      for (std::size_t t = 0; t + 1 < targets_; ++t) {
        labels[s * targets_ + t] = static_cast<std::int32_t>(features[s * made.features + t + 1]);
      }
    }
    batches_.push_back(place(features, labels));
  }
  device_->wait();
}

BenchedStep::MadeUpBatch BenchedStep::place(const std::vector<float>& features,
                                            const std::vector<std::int32_t>& labels) {
  static_assert(sizeof(std::int32_t) == sizeof(float), "labels lie in memory of fp32 numbers");
  MadeUpBatch placed{device_->allocate(features.size()), device_->allocate(labels.size())};
  device_->upload(features.size() * sizeof(float), features.data(),
                  device_->address(placed.features));
  device_->upload(labels.size() * sizeof(float), labels.data(), device_->address(placed.labels));
  return placed;
}

double BenchedStep::step() {
  const MadeUpBatch& made = batches_[steps_ % kBatches];
  const auto numbers = [this](const Tensor& tensor) {
    return std::span<float>(device_->address(tensor), tensor.length());
  };
  const auto* labels = reinterpret_cast<const std::int32_t*>(device_->address(made.labels));
  const Batch batch{
      numbers(made.features), {labels, made.labels.length()}, steps_ * batch_, targets_};
  const BatchResult result = objective_->gradient(numbers(parameters_), batch, numbers(gradient_));
  ++steps_;
  device_->optimizer_step(
      make_optimizer_step(optimizer_, learning_rate_, 1.0 / static_cast<double>(batch_), steps_),
      parameters_, gradient_, state_);
  return result.loss_sum / static_cast<double>(batch_);
}

double BenchedStep::operations() const {
  double forward = 0;
  for (const LayerSummary& layer : objective_->layers()) {
    forward += static_cast<double>(layer.forward_operations);
  }
  return 3 * forward * static_cast<double>(batch_);
}

double peak_product_rate(std::uint64_t threads, bool bf16) {
  struct Shape {
    std::size_t n, in, out;
  };
  constexpr std::array<Shape, 3> shapes{{{1024, 1024, 1024}, {2048, 192, 768}, {2048, 768, 768}}};
  HostDevice device(host::ProductOptions{.threads = threads, .bf16 = bf16});
  double best = 0;
  for (const Shape& shape : shapes) {
    const Tensor x = device.allocate(shape.n * shape.in);
    const Tensor w = device.allocate(shape.in * shape.out);
    const Tensor y = device.allocate(shape.n * shape.out);
    fill_normal(1, host_span(x));
    fill_normal(2, host_span(w));
    device.new_weights(1'000'000);  // the form that is best for many products is kept
    const auto product = [&] {
      device.linear(shape.n, shape.in, shape.out, host_span(x).data(), host_span(w).data(), {},
                    host_span(y).data());
    };
    product();
    const double operations = 2.0 * static_cast<double>(shape.n * shape.in * shape.out);
    for (double spent = 0; spent < kProductSeconds;) {
      const double seconds = seconds_of(product);
      best = std::max(best, operations / seconds);
      spent += seconds;
    }
  }
  return best;
}

StepBenchResult bench_step(const StepBenchOptions& options) {
  BenchedStep step(options);
  StepBenchResult result;
  const auto one = [&] {
    result.final_loss = step.step();
    if (result.first_losses.size() < kFirstLosses) result.first_losses.push_back(result.final_loss);
  };
  result.parameters = step.objective().parameter_count();
  result.batch = step.batch();
  const auto batch = static_cast<double>(step.batch());
  result.operations_per_sample = step.operations() / batch;
  for (int i = 0; i < kWarmUp; ++i) one();
  std::uint64_t steps = 0;
  const double enough = std::max(0.1, options.seconds / 3);
  double spent = 0;
  for (; spent < enough; ++steps) spent += seconds_of(one);
  result.steps_per_window = static_cast<std::uint64_t>(
      std::max(1.0, std::round(static_cast<double>(steps) * options.seconds / spent)));
  for (std::uint64_t w = 0; w < options.windows; ++w) {
    const double seconds = seconds_of([&] {
      for (std::uint64_t i = 0; i < result.steps_per_window; ++i) one();
      step.device().wait();
    });
    result.samples_per_second.push_back(static_cast<double>(result.steps_per_window) * batch /
                                        seconds);
  }
  result.peak_bytes = peak_rss_bytes();  // before the products, which are no part of a step
  result.peak_rate = step.device().has_own_memory()
                         ? probe_products(step.device())
                         : peak_product_rate(options.threads, options.bf16);
  return result;
}

}  // namespace murm
