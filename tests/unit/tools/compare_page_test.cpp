#include "tools/murm/compare_page.hpp"

#include <limits>

#include "tests/catch.hpp"
#include "tests/unit/tools/made_up_runs.hpp"

using namespace murm;
using namespace murm::test;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

ComparePage page_of(std::vector<std::string> labels, std::vector<CompareResult> results) {
  ComparePage page;
  page.facts.job = "a <b> & \"c\"";
  page.facts.workers = 16;
  page.facts.seeds = {1, 2};
  page.command = "murm compare '<script>alert(1)</script>'";
  page.job_toml = "[job]\nname = \"a <b>\"\n";
  page.scenario_toml = "[compute]\n";
  page.algorithms = summarise(labels, 2, std::move(results), false);
  page.table = make_table(page.algorithms, false);
  return page;
}

ComparePage usual_page(std::size_t points = 200) {
  return page_of({"asp", "ssp:staleness=8&<i>"},
                 {made_up_run(2, 1000, points), made_up_run(3, 900, points),
                  made_up_run(1, 500, points), made_up_run(2, 450, points)});
}

}  // namespace

TEST_CASE("a page stands alone: no address, no script, no picture from elsewhere") {
  std::string html = compare_html(usual_page());
  CHECK(html.starts_with("<!DOCTYPE html>"));
  CHECK(html.ends_with("</html>\n"));
  CHECK_FALSE(has(html, "<script"));
  CHECK_FALSE(has(html, "src="));
  CHECK_FALSE(has(html, "href="));
  CHECK_FALSE(has(html, "url("));
  CHECK_FALSE(has(html, "@import"));
  const std::string name = "xmlns=\"http://www.w3.org/2000/svg\"";
  for (auto at = html.find(name); at != std::string::npos; at = html.find(name))
    html.erase(at, name.size());
  CHECK_FALSE(has(html, "http"));
}

TEST_CASE("what a user wrote is escaped everywhere on a page") {
  const std::string html = compare_html(usual_page());
  CHECK(has(html, "a &lt;b&gt; &amp; &quot;c&quot;"));
  CHECK(has(html, "&lt;script&gt;alert(1)"));
  CHECK(has(html, "ssp:staleness=8&amp;&lt;i&gt;"));
  CHECK_FALSE(has(html, "<i>"));
  CHECK_FALSE(has(html, "<b>"));
}

TEST_CASE("a page draws the loss on four axes, accuracy, throughput, waiting and staleness") {
  const std::string html = compare_html(usual_page());
  for (const char* title :
       {"Loss against virtual time", "Loss against samples", "Loss against updates",
        "Loss against bytes", "Accuracy against virtual time", "Throughput", "Waiting",
        "Staleness"}) {
    INFO(title);
    CHECK(has(html, title));
  }
  CHECK_FALSE(has(html, "nan"));
  CHECK_FALSE(has(html, "Diverged"));
}

TEST_CASE("a phantom comparison says why there is no loss and draws the rest") {
  ComparePage page = usual_page();
  page.facts.phantom = true;
  constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
  for (auto& algorithm : page.algorithms) {
    for (auto& run : algorithm.runs) {
      run.simulation.report.evaluations.clear();
      for (auto& point : run.simulation.curve) point.train_loss = nothing;
    }
  }
  const std::string html = compare_html(page);
  CHECK(has(html, "A phantom run computes no gradients"));
  CHECK_FALSE(has(html, "Loss against"));
  CHECK(has(html, "Throughput"));
}

TEST_CASE("diverged runs are named with their reason and drawn nowhere") {
  const std::string html = compare_html(page_of(
      {"asp", "bsp"}, {made_up_run(2, 1000), diverged_run(), diverged_run(), diverged_run()}));
  CHECK(has(html, "Diverged runs"));
  CHECK(has(html, "asp, seed 2: the loss is not finite at worker 3 &lt;really&gt;"));
  CHECK(has(html, "bsp (nothing to show)"));
  CHECK_FALSE(has(html, "nan"));
}

TEST_CASE("a page stays small, however long the runs were") {
  CHECK(compare_html(usual_page(50000)).size() < 300000);
}

TEST_CASE("a scenario is told in a few words") {
  Scenario scenario;
  CHECK(scenario_lines(scenario) ==
        std::vector<std::string>{"compute: constant, mean 100 ms", "network: free"});
  scenario.compute.distribution = "lognormal";
  scenario.compute.slow.resize(1);
  scenario.network.latency_ms = 2.5;
  scenario.network.loss = 0.01;
  scenario.churn.resize(3);
  const auto lines = scenario_lines(scenario);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "compute: lognormal, mean 100 ms, sigma 0.5; 1 slow worker");
  CHECK(lines[1] == "network: latency 2.5 ms, 1 % lost");
  CHECK(lines[2] == "churn: 3 entries");
}
