#include "tools/murm/compare_summary.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/catch.hpp"
#include "tests/unit/tools/made_up_runs.hpp"
#include "tools/murm/compare_report.hpp"
#include "tools/murm/compare_table.hpp"

using namespace murm;
using namespace murm::test;

namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr double kNever = std::numeric_limits<double>::infinity();

/// Two algorithms, three seeds; one run of the second diverged.
std::vector<AlgorithmSummary> two_algorithms() {
  std::vector<CompareResult> results;
  for (const double level : {2.0, 4.0, 3.0}) results.push_back(made_up_run(level, 1000));
  results[1].simulation.report.simulation->time_to_target = 5;
  results[2].simulation.report.simulation->time_to_target = 3;
  results.push_back(made_up_run(1, 500));
  results.push_back(diverged_run());
  results.push_back(made_up_run(2, 500));
  return summarise({"asp", "bsp"}, 3, std::move(results), true);
}

}  // namespace

TEST_CASE("a spread is median, lowest and highest of the numbers among the values") {
  const Spread odd = spread_of({3, 1, 2});
  CHECK(odd.median == 2);
  CHECK(odd.low == 1);
  CHECK(odd.high == 3);
  CHECK(spread_of({1, 4, 2, 3}).median == 2.5);
  CHECK(spread_of({kNothing, 7, kNothing}).median == 7);
  CHECK(spread_of({1, 2, kNever}).median == 2);
  CHECK(spread_of({1, kNever, kNever}).median == kNever);
  CHECK(std::isnan(spread_of({}).median));
  CHECK(std::isnan(spread_of({kNothing}).high));
}

TEST_CASE("an algorithm's numbers are those of its own runs, without the diverged") {
  const auto algorithms = two_algorithms();
  REQUIRE(algorithms.size() == 2);
  CHECK(algorithms[0].loss.median == Approx(0.3));
  CHECK(algorithms[0].loss.low == Approx(0.2));
  CHECK(algorithms[0].loss.high == Approx(0.4));
  CHECK(algorithms[0].gradients_per_second.median == Approx(20));
  CHECK(algorithms[0].bytes.median == Approx(800000));
  CHECK(algorithms[0].wait_fraction.median == Approx(0.25));
  CHECK(algorithms[1].diverged == 1);
  CHECK(algorithms[1].loss.median == Approx(0.15));
  CHECK(algorithms[1].virtual_seconds.median == Approx(20));
}

TEST_CASE("a run that does not reach the target takes for ever") {
  const auto algorithms = two_algorithms();
  CHECK(algorithms[0].time_to_target.median == 5);
  CHECK(algorithms[0].time_to_target.low == 3);
  CHECK(algorithms[0].time_to_target.high == kNever);
  CHECK(algorithms[1].time_to_target.median == kNever);
}

TEST_CASE("the table has a line per algorithm, its spread below, and says what diverged") {
  const auto table = make_table(two_algorithms(), true);
  const std::string text = table_text(table);
  INFO(text);
  CHECK(text.find("5.00 s") != std::string::npos);
  CHECK(text.find("3.00 s..never") != std::string::npos);
  CHECK(text.find("0.2000..0.4000") != std::string::npos);
  CHECK(text.find("0.1000..0.2000, 1 of 3 diverged") != std::string::npos);
  CHECK(text.find("contraction") == std::string::npos);  // nobody has one
  CHECK(make_table(two_algorithms(), false).columns.front() == "loss");
}

TEST_CASE("an algorithm of which every run diverged says so in the table") {
  const auto algorithms = summarise({"asp"}, 2, {diverged_run(), diverged_run()}, false);
  const auto table = make_table(algorithms, false);
  CHECK(table.columns == std::vector<std::string>{"loss"});
  CHECK(table.rows[0].cells[0].value == "diverged");
}

TEST_CASE("a range names a unit that both ends have once") {
  std::vector<CompareResult> results{made_up_run(1, 1000), made_up_run(1, 900)};
  const auto table = make_table(summarise({"asp"}, 2, std::move(results), false), false);
  CHECK(table.columns.back() == "virtual time");
  CHECK(table.rows[0].cells.back().spread == "10.0..11.1 s");
}

TEST_CASE("rates that differ by a worker's part of a percent are told apart") {
  CHECK(rate_text(16) == "16.00");
  CHECK(rate_text(15.04) == "15.04");
  CHECK(rate_text(0.16) == "0.160");
  CHECK(rate_text(1234.5) == "1234");
  CHECK(rate_text(36000) == "36.0k");
  CHECK(rate_text(kNothing) == "-");
}

TEST_CASE("report.json has medians, spreads and every run's whole report") {
  CompareFacts facts;
  facts.job = "made up";
  facts.seeds = {7, 8, 9};
  const auto json = nlohmann::json::parse(compare_json(facts, two_algorithms()));
  CHECK(json.at("schema") == "murmuration.compare/1");
  CHECK(json.at("seeds") == nlohmann::json{7, 8, 9});
  const auto& asp = json.at("algorithms").at(0);
  CHECK(asp.at("label") == "asp");
  CHECK(asp.at("loss").at("median").get<double>() == Approx(0.3));
  CHECK(asp.at("time_to_target").at("min") == 3.0);
  CHECK(asp.at("time_to_target").at("max").is_null());
  CHECK(asp.at("contraction_per_round").at("median").is_null());
  REQUIRE(asp.at("runs").size() == 3);
  CHECK(asp.at("runs")[1].at("seed") == 8);
  CHECK(asp.at("runs")[1].at("report").at("parameters_hash") == "00ff");
  const auto& bsp = json.at("algorithms").at(1);
  CHECK(bsp.at("diverged") == 1);
  CHECK(bsp.at("runs")[1].at("diverged") == true);
  CHECK(bsp.at("runs")[1].at("report").is_null());
  CHECK(bsp.at("runs")[1].at("reason").get<std::string>().find("not finite") != std::string::npos);
}
