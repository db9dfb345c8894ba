// Our models against PyTorch's automatic differentiation: the same parameters, the same batches, the same steps.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "algorithms/optimizer.hpp"
#include "algorithms/random.hpp"
#include "gpu/host/host_device.hpp"
#include "models/gpt.hpp"
#include "models/lenet.hpp"
#include "models/mlp.hpp"
#include "models/resnet.hpp"
#include "tests/catch.hpp"

namespace murm {
namespace {

using Parameters = std::vector<at::Tensor>;  // in the order of the layout, with its shapes
/// Scores [n targets, classes] of features [n, ...].
using Forward = std::function<at::Tensor(const at::Tensor& features, const Parameters& p)>;

constexpr std::size_t kBatch = 12;
constexpr std::size_t kBatches = 4;
// Rates at which PyTorch's fp32 stays well within 1e-3 of its own fp64 for 20 steps; beyond them rounding alone decides.
constexpr double kRate = 0.01;
constexpr double kResNetRate = 0.001;

/// A model of ours, the same in PyTorch's words, and what to train them on.
struct Twins {
  Objective& ours;
  Forward theirs;
  std::vector<std::int64_t> sample;  // shape of one sample's features
  std::size_t targets;
  std::uint32_t classes;
  bool tokens;  // features are whole numbers below classes
  double rate = kRate;

  std::vector<float> features{};
  std::vector<std::int32_t> labels{};

