#include "models/confusion.hpp"

#include <algorithm>
#include <string>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr std::size_t kBatch = 16;  // small: most have no mistake in them, and are done at once

/// The samples of each class.
std::vector<std::vector<std::size_t>> by_class(const Dataset& data) {
  std::vector<std::vector<std::size_t>> samples(data.classes());
  std::vector<float> features(data.features());
  std::int32_t label = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    data.read(i, features, {&label, 1});
    samples[static_cast<std::size_t>(label)].push_back(i);
  }
  return samples;
}

}  // namespace

Confusion confusion(Objective& objective, const Dataset& data, std::span<const float> parameters) {
  MURM_ASSERT(data.classes() > 0, "classes");
  MURM_ASSERT(data.targets() == 1, "targets");
  Confusion found{data.classes(), std::vector<std::uint64_t>(data.classes() * data.classes())};
  const std::size_t batch_max = std::min(kBatch, objective.batch_max());
  const std::size_t width = data.features();
  const std::size_t classes = data.classes();
  std::int32_t ignored = 0;
  std::vector<float> features(batch_max * width);
  std::vector<std::int32_t> labels(batch_max);
  const auto samples = by_class(data);
  for (std::size_t right = 0; right < classes; ++right) {
    for (std::size_t done = 0; done < samples[right].size(); done += batch_max) {
      const std::size_t count = std::min(batch_max, samples[right].size() - done);
      for (std::size_t i = 0; i < count; ++i) {
        data.read(samples[right][done + i], std::span(features).subspan(i * width, width),
                  {&ignored, 1});
      }
      // Labelled as if all were of one class, as many are correct as the model takes for that class.
      std::uint64_t left = count;
      for (std::size_t turn = 0; turn < classes && left > 0; ++turn) {
        const std::size_t said = (right + turn) % classes;
        std::ranges::fill(labels, static_cast<std::int32_t>(said));
        const Batch batch{std::span<const float>(features).first(count * width),
                          std::span<const std::int32_t>(labels).first(count), 0};
        const std::uint64_t correct = objective.evaluate(parameters, batch).correct;
        found.counts[right * classes + said] += correct;
        left -= std::min(correct, left);
      }
    }
  }
  return found;
}

}  // namespace murm
