// A TorchScript module as an objective: what it maps, what it computes, what is refused.
#include "tools/murm_torch/script_model.hpp"

#include <algorithm>
#include <cmath>

#include "gpu/host/host_device.hpp"
#include "models/mlp.hpp"
#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"
#include "tools/murm_torch/script_kind.hpp"

namespace murm {
namespace {

using torch::jit::Module;

constexpr SampleShape kShape{.features = 6, .classes = 3};

at::Tensor trainable(std::initializer_list<std::int64_t> sizes) {
  return torch::rand(sizes).mul(0.5).set_requires_grad(true);
}

/// A perceptron 6-4-3 as PyTorch would write it, in a file of its own; parameters in the order of ours.
class Saved {
 public:
  explicit Saved(const std::string& forward = R"(
      def forward(self, x):
        h = torch.relu(torch.addmm(self.b0, x, self.w0.t()))
        return torch.addmm(self.b1, h, self.w1.t())
      )") {
    torch::manual_seed(7);
    module_.register_parameter("w0", trainable({4, 6}), false);
    module_.register_parameter("b0", trainable({4}), false);
    module_.register_parameter("w1", trainable({3, 4}), false);
    module_.register_parameter("b1", trainable({3}), false);
    module_.define(forward);
    save();
  }
  Module& module() { return module_; }
  void save() const { module_.save(options().path); }
  ObjectiveOptions options() const {
    return {.kind = "torchscript", .path = (folder_ / "model.pt").string()};
  }
  void put(const std::string& bytes) const { test::put(folder_ / "model.pt", bytes); }

 private:
  test::TemporaryFolder folder_;
  Module module_{"Saved"};
};

struct Samples {
  std::vector<float> features;
  std::vector<std::int32_t> labels;
  explicit Samples(std::size_t count) {
    for (std::size_t i = 0; i < count * kShape.features; ++i)
      features.push_back(static_cast<float>((i * 37) % 101) / 50.0F - 1.0F);
    for (std::size_t i = 0; i < count; ++i) labels.push_back(static_cast<std::int32_t>(i % 3));
  }
  Batch batch() const { return {features, labels}; }
};

std::vector<float> start(const Objective& model) {
  std::vector<float> parameters(model.parameter_count());
  model.initialize(1, parameters);
  return parameters;
}

std::string refusal(const ObjectiveOptions& options, const SampleShape& shape = kShape) {
  const ObjectiveKind& kind = torchscript_kind();
  try {
    kind.check(options);
    kind.layout(options, shape);
  } catch (const InputError& error) {
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.what();
  }
  return "";
}

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a scripted perceptron has the gradient and the loss of ours") {
  const Saved saved;
  HostDevice device;
  Mlp ours(device, {6, 4, 3}, 8);
  ScriptModel theirs(saved.options(), kShape, 8);
  const std::vector<float> parameters = start(theirs);
  REQUIRE(parameters.size() == ours.parameter_count());
  const Samples samples(8);
  std::vector<float> expected(parameters.size()), gradient(parameters.size(), 5.0F);
  const BatchResult ours_result = ours.gradient(parameters, samples.batch(), expected);
  const BatchResult result = theirs.gradient(parameters, samples.batch(), gradient);
  CHECK(result.loss_sum == Approx(ours_result.loss_sum).epsilon(1e-5));
  CHECK(result.correct == ours_result.correct);
  for (std::size_t i = 0; i < gradient.size(); ++i)
    CHECK(gradient[i] == Approx(expected[i]).margin(1e-5));
  const BatchResult seen = theirs.evaluate(parameters, samples.batch());
  CHECK(seen.loss_sum == Approx(ours_result.loss_sum).epsilon(1e-5));
  CHECK(seen.correct == ours_result.correct);
}

TEST_CASE("the layout has the names of the module and the parameters of the file") {
  Saved saved;
  const ScriptModel model(saved.options(), kShape, 1);
  const auto layout = model.layout();
  REQUIRE(layout.size() == 4);
  CHECK(layout[0].name == "w0");
  CHECK(layout[0].shape == std::vector<std::size_t>{4, 6});
  CHECK(layout[3].name == "b1");
  CHECK(layout[3].offset == 24 + 4 + 12);
  const std::vector<float> parameters = start(model);
  const at::Tensor w1 = saved.module().attr("w1").toTensor();
  CHECK(std::equal(w1.data_ptr<float>(), w1.data_ptr<float>() + 12, parameters.begin() + 28));
}

