// `murm sample`: text that a finished run's model goes on with.
// Room: tools.
// Caller: tools/murm/model_flags.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tools/murm/text_sampler.hpp"

namespace murm {

struct SampleCommand {
  std::filesystem::path run;
  std::string prompt;  // empty: a new line, or the first character of the alphabet
  std::uint64_t tokens = 200;
  SamplingOptions sampling;
  std::vector<std::string> set;
};

/// Returns the exit code. Throws InputError (2).
int run_sample(const SampleCommand& command);

}  // namespace murm
