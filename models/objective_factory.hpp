// Makes the objective that a job names.
// Room: models. Knows the kinds of models there are; nothing of job files.
// Caller: actors/training_node, examples.
#pragma once
#include <memory>
#include <span>
#include <string>

#include "gpu/device.hpp"
#include "models/objective.hpp"

namespace murm {

/// `kind`: "mlp" with the widths `hidden`, or "logistic", which ignores them.
/// Requires: features, classes, batch_max > 0 (asserted); the device outlives the objective.
/// Errors:   InputError for an unknown kind or a hidden layer without units.
std::unique_ptr<Objective> make_objective(const std::string& kind,
                                          std::span<const std::uint64_t> hidden,
                                          std::size_t features, std::size_t classes, Device& device,
                                          std::size_t batch_max);

}  // namespace murm
