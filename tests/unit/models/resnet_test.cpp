// Tests of the residual network: its gradient against central differences of a reference in double precision.
#include "models/resnet.hpp"

#include <numeric>

#include "gpu/host/host_device.hpp"
#include "models/objective_factory.hpp"
#include "tests/unit/models/picture_problem.hpp"

namespace murm {
namespace {

struct Reference {
  const ResNetOptions& options;
  std::vector<ParameterTensor> layout;
  const Doubles& p;
  std::size_t n;

  /// Normalised, without what is added and without relu.
  Doubles conv(const std::string& name, const ConvShape& shape, const Doubles& x) const {
    Doubles y = reference_conv(shape, x, tensor_of(layout, p, name + ".weight"), {});
    const Doubles scale = tensor_of(layout, p, name + ".scale");
    const Doubles shift = tensor_of(layout, p, name + ".shift");
    const std::size_t groups = std::gcd(shape.out, 8U);
    const std::size_t picture = y.size() / n;
    const auto set = [&](std::size_t i) {
      const std::size_t channel = i % shape.out;
      return options.batch_norm ? channel : i / picture * groups + channel / (shape.out / groups);
    };
    const std::size_t sets = options.batch_norm ? shape.out : n * groups;
    Doubles mean(sets), variance(sets);
    const double count = static_cast<double>(y.size() / sets);
    for (std::size_t i = 0; i < y.size(); ++i) mean[set(i)] += y[i] / count;
    for (std::size_t i = 0; i < y.size(); ++i)
      variance[set(i)] += (y[i] - mean[set(i)]) * (y[i] - mean[set(i)]) / count;
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] = (y[i] - mean[set(i)]) / std::sqrt(variance[set(i)] + 1e-5) * scale[i % shape.out] +
             shift[i % shape.out];
    }
    return y;
  }

  static void relu(Doubles& x) {
    for (double& value : x) value = std::max(0.0, value);
  }
};

double reference_loss(const ResNetOptions& o, const PictureProblem& problem, const Doubles& p) {
  const std::size_t n = problem.labels.size();
  const Reference net{o, ResNetPlan(o, 1).layout, p, n};
  ConvShape shape{n, o.picture.height, o.picture.width, o.picture.channels, o.width, 3, 1, 1};
  Doubles x(problem.features.begin(), problem.features.end());
  x = net.conv("conv", shape, x);
  Reference::relu(x);
  shape.in = o.width;
  for (std::size_t s = 1; s <= 3; ++s) {
    for (std::size_t b = 1; b <= o.blocks; ++b) {
      const std::string name = "stage" + std::to_string(s) + ".block" + std::to_string(b);
      ConvShape first = shape;
      first.out = o.width << (s - 1);
      first.stride = s > 1 && b == 1 ? 2 : 1;
      Doubles y = net.conv(name + ".conv1", first, x);
      Reference::relu(y);
      const ConvShape second{
          n, first.output_height(), first.output_width(), first.out, first.out, 3, 1, 1};
      y = net.conv(name + ".conv2", second, y);
      if (first.stride == 2) {
        first.kernel = 1;
        first.padding = 0;
        x = net.conv(name + ".shortcut", first, x);
      }
      for (std::size_t i = 0; i < y.size(); ++i) y[i] += x[i];
      Reference::relu(y);
      x = y;
      shape = second;
    }
  }
  Doubles mean(n * shape.out);
  const std::size_t places = x.size() / mean.size();
  for (std::size_t i = 0; i < x.size(); ++i)
    mean[i / (places * shape.out) * shape.out + i % shape.out] += x[i] /
                                                                  static_cast<double>(places);
  return reference_cross_entropy(reference_linear(mean, tensor_of(net.layout, p, "output.weight"),
                                                  tensor_of(net.layout, p, "output.bias")),
                                 problem.labels);
}

/// Scales and shifts that are not 1 and 0, so that every layer counts.
std::vector<float> start_of(const Objective& model) {
  std::vector<float> parameters(model.parameter_count());
  model.initialize(3, parameters);
  Random random(8, 0);
  for (float& value : parameters) value += random.uniform(-0.05F, 0.05F);
  return parameters;
}

TEST_CASE("the gradient of every layer of resnet matches central differences") {
  ResNetOptions options = GENERATE(ResNetOptions{{8, 8, 3}, 4, 1, 16},
                                   ResNetOptions{{7, 9, 1}, 3, 1, 8},
                                   ResNetOptions{{8, 8, 3}, 4, 2, 8});
  options.batch_norm = GENERATE(false, true);
  const PictureProblem problem(options.picture, options.classes, 3);
  HostDevice device;
  ResNet model(device, options, 3);
  check_gradient(model, problem, start_of(model), 4,
                 [&](const Doubles& p) { return reference_loss(options, problem, p); });
}

