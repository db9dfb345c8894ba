#include "runtime/job_keys.hpp"

#include <algorithm>
#include <set>

#include "algorithms/robust/byzantine.hpp"
#include "algorithms/robust/robust.hpp"
#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

using namespace murm;

TEST_CASE("every key of a job stands in docs/jobs.md with its unit and default") {
  const std::string page = test::content_of("docs/jobs.md");  // tests run in the repository's root
  REQUIRE_FALSE(page.empty());
  for (const JobKey& key : job_keys()) {
    const std::string row_start = "\n| `" + std::string(key.name) + "` |";
    const auto row = page.find(row_start);
    INFO(key.name);
    REQUIRE(row != std::string::npos);
    const std::string line = page.substr(row + 1, page.find('\n', row + 1) - row - 1);
    CHECK(line.ends_with("| `" + toml_value(key, Job{}) + "` |"));
    CHECK(line.find("| " + std::string(key.unit) + (key.unit.empty() ? "" : " ") + "|") !=
          std::string::npos);
    CHECK(page.find("\n## [" + std::string(key.section()) + "]\n") != std::string::npos);
  }
}

namespace {

/// Of the entries of a list, which is a key of the job.
template <class Record>
void check_rows_of(const std::string& list, const Record& defaults) {
  const std::string page = test::content_of("docs/jobs.md");
  for (const auto& key : keys_of(defaults)) {
    const auto row = page.find("\n| `" + list + "." + std::string(key.name) + "` |");
    INFO(list << "." << key.name);
    REQUIRE(row != std::string::npos);
    const std::string line = page.substr(row + 1, page.find('\n', row + 1) - row - 1);
    CHECK(line.ends_with("| " + std::string(key.unit) + (key.unit.empty() ? "" : " ") + "| `" +
                         toml_value(key, defaults) + "` |"));
  }
}

template <class Record>
bool is_key_of(const std::string& list, const Record& record, std::string_view name) {
  return name.starts_with(list + ".") &&
         find_key(keys_of(record), name.substr(list.size() + 1)) != nullptr;
}

}  // namespace

TEST_CASE("every key of an entry of a list stands in docs/jobs.md with its unit and default") {
  check_rows_of("emulate.byzantine", ByzantineWorker{});
  check_rows_of("algorithm.switches", AlgorithmSwitch{});
}

TEST_CASE("a job knows the rules and attacks that there are") {
  const auto same = [](std::span<const std::string_view> a, std::span<const std::string_view> b) {
    return std::ranges::equal(a, b);
  };
  CHECK(same(find_job_key("robust.name")->choices, robust_rule_names()));
  CHECK(same(find_key(keys_of(ByzantineWorker{}), "attack")->choices, attack_names()));
  CHECK(to_string(RobustRule::mean) == Job{}.robust.name);
}

TEST_CASE("docs/jobs.md names no key that is not there") {
  const std::string page = test::content_of("docs/jobs.md");
  const std::string start = "\n| `";
  for (auto at = page.find(start); at != std::string::npos; at = page.find(start, at + 1)) {
    const auto name = page.substr(at + start.size(),
                                  page.find('`', at + start.size()) - at - start.size());
    INFO(name);
    CHECK((is_key_of("emulate.byzantine", ByzantineWorker{}, name) ||
           is_key_of("algorithm.switches", AlgorithmSwitch{}, name) ||
           find_job_key(name) != nullptr));
  }
}

TEST_CASE("no key is listed twice and every selector is a key") {
  std::set<std::string_view> names;
  for (const JobKey& key : job_keys()) {
    INFO(key.name);
    CHECK(names.insert(key.name).second);
    CHECK((key.used == nullptr) == key.selector.empty());
    if (key.used != nullptr) CHECK(find_job_key(key.selector) != nullptr);
  }
}

TEST_CASE("the nearest name is found by edit distance, and nothing far away is") {
  const std::vector<std::string_view> names{"sgd", "momentum", "nesterov", "adam", "adamw"};
  CHECK(nearest_name("sgdd", names) == "sgd");
  CHECK(nearest_name("momentun", names) == "momentum");
  CHECK(nearest_name("adamW", names) == "adamw");
  CHECK(nearest_name("lbfgs-memory", names).empty());
  CHECK(nearest_name("x", names).empty());
}

TEST_CASE("an unknown key finds the one that was meant") {
  CHECK(nearest_job_key("training.optimzer") == "training.optimizer");
  CHECK(nearest_job_key("training.workers") == "cluster.workers");
  CHECK(nearest_job_key("training.learning_rate") == "training.lr");
  CHECK(nearest_job_key("training.batch_size") == "training.batch");
  CHECK(nearest_job_key("epoch") == "job.epochs");
  CHECK(nearest_job_key("trainng.lr") == "training.lr");
  CHECK(nearest_job_key("training.jabberwocky").empty());
}

TEST_CASE("a string is quoted as TOML") {
  CHECK(toml_string("a\"b\\c\n") == "\"a\\\"b\\\\c\\u000A\"");
}
