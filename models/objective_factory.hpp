// Makes the objective that a job names.
// Room: models. Knows the kinds of models there are; nothing of job files.
// Caller: actors/job_plan, examples.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "gpu/device.hpp"
#include "models/objective.hpp"

namespace murm {

struct ObjectiveOptions {
  std::string kind = "mlp";  // logistic, mlp, lenet, resnet, char-mlp, quadratic, consensus
  std::vector<std::uint64_t> hidden{};  // mlp, char-mlp: widths
  std::uint64_t dim = 1000;             // quadratic, consensus
  double condition = 100;               // quadratic
  double noise = 0;                     // quadratic
  std::uint64_t seed = 1;               // of the noise of gradients
  std::uint64_t embedding = 16;         // char-mlp: numbers for each character
  std::uint64_t blocks = 3;             // resnet: of each of its three stages
  std::uint64_t width = 16;             // resnet: channels of the first stage
  std::string normalization = "group";  // resnet: group, batch
  bool checkpointing = false;           // resnet: less memory, a third more arithmetic
};

/// False for quadratic and consensus, which also have no accuracy: a sample is only its position.
bool needs_data(const std::string& kind);

/// `features` and `classes` are those of the data and ignored by what needs none.
/// Requires: they and batch_max > 0 (asserted); the device outlives the objective.
/// Errors:   InputError for an unknown kind and for numbers it cannot have.
std::unique_ptr<Objective> make_objective(const ObjectiveOptions& options, std::size_t features,
                                          std::size_t classes, Device& device,
                                          std::size_t batch_max);

/// The layout of that objective, without making it: no memory for any size. Errors: as above.
std::vector<ParameterTensor> objective_layout(const ObjectiveOptions& options, std::size_t features,
                                              std::size_t classes);

}  // namespace murm
