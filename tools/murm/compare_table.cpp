#include "tools/murm/compare_table.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "runtime/human_units.hpp"

namespace murm {
namespace {

using Format = std::function<std::string(double)>;

struct Column {
  std::string name;
  Spread AlgorithmSummary::*spread;
  Format format;
};

std::string time_text(double seconds) {
  return std::isinf(seconds) ? "never" : human_duration(seconds);
}

const std::vector<Column>& all_columns() {
  static const std::vector<Column> columns{
      {"to target", &AlgorithmSummary::time_to_target, time_text},
      {"loss", &AlgorithmSummary::loss, human_loss},
      {"accuracy", &AlgorithmSummary::accuracy, [](double v) { return human_percent(v, 2); }},
      {"contraction", &AlgorithmSummary::contraction, [](double v) { return human_number(v, 4); }},
      {"gradients/s", &AlgorithmSummary::gradients_per_second, rate_text},
      {"staleness", &AlgorithmSummary::staleness, [](double v) { return human_number(v, 2); }},
      {"waiting", &AlgorithmSummary::wait_fraction, [](double v) { return human_percent(v, 1); }},
      {"bytes", &AlgorithmSummary::bytes,
       [](double v) { return human_bytes(static_cast<std::uint64_t>(v)); }},
      {"virtual time", &AlgorithmSummary::virtual_seconds, time_text}};
  return columns;
}

/// "40.9..41.5 s": a unit that both have stands once.
std::string range_text(std::string low, const std::string& high) {
  const auto unit = high.find(' ');
  if (unit != std::string::npos && low.ends_with(high.substr(unit)))
    low.erase(low.size() - (high.size() - unit));
  return low + ".." + high;
}

CompareTable::Cell cell_of(const Spread& spread, const Format& format) {
  CompareTable::Cell cell;
  if (std::isnan(spread.median)) {
    cell.value = "-";
    return cell;
  }
  cell.value = format(spread.median);
  const std::string low = format(spread.low);
  const std::string high = format(spread.high);
  if (low != high) cell.spread = range_text(low, high);
  return cell;
}

/// What the runs of an algorithm came to, where a loss would stand.
CompareTable::Cell loss_cell(const AlgorithmSummary& algorithm, const Format& format) {
  CompareTable::Cell cell = cell_of(algorithm.loss, format);
  if (algorithm.diverged == 0) return cell;
  if (algorithm.diverged == algorithm.runs.size()) return {"diverged", ""};
  cell.spread += (cell.spread.empty() ? "" : ", ") + std::to_string(algorithm.diverged) + " of " +
                 std::to_string(algorithm.runs.size()) + " diverged";
  return cell;
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string fill(width - std::min(width, text.size()), ' ');
  return right ? fill + text : text + fill;
}

}  // namespace

CompareTable make_table(const std::vector<AlgorithmSummary>& algorithms, bool has_target) {
  CompareTable table;
  for (const auto& algorithm : algorithms) table.rows.push_back({algorithm.label, {}});
  for (const Column& column : all_columns()) {
    const bool loss = column.spread == &AlgorithmSummary::loss;
    const bool shown = std::ranges::any_of(algorithms, [&](const AlgorithmSummary& algorithm) {
      return !std::isnan((algorithm.*column.spread).median) || (loss && algorithm.diverged > 0);
    });
    if (!shown || (column.spread == &AlgorithmSummary::time_to_target && !has_target)) continue;
    table.columns.push_back(column.name);
    for (std::size_t i = 0; i < algorithms.size(); ++i) {
      table.rows[i].cells.push_back(loss ? loss_cell(algorithms[i], column.format)
                                         : cell_of(algorithms[i].*column.spread, column.format));
    }
  }
  return table;
}

std::string table_text(const CompareTable& table) {
  constexpr std::size_t gap = 3;
  const std::string title = "algorithm";
  std::size_t label_width = title.size();
  for (const auto& row : table.rows) label_width = std::max(label_width, row.label.size());
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    std::size_t width = table.columns[i].size();
    for (const auto& row : table.rows)
      width = std::max({width, row.cells[i].value.size(), row.cells[i].spread.size()});
    widths.push_back(width + gap);
  }
  std::string text = "  " + padded(title, label_width, false);
  for (std::size_t i = 0; i < widths.size(); ++i) text += padded(table.columns[i], widths[i], true);
  text += "\n";
  for (const auto& row : table.rows) {
    std::string values = "  " + padded(row.label, label_width, false);
    std::string spreads = "  " + padded("", label_width, false);
    for (std::size_t i = 0; i < widths.size(); ++i) {
      values += padded(row.cells[i].value, widths[i], true);
      spreads += padded(row.cells[i].spread, widths[i], true);
    }
    text += values + "\n";
    spreads.erase(spreads.find_last_not_of(' ') + 1);
    if (!spreads.empty()) text += spreads + "\n";
  }
  return text;
}

std::string rate_text(double rate) {
  if (std::isnan(rate)) return "-";
  if (rate >= 9999.5) return human_count(rate);
  const int decimals = rate >= 999.95 ? 0 : rate >= 99.995 ? 1 : rate >= 9.9995 ? 2 : 3;
  return human_number(rate, decimals);
}

}  // namespace murm
