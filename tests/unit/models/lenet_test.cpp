// Tests of LeNet: its gradient against central differences of a reference in double precision.
#include "models/lenet.hpp"

#include "gpu/host/host_device.hpp"
#include "models/objective_factory.hpp"
#include "tests/unit/models/picture_problem.hpp"

namespace murm {
namespace {

double reference_loss(const LeNetOptions& o, const PictureProblem& problem, const Doubles& p) {
  const std::vector<ParameterTensor> layout = lenet_layout(o);
  const auto tensor = [&](const std::string& name) { return tensor_of(layout, p, name); };
  const std::size_t n = problem.labels.size();
  ConvShape shape{n, o.picture.height, o.picture.width, o.picture.channels, o.first, 5, 1, 2};
  Doubles x(problem.features.begin(), problem.features.end());
  x = reference_conv(shape, x, tensor("conv1.weight"), tensor("conv1.bias"));
  x = reference_pool({n, shape.height, shape.width, o.first}, x);
  shape = {n, shape.height / 2, shape.width / 2, o.first, o.second, 5, 1, 2};
  x = reference_conv(shape, x, tensor("conv2.weight"), tensor("conv2.bias"));
  x = reference_pool({n, shape.height, shape.width, o.second}, x);
  x = reference_linear(x, tensor("hidden.weight"), tensor("hidden.bias"));
  for (double& value : x) value = std::max(0.0, value);
  return reference_cross_entropy(
      reference_linear(x, tensor("output.weight"), tensor("output.bias")), problem.labels);
}

std::vector<float> start_of(const Objective& model, std::uint64_t seed) {
  std::vector<float> parameters(model.parameter_count());
  model.initialize(seed, parameters);
  return parameters;
}

TEST_CASE("the gradient of every layer of lenet matches central differences") {
  const LeNetOptions options = GENERATE(LeNetOptions{{12, 12, 1}, 4, 16, 16, 12},
                                        LeNetOptions{{9, 11, 3}, 5, 16, 32, 7},
                                        LeNetOptions{{8, 8, 2}, 3, 5, 6, 9});
  const PictureProblem problem(options.picture, options.classes, 3);
  HostDevice device;
  LeNet model(device, options, 3);
  check_gradient(model, problem, start_of(model, 3), 20,
                 [&](const Doubles& p) { return reference_loss(options, problem, p); });
}

TEST_CASE("tiles of a batch tell what the whole does, a short last one too") {
  LeNetOptions options{{12, 12, 1}, 4, 16, 16, 12};
  const PictureProblem problem(options.picture, 4, 13);
  HostDevice device;
  LeNet whole(device, options, 13);
  options.tile = 5;
  LeNet tiled(device, options, 13);
  check_tiles(whole, tiled, problem, start_of(whole, 1));
}

TEST_CASE("lenet gives the same bits on every run") {
  const LeNetOptions options{{12, 12, 1}, 4, 16, 32, 12};
  const PictureProblem problem(options.picture, 4, 9);
  HostDevice device, other;
  LeNet model(device, options, 9), twin(other, options, 20);
  const std::vector<float> parameters = start_of(model, 1);
  std::vector<float> first(parameters), second(parameters);
  model.gradient(parameters, problem.all(), first);
  twin.gradient(parameters, problem.batch(2, 3), second);
  twin.gradient(parameters, problem.all(), second);
  CHECK(first == second);
}

TEST_CASE("the layout, the layers and the start of lenet on MNIST") {
  HostDevice device;
  const auto model = make_objective({.kind = "lenet"}, {784, 10}, device, 2);
  CHECK(model->parameter_count() == 1663370);
  CHECK(model->layout()[2].shape == std::vector<std::size_t>{64, 32, 5, 5});
  CHECK(model->layout()[4].shape == std::vector<std::size_t>{512, 3136});
  std::uint64_t parameters = 0;
  for (const LayerSummary& layer : model->layers()) parameters += layer.parameters;
  CHECK(parameters == model->parameter_count());
  CHECK(model->layers()[0].forward_operations == 2 * 28 * 28 * 32 * 25);
  CHECK(model->layers()[1].output == std::vector<std::size_t>{7, 7, 64});
  const std::vector<float> a = start_of(*model, 1);
  CHECK(a == start_of(*model, 1));
  CHECK(a != start_of(*model, 2));
  const auto largest = [&](std::size_t tensor) {
    float found = 0;
    const ParameterTensor& range = model->layout()[tensor];
    for (std::size_t i = range.offset; i < range.offset + range.size(); ++i)
      found = std::max(found, std::abs(a[i]));
    return found;
  };
  CHECK(largest(0) <= 0.2F);
  CHECK(largest(0) > 0.19F);
  CHECK(largest(2) <= 0.0353554F);
  CHECK(largest(2) > 0.035F);
  CHECK(largest(5) <= 0.0178572F);
}

TEST_CASE("data that are no pictures, or too small ones, are refused by name") {
  HostDevice device;
  const std::string kind = GENERATE("lenet", "resnet");
  CHECK_THROWS_AS(make_objective({.kind = kind}, {785, 10}, device, 2), InputError);
  CHECK_THROWS_AS(make_objective({.kind = kind}, {9, 10}, device, 2), InputError);
  CHECK(make_objective({.kind = kind, .width = 8}, {3072, 10}, device, 1)->layout()[0].shape[1] ==
        3);
  CHECK(objective_layout({.kind = kind}, {784, 10}).back().shape == std::vector<std::size_t>{10});
}

}  // namespace
}  // namespace murm
