// `murm model`: the layers of a job's model, and what a step of it costs.
// Room: tools.
// Caller: tools/murm/model_flags.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tools/murm/model_facts.hpp"

namespace murm {

struct ModelCommand {
  std::filesystem::path job_file;
  std::vector<std::string> set;
  std::filesystem::path report;
};

/// What a person reads, and what a program does.
std::string model_text(const Job& job, const ModelFacts& facts);
std::string model_json(const Job& job, const ModelFacts& facts);

/// Returns the exit code. Throws InputError (2).
int run_model(const ModelCommand& command);

}  // namespace murm