TEST_CASE("tiles of a batch tell what the whole does, for normalisation by groups") {
  ResNetOptions options{{8, 8, 3}, 4, 1, 16};
  const PictureProblem problem(options.picture, 4, 13);
  HostDevice device;
  ResNet whole(device, options, 13);
  options.tile = 5;
  ResNet tiled(device, options, 13);
  check_tiles(whole, tiled, problem, start_of(whole));
}

TEST_CASE("checkpointing computes the same bits in less memory") {
  ResNetOptions options{{8, 8, 3}, 4, 3, 16};
  options.batch_norm = GENERATE(false, true);
  const PictureProblem problem(options.picture, 4, 6);
  HostDevice device, other;
  ResNet whole(device, options, 6);
  options.checkpointing = true;
  ResNet frugal(other, options, 6);
  const std::vector<float> parameters = start_of(whole);
  std::vector<float> expected(parameters.size()), found(parameters.size());
  const BatchResult a = whole.gradient(parameters, problem.all(), expected);
  const BatchResult b = frugal.gradient(parameters, problem.all(), found);
  CHECK(expected == found);
  CHECK(a.loss_sum == b.loss_sum);
  CHECK(frugal.workspace_bytes() < whole.workspace_bytes() * 2 / 3);
}

TEST_CASE("batch normalisation sees the whole batch, whatever the tile") {
  ResNetOptions options{{8, 8, 3}, 4, 1, 16, true};
  const PictureProblem problem(options.picture, 4, 6);
  HostDevice device;
  ResNet whole(device, options, 6);
  options.tile = 2;
  ResNet other(device, options, 6);
  const std::vector<float> parameters = start_of(whole);
  CHECK(whole.evaluate(parameters, problem.all()).loss_sum ==
        other.evaluate(parameters, problem.all()).loss_sum);
}

TEST_CASE("the layout and the layers of resnet: 6 n + 2 layers with weights, and two projections") {
  HostDevice device;
  const auto model = make_objective({.kind = "resnet", .blocks = 3}, {3072, 10}, device, 1);
  CHECK(model->layers().size() == 6 * 3 + 2 + 2);
  std::uint64_t parameters = 0;
  for (const LayerSummary& layer : model->layers()) parameters += layer.parameters;
  CHECK(parameters == model->parameter_count());
  CHECK(parameters == 272474);  // the paper's 0.27 million; 2752 of them are the projections'
  CHECK(model->layers().front().output == std::vector<std::size_t>{32, 32, 16});
  std::size_t next = 0;
  for (const ParameterTensor& tensor : model->layout()) {
    CHECK(tensor.offset == next);
    next += tensor.size();
  }
  CHECK(next == model->parameter_count());
  std::vector<float> start(next);
  model->initialize(1, start);
  CHECK(start[model->layout()[1].offset] == 1.0F);
  CHECK(start[model->layout()[2].offset] == 0.0F);
  CHECK_THROWS_AS(make_objective({.kind = "resnet", .blocks = 0}, {3072, 10}, device, 1),
                  InputError);
  CHECK_THROWS_AS(make_objective({.kind = "resnet", .width = 0}, {3072, 10}, device, 1),
                  InputError);
  CHECK_THROWS_AS(
      make_objective({.kind = "resnet", .normalization = "layer"}, {3072, 10}, device, 1),
      InputError);
}

TEST_CASE("gradient descent lowers the loss of a resnet") {
  const ResNetOptions options{{8, 8, 1}, 4, 1, 16};
  const PictureProblem problem(options.picture, 4, 8);
  HostDevice device;
  ResNet model(device, options, 8);
  const Tensor parameters = device.allocate(model.parameter_count());
  const Tensor gradient = device.allocate(model.parameter_count());
  model.initialize(1, host_span(parameters));
  const double before = model.evaluate(host_span(parameters), problem.all()).loss_sum;
  for (int i = 0; i < 30; ++i) {
    model.gradient(host_span(parameters), problem.all(), host_span(gradient));
    device.axpy(parameters, -0.02F, gradient);
  }
  const BatchResult after = model.evaluate(host_span(parameters), problem.all());
  CHECK(after.loss_sum < 0.5 * before);
}

}  // namespace
}  // namespace murm
