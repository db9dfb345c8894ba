// Every sample once, whatever the algorithm, the sizes and the speeds; staleness as theory has it.
#include <numeric>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

std::uint64_t sum_over_workers(const nlohmann::json& report, const char* field) {
  std::uint64_t sum = 0;
  for (const auto& worker : report.at("per_worker")) sum += worker.at(field).get<std::uint64_t>();
  return sum;
}

Words algorithm(const std::string& name) { return set({"algorithm.name=" + name}); }

}  // namespace

TEST_CASE("the ledger is whole when nothing divides by anything") {
  const Trial trial;
  const std::string name = GENERATE("asp", "bsp", "ssp");
  const std::string aggregators = GENERATE("1", "2");
  const auto report = trial.report_of(algorithm(name) +
                                      Words{"--workers", "3", "--aggregators", aggregators} +
                                      set({"job.samples=1001", "data.train=300"}));
  require_whole_ledger(report, 1001);
  CHECK(report.at("ledger").at("issued") == (1001 + 15) / 16);
  CHECK(report.at("ledger").at("reissued") == 0);
  CHECK(report.at("ledger").at("refused_duplicate") == 0);
  CHECK(sum_over_workers(report, "samples") == 1001);
  CHECK(sum_over_workers(report, "steps") == (1001 + 15) / 16);
}

TEST_CASE("the ledger is whole with unequal workers that accumulate three batches") {
  const Trial trial;
  const std::string name = GENERATE("asp", "bsp", "ssp");
  const std::string processes = GENERATE("0", "3");
  const auto report = trial.report_of(
      algorithm(name) + Words{"--processes", processes} +
      set({"job.samples=2500", "data.train=700", "training.accumulate=3",
           "emulate.step_ms=[1, 2, 4, 20]"}));
  require_whole_ledger(report, 2500);
  CHECK(report.at("ledger").at("issued") == (2500 + 47) / 48);
  CHECK(sum_over_workers(report, "samples") == 2500);
  CHECK(report.at("per_worker").size() == 4);
}

TEST_CASE("the faster asp worker takes more, the bsp workers take the same") {
  const Trial trial;
  const Words settings = set({"job.samples=1600", "emulate.step_ms=[4, 4, 4, 40]"});
  const auto asp = trial.report_of(settings + algorithm("asp")).at("per_worker");
  CHECK(asp[0].at("steps").get<int>() > 3 * asp[3].at("steps").get<int>());
  const auto bsp = trial.report_of(settings + algorithm("bsp")).at("per_worker");
  CHECK(bsp[0].at("steps") == bsp[3].at("steps"));
}

TEST_CASE("the mean staleness of n equal asp workers is n - 1") {
  const Trial trial;
  const int workers = GENERATE(4, 8);
  const auto report = trial.report_of(
      algorithm("asp") + Words{"--workers", std::to_string(workers)} +
      set({"emulate.step_ms=[8]", "job.samples=" + std::to_string(workers * 16 * 60)}));
  const double mean = report.at("staleness").at("mean").get<double>();
  CHECK(mean == Approx(workers - 1).epsilon(0.1));
  const auto histogram = report.at("staleness").at("histogram").get<std::vector<std::uint64_t>>();
  CHECK(std::accumulate(histogram.begin(), histogram.end(), std::uint64_t{0}) ==
        report.at("ledger").at("applied").get<std::uint64_t>());
}

TEST_CASE("bsp has no staleness, and the clocks of ssp workers differ by its bound at most") {
  const Trial trial;
  CHECK(trial.report_of(algorithm("bsp")).at("staleness").at("max") == 0);
  const auto ssp = trial.report_of(
      algorithm("ssp") +
      set({"algorithm.staleness=2", "job.samples=1600", "emulate.step_ms=[2, 2, 2, 20]"}));
  // Between read and apply each of the 3 others can apply what lies within the bound on both sides.
  CHECK(ssp.at("staleness").at("max").get<int>() <= 3 * (2 * 2 + 1));
}
