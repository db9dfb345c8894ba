#include "actors/job_data.hpp"

#include <algorithm>
#include <optional>

#include "models/made_up_text.hpp"
#include "models/objective_factory.hpp"
#include "runtime/job_keys.hpp"

namespace murm {

namespace {

constexpr SampleCount kMnistTrain = 60000;
constexpr SampleCount kCifarTrain = 50000;
constexpr SampleShape kGreyPictures{784, 10, 1, {28, 28, 1}};
constexpr SampleShape kColourPictures{3072, 10, 1, {32, 32, 3}};

DataSource data_source(const Job& job) {
  DataSource source;
  source.kind = job.data.kind;
  source.path = job.data.path;
  source.seed = job.job.seed;
  source.context = model_context(job);
  source.windows = job.model.kind == "gpt";
  source.vocabulary = job.data.vocabulary;
  source.label = job.data.label;
  source.test_fraction = job.data.test_fraction;
  return source;
}

/// The sets whose files need not be looked at.
std::optional<DataShape> known_shape(const Job& job, const DataSource& source) {
  const auto at_most = [&](SampleCount samples) {
    return job.data.train == 0 ? samples : std::min<SampleCount>(job.data.train, samples);
  };
  if (source.kind == "mnist") return DataShape{at_most(kMnistTrain), kGreyPictures};
  if (source.kind == "cifar") return DataShape{at_most(kCifarTrain), kColourPictures};
  if (!is_made_up(source)) return std::nullopt;
  const SampleCount made = made_up_samples(source, Split::train, job.data.train);
  if (source.kind == "digits") return DataShape{made, kGreyPictures};
  return DataShape{made, {source.context, made_up_characters, source.windows ? source.context : 1}};
}

}  // namespace

AugmentationOptions augmentation_options(const Job& job) {
  AugmentationOptions options;
  if (!find_job_key("data.augment")->used(job)) return options;
  for (const std::string& name : job.data.augment) {
    options.crop = options.crop || name == "crop";
    options.flip = options.flip || name == "flip";
  }
  return options;
}

std::shared_ptr<const Dataset> load_split(const Job& job, Split split) {
  if (!needs_data(job.model.kind)) return blank_sample();
  return load_split(data_source(job), split,
                    split == Split::train ? job.data.train : job.data.test);
}

std::string text_alphabet(const Job& job) {
  const bool text = needs_data(job.model.kind) && job.data.kind == "text";
  return text ? alphabet_of(data_source(job)) : "";
}

DataShape data_shape(const Job& job, const Dataset& test) {
  const DataSource source = data_source(job);
  const bool known = needs_data(job.model.kind) && is_made_up(source);
  const SampleCount train = known ? made_up_samples(source, Split::train, job.data.train)
                                  : load_split(job, Split::train)->size();
  return DataShape{train, test.shape()};
}

DataShape phantom_shape(const Job& job) {
  if (!needs_data(job.model.kind)) return DataShape{1, {}};
  if (const auto known = known_shape(job, data_source(job))) return *known;
  const auto train = load_split(job, Split::train);
  return DataShape{train->size(), train->shape()};
}

}  // namespace murm
