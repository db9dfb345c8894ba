// The figures of a comparison, each with its title and how to read it.
// Room: tools. Numbers in, SVG text out.
// Caller: tools/murm/compare_page.
#pragma once
#include <string>
#include <vector>

#include "tools/murm/compare_summary.hpp"

namespace murm {

struct CompareFigure {
  std::string title;
  std::string reading;            // plain text
  std::vector<std::string> svgs;  // one, or several small ones
};

/// What the runs give: without any loss (phantom, or all diverged) only staleness, waiting and throughput.
std::vector<CompareFigure> compare_figures(const std::vector<AlgorithmSummary>& algorithms);

}  // namespace murm
