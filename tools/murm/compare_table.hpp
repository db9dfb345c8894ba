// The table of a comparison: cells of text, for the terminal and for the page.
// Room: tools.
// Caller: tools/murm/compare_command, compare_page.
#pragma once
#include <string>
#include <vector>

#include "tools/murm/compare_summary.hpp"

namespace murm {

struct CompareTable {
  struct Cell {
    std::string value;   // median
    std::string spread;  // "lowest..highest"; empty when all seeds agree
  };
  struct Row {
    std::string label;
    std::vector<Cell> cells;
  };
  std::vector<std::string> columns;  // without that of the labels
  std::vector<Row> rows;
};

/// Columns that no algorithm has a value for are left out.
CompareTable make_table(const std::vector<AlgorithmSummary>& algorithms, bool has_target);

/// Aligned lines; the spread stands below its value.
std::string table_text(const CompareTable& table);

/// Gradients per second: four digits, as 16, 15.5 and 15.04 are to be told apart.
std::string rate_text(double rate);

}  // namespace murm
