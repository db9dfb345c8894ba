// The objectives by name.
// Room: models. Knows the table of kinds of models there are; nothing of job files.
// Caller: actors/job_plan, tools/murm/program, examples. runtime/model_keys repeats the names; a test compares both.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "models/objective_kind.hpp"

namespace murm {

/// Beside those of the table, for the rest of the process. Call it before anything looks one up; the name must last.
/// Throws InputError when the name is taken.
void add_objective(const ObjectiveKind& kind);

/// Every name, in the order of the table.
std::vector<std::string_view> objective_names();

/// False for quadratic and consensus, which also have no accuracy: a sample is only its position.
/// Errors: InputError for an unknown kind.
bool needs_data(const std::string& kind);

/// Whether it can be computed where the processor's addresses mean nothing. Errors: as above.
bool on_any_device(const std::string& kind);

/// Requires: shape as the kind needs it, batch_max > 0 (asserted); the device outlives the objective.
/// Errors:   InputError for an unknown kind and for numbers it cannot have.
std::unique_ptr<Objective> make_objective(const ObjectiveOptions& options, const SampleShape& shape,
                                          Device& device, std::size_t batch_max);

/// The layout of that objective, without making it: no memory for any size. Errors: as above.
std::vector<ParameterTensor> objective_layout(const ObjectiveOptions& options,
                                              const SampleShape& shape);

}  // namespace murm
