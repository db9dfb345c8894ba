// Tests of the confusion matrix: against the classes that a model of known answers says.
#include "models/confusion.hpp"

#include <algorithm>
#include <numeric>

#include "gpu/host/host_device.hpp"
#include "models/digits.hpp"
#include "models/evaluation.hpp"
#include "models/mlp.hpp"
#include "tests/catch.hpp"

using namespace murm;

namespace {

/// Samples of two features: which of them is larger says the class of a model whose weights are the identity.
ByteSamples samples(const std::vector<std::vector<std::uint8_t>>& pixels,
                    const std::vector<std::uint8_t>& labels) {
  std::vector<std::uint8_t> bytes;
  for (const auto& sample : pixels) bytes.insert(bytes.end(), sample.begin(), sample.end());
  return ByteSamples({3, 3}, bytes_of(std::move(bytes)), labels);
}

const std::vector<float> identity{1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};

}  // namespace

TEST_CASE("each sample is counted at the class that is right and the class that is said") {
  HostDevice device;
  Mlp model(device, {3, 3}, 2);
  const ByteSamples data = samples(
      {{9, 0, 0}, {0, 9, 0}, {0, 9, 0}, {0, 0, 9}, {9, 0, 1}, {0, 0, 9}}, {0, 1, 0, 2, 2, 2});
  const Confusion found = confusion(model, data, identity);
  CHECK(found.classes == 3);
  CHECK(found.counts == std::vector<std::uint64_t>{1, 1, 0, 0, 1, 0, 1, 0, 2});
  CHECK(found.at(2, 0) == 1);
}

TEST_CASE("a confusion matrix adds up to the data, and its diagonal to the accuracy") {
  EvaluatorParts parts{std::make_unique<HostDevice>(), nullptr, make_digits_split(1, true, 300)};
  parts.objective = std::make_unique<Mlp>(*parts.device, std::vector<std::size_t>{784, 10}, 32);
  std::vector<float> parameters(parts.objective->parameter_count());
  parts.objective->initialize(3, parameters);
  const Confusion found = confusion(*parts.objective, *parts.data, parameters);
  CHECK(std::accumulate(found.counts.begin(), found.counts.end(), std::uint64_t{0}) == 300);
  std::uint64_t right = 0;
  for (std::size_t c = 0; c < 10; ++c) right += found.at(c, c);
  CHECK(static_cast<double>(right) / 300 == Approx(evaluate(parts, parameters).accuracy));
  CHECK(right < 200);  // it has learnt nothing: the other cells are not empty
}
