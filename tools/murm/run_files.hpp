// Files that every kind of run leaves behind: the plot of its losses, its final parameters.
// Room: tools. Report and numbers in, file contents out.
// Caller: tools/murm/run_outputs (train, coordinator), tools/murm/simulate_command.
#pragma once
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "models/objective.hpp"
#include "runtime/atomic_file.hpp"
#include "runtime/job.hpp"
#include "runtime/loss_plot.hpp"
#include "runtime/report.hpp"
#include "runtime/run_directory.hpp"

namespace murm {

/// Throws InputError when `report` (--report, may be empty) would lie in a folder that is not there.
void check_report_folder(const std::filesystem::path& report);

/// alphabet.json, where the job's data are a text: what its tokens mean, for who samples. Throws InputError.
void write_alphabet(const Job& job, const RunDirectory& directory);

/// loss.svg; `losses` ascending in samples.
std::string plot_of(const Report& report, std::vector<LossPlot::Training> losses);

/// final.safetensors: the flat `parameters`, named by `layout`, which covers them without gaps.
std::optional<Error> write_parameters(std::span<const float> parameters,
                                      std::span<const ParameterTensor> layout, const Report& report,
                                      const std::filesystem::path& file);

}  // namespace murm
