// A command as one line for a shell.
// Room: tools.
// Caller: the commands that say how their answer is shown again.
#pragma once
#include <string>
#include <vector>

namespace murm {

/// Quotes what a shell would touch.
std::string shell_text(const std::vector<std::string>& arguments);

}  // namespace murm
