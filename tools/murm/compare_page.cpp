#include "tools/murm/compare_page.hpp"

#include <cstdio>

#include "runtime/figure.hpp"
#include "runtime/human_units.hpp"
#include "runtime/svg.hpp"
#include "tools/murm/compare_figures.hpp"

namespace murm {
namespace {

using svg::escaped;

constexpr const char* kStyle =
    ":root{color-scheme:light dark}\n"
    "body{font-family:'DejaVu Sans','Segoe "
    "UI',Helvetica,Arial,sans-serif;line-height:1.5;color:#222;"
    "background:#fff;max-width:1320px;margin:0 auto;padding:24px}\n"
    "h1{font-size:26px;margin:0}\nh2{font-size:18px;margin:28px 0 4px}\n"
    ".facts{color:#555;margin:4px 0 18px}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:6px 14px;text-align:right;border-bottom:1px solid #ddd;vertical-align:top}\n"
    "th:first-child,td:first-child{text-align:left}\n"
    "td small{display:block;color:#666;white-space:nowrap}\n"
    "td{white-space:nowrap}\n"
    ".swatch{display:inline-block;width:12px;height:12px;margin-right:8px;background:var(--c)}\n"
    ".figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,540px),1fr));"
    "gap:8px 36px}\n"
    ".panels{display:flex;flex-wrap:wrap;gap:12px 24px}\n"
    ".whole{grid-column:1/-1}\n"
    ".reading{color:#555;font-size:14px;margin:4px 0 8px}\n"
    "pre{background:#f4f4f4;padding:12px;white-space:pre-wrap;overflow-wrap:anywhere;font-size:"
    "13px}\n"
    "summary{cursor:pointer}\n"
    "@media (prefers-color-scheme:dark){\nbody{color:#ddd;background:#16181b}\n"
    ".facts,.reading,td small{color:#aaa}\nth,td{border-color:#383b40}\n"
    "pre{background:#22252a}\n}\n";

std::string plural(std::uint64_t count, const std::string& one, std::string many = "") {
  if (many.empty()) many = one + "s";
  return with_separators(count) + " " + (count == 1 ? one : many);
}

/// Up to four significant digits, no trailing zeros.
std::string plain(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string facts_text(const ComparePage& page) {
  std::string text = page.facts.job + ": " + page.job.model.kind + ", " +
                     plural(page.facts.workers, "worker") + ", " + seeds_text(page.facts.seeds);
  if (page.facts.phantom) text += ", phantom (time and bytes only)";
  if (page.facts.until_seconds > 0)
    text += ", until " + human_duration(page.facts.until_seconds) + " of virtual time";
  if (page.job.job.target_loss > 0) text += ", target loss " + human_loss(page.job.job.target_loss);
  if (page.job.job.target_accuracy > 0)
    text += ", target accuracy " + human_percent(page.job.job.target_accuracy, 2);
  return text;
}

std::string table_html(const CompareTable& table) {
  std::string html = "<div class=\"wide\"><table>\n<thead><tr><th>algorithm</th>";
  for (const auto& column : table.columns) html += "<th>" + escaped(column) + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    html += "<tr><td><span class=\"swatch s" + std::to_string(i % 8) + "\"></span>" +
            escaped(table.rows[i].label) + "</td>";
    for (const auto& cell : table.rows[i].cells) {
      html += "<td>" + escaped(cell.value);
      if (!cell.spread.empty()) html += "<small>" + escaped(cell.spread) + "</small>";
      html += "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string table_reading(const ComparePage& page) {
  std::string text = "Seconds are virtual.";
  if (page.facts.seeds.size() > 1)
    text += " Each number is the median over the seeds; below it the lowest and the highest.";
  if (page.job.job.target_loss > 0 || page.job.job.target_accuracy > 0)
    text += " \"To target\" is the time of the first evaluation that reached the target.";
  return text;
}

std::string figures_html(const std::vector<AlgorithmSummary>& algorithms, bool phantom) {
  std::string html;
  const auto figures = compare_figures(algorithms);
  const bool losses = figures.front().title.starts_with("Loss");
  if (!losses) {
    html += phantom ? "<p>A phantom run computes no gradients: there is no loss to draw.</p>\n"
                    : "<p>No run gave a loss to draw.</p>\n";
  } else {
    html +=
        "<p class=\"reading\">A line is the median over the seeds; the band around it reaches from "
        "the lowest to the highest. A run that has ended counts with its last value, and a line "
        "ends "
        "where half of the runs have.</p>\n";
  }
  html += "<div class=\"figures\">\n";
  for (const CompareFigure& figure : figures) {
    const bool several = figure.svgs.size() > 1;
    html += several ? "<section class=\"whole\">" : "<section>";
    html += "<h2>" + escaped(figure.title) + "</h2>\n<p class=\"reading\">" +
            escaped(figure.reading) + "</p>\n<div class=\"panels\">\n";
    for (const std::string& svg : figure.svgs) html += svg;
    html += "</div></section>\n";
  }
  return html + "</div>\n";
}

std::string diverged_html(const ComparePage& page) {
  std::string items;
  for (const AlgorithmSummary& algorithm : page.algorithms) {
    for (std::size_t i = 0; i < algorithm.runs.size(); ++i) {
      if (!algorithm.runs[i].diverged) continue;
      items += "<li>" + escaped(algorithm.label) + ", seed " +
               std::to_string(page.facts.seeds.at(i)) + ": " + escaped(algorithm.runs[i].reason) +
               "</li>\n";
    }
  }
  if (items.empty()) return "";
  return "<h2>Diverged runs</h2>\n<p class=\"reading\">Their numbers are in no median and no "
         "figure.</p>\n<ul>\n" +
         items + "</ul>\n";
}

std::string details(const std::string& title, const std::string& text) {
  return "<details><summary>" + escaped(title) + "</summary>\n<pre>" + svg::escaped_lines(text) +
         "</pre></details>\n";
}

}  // namespace

std::vector<std::string> scenario_lines(const Scenario& scenario) {
  std::vector<std::string> lines;
  const auto& compute = scenario.compute;
  std::string line = "compute: " + compute.distribution;
  if (compute.distribution != "trace") line += ", mean " + plain(compute.mean_ms) + " ms";
  if (compute.distribution == "lognormal") line += ", sigma " + plain(compute.sigma);
  if (compute.distribution == "pareto") line += ", alpha " + plain(compute.alpha);
  if (compute.apply_ms > 0) line += "; " + plain(compute.apply_ms) + " ms to apply a gradient";
  if (!compute.slow.empty()) line += "; " + plural(compute.slow.size(), "slow worker");
  lines.push_back(line);
  const auto& network = scenario.network;
  line.clear();
  if (network.latency_ms > 0) line += ", latency " + plain(network.latency_ms) + " ms";
  if (network.bandwidth_gbit > 0) line += ", " + plain(network.bandwidth_gbit) + " Gbit/s per host";
  if (network.loss > 0) line += ", " + plain(100 * network.loss) + " % lost";
  if (network.duplication > 0) line += ", " + plain(100 * network.duplication) + " % twice";
  if (network.reordering > 0) line += ", " + plain(100 * network.reordering) + " % late";
  const bool regions = scenario.regions.shares.size() > 1;
  if (regions) line += ", " + plural(scenario.regions.shares.size(), "region");
  lines.push_back("network: " + (line.empty() ? "free" : line.substr(2)));
  if (!scenario.partition.empty())
    lines.push_back("partitions: " + std::to_string(scenario.partition.size()));
  if (!scenario.churn.empty())
    lines.push_back("churn: " + plural(scenario.churn.size(), "entry", "entries"));
  return lines;
}

std::string seeds_text(const std::vector<std::uint64_t>& seeds) {
  if (seeds.size() == 1) return "seed " + std::to_string(seeds.front());
  return std::to_string(seeds.size()) + " seeds, " + std::to_string(seeds.front()) + " to " +
         std::to_string(seeds.back());
}

std::string compare_html(const ComparePage& page) {
  std::string world;
  for (const std::string& line : scenario_lines(page.scenario))
    world += (world.empty() ? "" : "; ") + line;
  const std::string title = "Comparison: " + page.facts.job;
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
      escaped(title) + "</title>\n<style>\n" + kStyle + figure_style() +
      "</style>\n</head>\n<body>\n<h1>" + escaped(title) + "</h1>\n<p class=\"facts\">" +
      escaped(facts_text(page)) + "<br>" + escaped(world) + "</p>\n";
  html += table_html(page.table);
  html += "<p class=\"reading\">" + escaped(table_reading(page)) + "</p>\n";
  html += figures_html(page.algorithms, page.facts.phantom);
  html += diverged_html(page);
  html += "<h2>How this page was made</h2>\n<pre>" + escaped(page.command) + "</pre>\n";
  html += details("The resolved job", page.job_toml);
  html += details("The resolved scenario", page.scenario_toml);
  return html + "</body>\n</html>\n";
}

}  // namespace murm