TEST_CASE("parameters are read where they lie, at each address and with each change") {
  const Saved saved;
  ScriptModel model(saved.options(), kShape, 8);
  const Samples samples(8);
  std::vector<float> here = start(model);
  const double loss = model.evaluate(here, samples.batch()).loss_sum;
  std::vector<float> there(here.size(), 0.0F);
  CHECK(model.evaluate(there, samples.batch()).loss_sum == Approx(8 * std::log(3.0)));
  CHECK(model.evaluate(here, samples.batch()).loss_sum == loss);
  here.back() += 1;  // no new address
  CHECK(model.evaluate(here, samples.batch()).loss_sum != loss);
}

TEST_CASE("a tensor that two places share is one range, and gathers the gradients of both") {
  Saved saved;
  Module shared("Shared");
  const at::Tensor weight = trainable({3, 6});
  shared.register_parameter("a", weight, false);
  shared.register_parameter("b", weight, false);
  shared.define(R"(
      def forward(self, x):
        return torch.matmul(x, self.a.t()) + torch.matmul(x, self.b.t())
      )");
  shared.save(saved.options().path);
  ScriptModel model(saved.options(), kShape, 8);
  REQUIRE(model.parameter_count() == 18);
  HostDevice device;
  Mlp twice(device, {6, 3}, 8);  // with bias 0 and twice the weights
  std::vector<float> parameters = start(model), doubled(21, 0.0F);
  for (std::size_t i = 0; i < 18; ++i) doubled[i] = 2 * parameters[i];
  const Samples samples(8);
  std::vector<float> gradient(18), expected(21);
  model.gradient(parameters, samples.batch(), gradient);
  twice.gradient(doubled, samples.batch(), expected);
  for (std::size_t i = 0; i < 18; ++i) CHECK(gradient[i] == Approx(2 * expected[i]).margin(1e-5));
}

TEST_CASE("dropout follows the seed and the batch, and is no part of an evaluation") {
  Saved saved;
  Module module("Dropout");
  module.register_attribute("training", c10::BoolType::get(), true);
  module.register_parameter("w", trainable({3, 6}), false);
  module.define(R"(
      def forward(self, x):
        return torch.matmul(torch.dropout(x, 0.5, self.training), self.w.t())
      )");
  module.save(saved.options().path);
  ScriptModel model(saved.options(), kShape, 8);
  const std::vector<float> parameters = start(model);
  const Samples samples(8);
  Batch batch = samples.batch();
  std::vector<float> gradient(18);
  const double kept = model.evaluate(parameters, batch).loss_sum;
  const double loss = model.gradient(parameters, batch, gradient).loss_sum;
  CHECK(loss != kept);
  CHECK(model.evaluate(parameters, batch).loss_sum == kept);
  CHECK(model.gradient(parameters, batch, gradient).loss_sum == loss);
  batch.position = 8;
  CHECK(model.gradient(parameters, batch, gradient).loss_sum != loss);
}

TEST_CASE("features take the shape that the job or the module gives them") {
  Saved saved(R"(
      def forward(self, x):
        return torch.addmm(self.b1, x.sum(1)[:, 0:4], self.w1.t())
      )");
  ObjectiveOptions options = saved.options();
  options.input_shape = {1, 6};
  CHECK(refusal(options).empty());
  options.input_shape = {2, 4};
  CHECK(says(refusal(options), "shape [2, 4], expected 6 numbers"));
  options.input_shape = {};
  CHECK(says(refusal(options), "fails on a sample of the data"));
  saved.module().register_attribute("input_shape", c10::ListType::ofInts(),
                                    c10::List<std::int64_t>({1, 6}));
  saved.save();
  CHECK(refusal(options).empty());
}

TEST_CASE("what cannot be trained is refused in one sentence") {
  const Saved saved;
  ObjectiveOptions options = saved.options();
  options.path.clear();
  CHECK(says(refusal(options), "model.path is not given"));
  options.path = "/no/such/file.pt";
  CHECK(says(refusal(options), "/no/such/file.pt"));
  CHECK(says(refusal(options), "is not a file"));
  CHECK(says(refusal(saved.options(), {.features = 6, .classes = 7}), "[1, 3]"));
  CHECK(says(refusal(saved.options(), {.features = 6, .classes = 7}), "expected [1, 7]"));
  CHECK(says(refusal(saved.options(), {.features = 5, .classes = 3}), "fails on a sample"));
  saved.put("PK\x03\x04 and no more");
  CHECK(says(refusal(saved.options()), "is not a TorchScript file"));
  const Saved pair("def forward(self, x):\n  return (x, x)\n");
  CHECK(says(refusal(pair.options()), "answers with a Tuple"));
  Saved frozen;
  for (const auto& parameter : frozen.module().parameters()) parameter.set_requires_grad(false);
  frozen.save();
  CHECK(says(refusal(frozen.options()), "no parameters"));
  Saved halved;
  halved.module().to(at::kDouble);
  halved.save();
  CHECK(says(refusal(halved.options()), "not fp32"));
}

}  // namespace murm
