// Tests of the factories: which names they know.
#include <string>

#include "algorithms/vocabulary.hpp"
#include "gpu/host/host_device.hpp"
#include "models/data_factory.hpp"
#include "models/objective_factory.hpp"
#include "tests/catch.hpp"
#include "tests/unit/models/sample_of.hpp"

namespace murm {
namespace {

std::size_t parameters(const ObjectiveOptions& options) {
  HostDevice device;
  return make_objective(options, {5, 3}, device, 8)->parameter_count();
}

TEST_CASE("models are made by name, unknown ones refused") {
  CHECK(parameters({.kind = "mlp", .hidden = {6, 4}}) == 36 + 28 + 15);
  CHECK(parameters({.kind = "logistic", .hidden = {6, 4}}) == 18);
  CHECK(parameters({.kind = "char-mlp", .hidden = {6}, .embedding = 2}) == 6 + 66 + 21);
  CHECK(parameters({.kind = "quadratic", .dim = 7}) == 7);
  CHECK(parameters({.kind = "consensus", .dim = 1}) == 1);
  REQUIRE_THROWS_AS(parameters({.kind = "mlp", .hidden = {0}}), InputError);
  REQUIRE_THROWS_AS(parameters({.kind = "char-mlp", .hidden = {0}}), InputError);
  REQUIRE_THROWS_AS(parameters({.kind = "char-mlp", .embedding = 0}), InputError);
  REQUIRE_THROWS_AS(parameters({.kind = "cnn"}), InputError);
  // 3 tokens of width 8, 5 places, a block of 12 x 8 x 8 weights and 13 x 8 beside them, and the last norm
  CHECK(parameters({.kind = "gpt", .dim = 8, .layers = 1}) == 24 + 40 + 768 + 104 + 16);
  CHECK(parameters({.kind = "gpt", .dim = 8, .layers = 1, .tied = false}) == 952 + 24);
  REQUIRE_THROWS_AS(parameters({.kind = "gpt", .dim = 9}), InputError);
  REQUIRE_THROWS_AS(parameters({.kind = "gpt", .dim = 8, .layers = 0}), InputError);
  REQUIRE_THROWS_AS(parameters({.kind = "gpt", .dim = 8, .heads = 0}), InputError);
  REQUIRE_THROWS_AS(parameters({.kind = "gpt", .dim = 8, .dropout = 1}), InputError);
  REQUIRE_THROWS_AS(parameters({.kind = "quadratic", .dim = 0}), InputError);
  REQUIRE_THROWS_AS(parameters({.kind = "quadratic", .condition = 0.5}), InputError);
  REQUIRE_THROWS_AS(parameters({.kind = "quadratic", .noise = -1}), InputError);
}

TEST_CASE("the layout known without a model is that of the model") {
  HostDevice device;
  for (const std::string_view kind : objective_names()) {
    const ObjectiveOptions options{.kind = std::string(kind), .hidden = {6, 4}, .dim = 8};
    const SampleShape shape{16, 3};  // pictures of 4x4 for those that want pictures
    const auto objective = make_objective(options, shape, device, 8);
    const auto layout = objective_layout(options, shape);
    REQUIRE(layout.size() == objective->layout().size());
    std::size_t total = 0;
    for (std::size_t i = 0; i < layout.size(); ++i) {
      CHECK(layout[i].name == objective->layout()[i].name);
      CHECK(layout[i].shape == objective->layout()[i].shape);
      CHECK(layout[i].offset == total);
      total += layout[i].size();
    }
    CHECK(total == objective->parameter_count());
  }
  CHECK(objective_layout({.kind = "quadratic", .dim = 1ULL << 60}, {})[0].size() == 1ULL << 60);
}

ObjectiveKind halved(const char* name) {
  return {.name = name,
          .make =
              [](const ObjectiveOptions& options, const SampleShape&, Device& device,
                 std::size_t batch_max) {
                return make_objective({.kind = "consensus", .dim = options.dim / 2}, {}, device,
                                      batch_max);
              },
          .layout = [](const ObjectiveOptions& options,
                       const SampleShape&) { return vector_layout(options.dim / 2); }};
}

TEST_CASE("a model of one's own is found by its name, and no name is taken twice") {
  REQUIRE_THROWS_AS(add_objective(halved("mlp")), InputError);
  add_objective(halved("halved"));
  REQUIRE_THROWS_AS(add_objective(halved("halved")), InputError);
  CHECK(parameters({.kind = "halved", .dim = 8}) == 4);
  CHECK(objective_layout({.kind = "halved", .dim = 8}, {}).front().size() == 4);
  CHECK(needs_data("halved"));
  CHECK(objective_names().back() == "halved");
}

TEST_CASE("without a number, made-up data have one of their own") {
  const DataSource digits{.kind = "digits"};
  CHECK(made_up_samples(digits, Split::train, 0) == 60000);
  CHECK(made_up_samples(digits, Split::test, 0) == 10000);
  CHECK(made_up_samples(digits, Split::test, 7) == 7);
  const DataSource windows{.kind = "text", .context = 100, .windows = true};
  CHECK(made_up_samples(windows, Split::test, 0) == 100);
  CHECK(load_split(windows, Split::test, 0)->size() == 100);
  CHECK(alphabet_of(windows).size() == 27);
}

TEST_CASE("data sets are made by name, unknown and empty ones refused") {
  const DataSplits splits = load_data({.kind = "digits"}, 20, 10);
  CHECK(splits.train->size() == 20);
  CHECK(splits.test->size() == 10);
  const DataSplits text = load_data({.kind = "text", .context = 5}, 20, 10);
  CHECK(text.train->size() == 20);
  CHECK(text.test->size() == 10);
  CHECK(text.test->features() == 5);
  const auto alone = load_split({.kind = "text", .context = 5}, Split::test, 10);
  CHECK(test::labels_of(*alone) == test::labels_of(*text.test));
  REQUIRE_THROWS_AS(load_data({.kind = "text", .path = "/no/such/file"}, 20, 10), InputError);
  REQUIRE_THROWS_AS(load_data({.kind = "imagenet"}, 20, 10), InputError);
  REQUIRE_THROWS_AS(load_data({.kind = "digits"}, 50'000'001, 10), InputError);
  REQUIRE_THROWS_AS(load_data({.kind = "mnist", .path = "/no/such/folder"}, 20, 10), InputError);
}

}  // namespace
}  // namespace murm
