// `murm bench`: this machine's numbers beside its limits. So far of a training step.
// Room: tools.
// Caller: tools/murm/model_flags.
#pragma once
#include <filesystem>

#include "tools/murm/step_bench.hpp"

namespace murm {

struct StepBenchCommand {
  StepBenchOptions options;
  std::string precision = "fp32";
  std::filesystem::path report;
};

/// What a person reads, and what a program does.
std::string step_bench_text(const StepBenchOptions& options, const StepBenchResult& result);
std::string step_bench_json(const StepBenchOptions& options, const StepBenchResult& result);

/// Returns the exit code. Throws InputError (2).
int run_step_bench(const StepBenchCommand& command);

}  // namespace murm
