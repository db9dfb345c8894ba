// What data a job means: its files and splits, and what their samples look like.
// Room: actors. The one place where [data] of a job file becomes a data set. No CAF.
// Caller: actors/job_plan and its callers. Reference for users: docs/data.md.
#pragma once
#include <memory>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "models/data/augmentation.hpp"
#include "models/data_factory.hpp"
#include "models/dataset.hpp"
#include "runtime/job.hpp"

namespace murm {

/// Shapes of a job's data, known before it is loaded. A model that needs none has one sample without
/// features, which every step uses: its epochs are samples.
struct DataShape {
  SampleCount train = 0;  // samples of an epoch
  SampleShape sample{};
};

/// One split of the job's data; one blank sample for a model that needs none.
std::shared_ptr<const Dataset> load_split(const Job& job, Split split);

/// Reads what must be read to know; throws InputError when the data cannot be used.
DataShape data_shape(const Job& job, const Dataset& test);

/// The shape that the job says, without making any data; files are read only where their set is not one of known shape.
DataShape phantom_shape(const Job& job);

/// The bytes that the tokens of the job's text stand for, by code; empty where the data are no text. Reads the text.
std::string text_alphabet(const Job& job);

/// data.augment, where the kind of data has pictures.
AugmentationOptions augmentation_options(const Job& job);

}  // namespace murm
