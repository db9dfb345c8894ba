// Tests of the factories: which names they know.
#include <array>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "gpu/host/host_device.hpp"
#include "models/data_factory.hpp"
#include "models/objective_factory.hpp"
#include "tests/catch.hpp"

namespace murm {
namespace {

TEST_CASE("models are made by name, unknown ones refused") {
  HostDevice device;
  const std::array<std::uint64_t, 2> hidden{6, 4};
  CHECK(make_objective("mlp", hidden, 5, 3, device, 8)->parameter_count() == 36 + 28 + 15);
  CHECK(make_objective("logistic", hidden, 5, 3, device, 8)->parameter_count() == 18);
  const std::array<std::uint64_t, 1> nothing{0};
  REQUIRE_THROWS_AS(make_objective("mlp", nothing, 5, 3, device, 8), InputError);
  REQUIRE_THROWS_AS(make_objective("cnn", hidden, 5, 3, device, 8), InputError);
}

TEST_CASE("data sets are made by name, unknown and empty ones refused") {
  const DataSplits splits = load_data("digits", "", 1, 20, 10);
  CHECK(splits.train->size() == 20);
  CHECK(splits.test->size() == 10);
  REQUIRE_THROWS_AS(load_data("cifar", "", 1, 20, 10), InputError);
  REQUIRE_THROWS_AS(load_data("digits", "", 1, 0, 10), InputError);
  REQUIRE_THROWS_AS(load_data("digits", "", 1, 20, 0), InputError);
  REQUIRE_THROWS_AS(load_data("mnist", "/no/such/folder", 1, 20, 10), InputError);
}

}  // namespace
}  // namespace murm
