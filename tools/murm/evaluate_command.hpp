// `murm evaluate`: loss and accuracy, where there is one, of a finished run's parameters on its test set.
// Room: tools.
// Caller: tools/murm/main.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace murm {

/// Returns the exit code. Throws InputError (2).
int run_evaluate(const std::filesystem::path& run, const std::vector<std::string>& set,
                 const std::filesystem::path& report);

}  // namespace murm
