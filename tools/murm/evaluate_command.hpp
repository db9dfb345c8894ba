// `murm evaluate`: loss and accuracy, where there is one, of a finished run's parameters on its test set.
// Room: tools.
// Caller: tools/murm/model_flags.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace murm {

struct EvaluateCommand {
  std::filesystem::path run;
  std::filesystem::path report;
  std::vector<std::string> set;
  bool confusion = false;  // which classes are taken for which
};

/// Returns the exit code. Throws InputError (2).
int run_evaluate(const EvaluateCommand& command);

}  // namespace murm
