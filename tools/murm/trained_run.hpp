// A finished run, as who uses its parameters reads it: the job, the parameters, the alphabet of its text.
// Room: tools. Files of a run's folder in, values out.
// Caller: tools/murm/evaluate_command, tools/murm/sample_command.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "models/objective.hpp"
#include "runtime/job.hpp"

namespace murm {

/// The job of the run in `run`, with these overrides. Errors: InputError, also where the folder is not that of a run.
Job job_of_run(const std::filesystem::path& run, std::span<const std::string> set);

/// The final parameters, flat. Errors: InputError.
std::vector<float> parameters_of_run(const std::filesystem::path& run,
                                     std::span<const ParameterTensor> layout);

/// alphabet.json: which byte each token of a model of text stands for.
std::string alphabet_json(const std::string& alphabet);
/// Errors: InputError where the file is missing or is none.
std::string read_alphabet(const std::filesystem::path& file);

}  // namespace murm