  void draw() {
    Random random(3, 0);
    std::size_t numbers = kBatches * kBatch;
    for (const std::int64_t size : sample) numbers *= static_cast<std::size_t>(size);
    for (std::size_t i = 0; i < numbers; ++i)
      features.push_back(tokens ? static_cast<float>(random.below(classes)) : random.normal());
    for (std::size_t i = 0; i < kBatches * kBatch * targets; ++i)
      labels.push_back(static_cast<std::int32_t>(random.below(classes)));
  }
  Batch batch(std::size_t index) const {
    const std::size_t width = features.size() / kBatches;
    const std::size_t count = kBatch * targets;
    return {std::span(features).subspan(index * width, width),
            std::span(labels).subspan(index * count, count), index * kBatch, targets};
  }
  /// Mean over samples and targets, with a graph to differentiate.
  at::Tensor loss(const Parameters& p, std::size_t index) const {
    const Batch at_hand = batch(index);
    std::vector<std::int64_t> shape{static_cast<std::int64_t>(kBatch)};
    shape.insert(shape.end(), sample.begin(), sample.end());
    const at::Tensor x = at::from_blob(const_cast<float*>(at_hand.features.data()), shape);
    const at::Tensor y = at::from_blob(const_cast<std::int32_t*>(at_hand.labels.data()),
                                       {static_cast<std::int64_t>(at_hand.labels.size())}, at::kInt)
                             .to(at::kLong);
    return at::cross_entropy_loss(theirs(tokens ? x.to(at::kLong) : x, p), y);
  }
  Parameters leaves(const std::vector<float>& flat) const {
    Parameters p;
    for (const ParameterTensor& tensor : ours.layout()) {
      const std::vector<std::int64_t> sizes(tensor.shape.begin(), tensor.shape.end());
      p.push_back(at::from_blob(const_cast<float*>(flat.data()) + tensor.offset, sizes)
                      .clone()
                      .set_requires_grad(true));
    }
    return p;
  }
};

std::vector<float> start(const Twins& twins) {
  std::vector<float> parameters(twins.ours.parameter_count());
  twins.ours.initialize(4, parameters);
  Random random(8, 0);  // biases and norms away from 0 and 1, so that nothing hides
  for (float& value : parameters) value += 0.05F * random.normal();
  return parameters;
}

void compare_gradients(const Twins& twins) {
  const std::vector<float> parameters = start(twins);
  std::vector<float> gradient(parameters.size());
  const BatchResult result = twins.ours.gradient(parameters, twins.batch(0), gradient);
  const Parameters theirs = twins.leaves(parameters);
  const at::Tensor loss = twins.loss(theirs, 0) * static_cast<double>(kBatch);
  loss.backward();
  CHECK(result.loss_sum == Approx(loss.item<double>()).epsilon(1e-5));
  for (std::size_t t = 0; t < theirs.size(); ++t) {
    const ParameterTensor& tensor = twins.ours.layout()[t];
    INFO(tensor.name);
    const at::Tensor expected = theirs[t].grad();
    const at::Tensor ours = at::from_blob(gradient.data() + tensor.offset, expected.sizes());
    const double error = (ours - expected).norm().item<double>();
    CHECK(error < 1e-4 * expected.norm().item<double>());
  }
}

void compare_training(const Twins& twins) {
  const std::vector<float> begin = start(twins);
  Parameters theirs = twins.leaves(begin);
  torch::optim::SGD optimizer(theirs, torch::optim::SGDOptions(twins.rate).momentum(0.9));
  HostDevice device;
  const std::size_t count = begin.size();
  const Tensor parameters = device.allocate(count);
  const Tensor gradient = device.allocate(count);
  const Tensor momentum = device.allocate(count);
  std::ranges::copy(begin, host_span(parameters).begin());
  std::ranges::fill(host_span(momentum), 0.0F);
  const OptimizerOptions options{.kind = OptimizerKind::momentum, .momentum = 0.9};
  double first = 0, last = 0;
  for (std::size_t step = 0; step < 20; ++step) {
    optimizer.zero_grad();
    const at::Tensor loss = twins.loss(theirs, step % kBatches);
    loss.backward();
    optimizer.step();
    const double ours = twins.ours
                            .gradient(host_span(parameters), twins.batch(step % kBatches),
                                      host_span(gradient))
                            .loss_sum /
                        static_cast<double>(kBatch);
    device.optimizer_step(make_optimizer_step(options, twins.rate, 1.0 / kBatch, step + 1),
                          parameters, gradient, std::span(&momentum, 1));
    INFO("step " << step);
    CHECK(ours == Approx(loss.item<double>()).epsilon(1e-3));
    if (step == 0) first = ours;
    last = ours;
  }
  CHECK(last < first);  // that something was trained
}

void compare(Twins twins) {
  torch::set_num_threads(1);
  twins.draw();
  compare_gradients(twins);
  compare_training(twins);
}

at::Tensor perceptron(at::Tensor x, const Parameters& p) {
  for (std::size_t t = 0; t < p.size(); t += 2) {
    x = at::linear(x, p[t], p[t + 1]);
    if (t + 2 < p.size()) x = at::relu(x);
  }
  return x;
}

/// As models/lenet says it: pictures and what the hidden layer reads have their channels last.
at::Tensor lenet(const at::Tensor& pictures, const Parameters& p) {
  const auto stage = [&](const at::Tensor& x, std::size_t t) {
    return at::max_pool2d(at::relu(at::conv2d(x, p[t], p[t + 1], 1, 2)), 2);
  };
  const at::Tensor pooled = stage(stage(pictures.permute({0, 3, 1, 2}), 0), 2);
  const at::Tensor flat = pooled.permute({0, 2, 3, 1}).flatten(1);
  return at::linear(at::relu(at::linear(flat, p[4], p[5])), p[6], p[7]);
}

/// As models/resnet says it, with the parameters in the order of its layout.
at::Tensor resnet(const ResNetOptions& options, const at::Tensor& pictures, const Parameters& p) {
  std::size_t next = 0;
  const auto conv_norm = [&](const at::Tensor& x, std::int64_t stride) {
    const std::int64_t channels = p[next].size(0);
    const std::int64_t padding = p[next].size(2) / 2;
    const at::Tensor y = at::conv2d(x, p[next], {}, stride, padding);
    next += 3;
    if (options.batch_norm) {
      return at::batch_norm(y, p[next - 2], p[next - 1], {}, {}, true, 0, 1e-5, false);
    }
    return at::group_norm(y, std::gcd(channels, std::int64_t{8}), p[next - 2], p[next - 1]);
  };
  at::Tensor x = at::relu(conv_norm(pictures.permute({0, 3, 1, 2}), 1));
  for (std::size_t block = 0; block < 3 * options.blocks; ++block) {
    const bool halves = block > 0 && block % options.blocks == 0;
    const at::Tensor y = conv_norm(at::relu(conv_norm(x, halves ? 2 : 1)), 1);
    x = at::relu(y + (halves ? conv_norm(x, 2) : x));
  }
  return at::linear(x.mean({2, 3}), p[next], p[next + 1]);
}

/// As models/gpt says it, with the parameters in the order of its layout and a tied head.
at::Tensor transformer(const GptOptions& options, const at::Tensor& tokens, const Parameters& p) {
  const auto dim = static_cast<std::int64_t>(options.dim);
  const auto heads = static_cast<std::int64_t>(options.heads);
  const std::int64_t n = tokens.size(0), length = tokens.size(1);
  std::size_t next = 2;
  const auto norm = [&](const at::Tensor& x) {
    next += 2;
    return at::layer_norm(x, {dim}, p[next - 2], p[next - 1]);
  };
  const auto linear = [&](const at::Tensor& x) {
    next += 2;
    return at::linear(x, p[next - 2], p[next - 1]);
  };
  const at::Tensor later = at::full({length, length}, -INFINITY).triu(1);
  at::Tensor x = at::embedding(p[0], tokens) + p[1];
  for (std::size_t l = 0; l < options.layers; ++l) {
    const auto qkv = linear(norm(x)).split(dim, 2);
    const auto of_heads = [&](const at::Tensor& z) {
      return z.view({n, length, heads, dim / heads}).transpose(1, 2);
    };
    const at::Tensor q = of_heads(qkv[0]), k = of_heads(qkv[1]), v = of_heads(qkv[2]);
    const double scale = 1 / std::sqrt(static_cast<double>(dim / heads));
    const at::Tensor weights = (q.matmul(k.transpose(-2, -1)) * scale + later).softmax(-1);
    x = x + linear(weights.matmul(v).transpose(1, 2).reshape({n, length, dim}));
    x = x + linear(at::gelu(linear(norm(x))));
  }
  x = norm(x);
  const at::Tensor& head = options.tied ? p[0] : p[next];
  return x.matmul(head.t()).flatten(0, 1);
}

}  // namespace

TEST_CASE("the perceptron's gradient and training are PyTorch's") {
  HostDevice device;
  Mlp model(device, {784, 64, 32, 10}, kBatch);
  compare({model, perceptron, {784}, 1, 10, false});
}

TEST_CASE(
    "the convolutional net's gradient and training are PyTorch's, for one channel and for three") {
  HostDevice device;
  for (const std::size_t channels : {1U, 3U}) {
    LeNet model(device, {.picture = {28, 28, channels}}, kBatch);
    compare({model, lenet, {28, 28, static_cast<std::int64_t>(channels)}, 1, 10, false});
  }
}

TEST_CASE("the residual net's gradient and training are PyTorch's, with both norms") {
  HostDevice device;
  for (const bool batch_norm : {false, true}) {
    const ResNetOptions options{
        .picture = {16, 16, 3}, .blocks = 2, .batch_norm = batch_norm, .tile = kBatch};
    ResNet model(device, options, kBatch);
    compare({model,
             [&](const at::Tensor& pictures, const Parameters& p) {
               return resnet(options, pictures, p);
             },
             {16, 16, 3},
             1,
             10,
             false,
             kResNetRate});
  }
}

TEST_CASE("the transformer's gradient and training are PyTorch's, with a tied head and without") {
  HostDevice device;
  for (const bool tied : {true, false}) {
    const GptOptions options{
        .layers = 3, .heads = 4, .dim = 32, .context = 24, .classes = 40, .tied = tied};
    Gpt model(device, options, kBatch);
    compare({model,
             [&](const at::Tensor& tokens, const Parameters& p) {
               return transformer(options, tokens, p);
             },
             {24},
             24,
             40,
             true});
  }
}

}  // namespace murm
