#include "runtime/world/scenario_keys.hpp"

#include <set>

#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

using namespace murm;

namespace {

struct Row {
  std::string name;
  std::string unit;
  std::string value;  // the default
};

template <class Record>
void add_rows(std::vector<Row>& rows, const Record& record, const std::string& prefix) {
  for (const auto& key : keys_of(record)) {
    rows.push_back(
        {prefix + std::string(key.name), std::string(key.unit), toml_value(key, record)});
  }
}

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  add_rows(rows, Scenario{}, "");
  add_rows(rows, SlowWorker{}, "compute.slow.");
  add_rows(rows, Partition{}, "partition.");
  add_rows(rows, ChurnEvent{}, "churn.");
  return rows;
}

template <class Record>
void check_table(const Record& record) {
  std::set<std::string_view> names;
  const auto keys = keys_of(record);
  for (const auto& key : keys) {
    INFO(key.name);
    CHECK(names.insert(key.name).second);
    CHECK((key.used == nullptr) == key.selector.empty());
    if (key.used != nullptr) CHECK(find_key(keys, key.selector) != nullptr);
  }
}

}  // namespace

TEST_CASE("every key of a scenario stands in docs/scenarios.md with its unit and default") {
  const std::string page = test::content_of("docs/scenarios.md");
  REQUIRE_FALSE(page.empty());
  for (const Row& row : all_rows()) {
    INFO(row.name);
    const auto start = page.find("\n| `" + row.name + "` |");
    REQUIRE(start != std::string::npos);
    const std::string line = page.substr(start + 1, page.find('\n', start + 1) - start - 1);
    CHECK(line.ends_with("| " + row.unit + (row.unit.empty() ? "" : " ") + "| `" + row.value +
                         "` |"));
  }
  for (const ScenarioKey& key : keys_of(Scenario{})) {
    INFO(key.name);
    const std::string heading = key.section().empty() ? "[[" + std::string(key.name) + "]]"
                                                      : "[" + std::string(key.section()) + "]";
    CHECK(page.find("\n## " + heading + "\n") != std::string::npos);
  }
}

TEST_CASE("docs/scenarios.md names no key that is not there") {
  const std::string page = test::content_of("docs/scenarios.md");
  std::set<std::string> names;
  for (const Row& row : all_rows()) names.insert(row.name);
  const std::string start = "\n| `";
  for (auto at = page.find(start); at != std::string::npos; at = page.find(start, at + 1)) {
    const auto name = page.substr(at + start.size(),
                                  page.find('`', at + start.size()) - at - start.size());
    INFO(name);
    // The rows of the events begin with a quoted value.
    CHECK((name.starts_with('"') || names.contains(name)));
  }
}

TEST_CASE("no key of a scenario is listed twice and every selector is a key") {
  check_table(Scenario{});
  check_table(SlowWorker{});
  check_table(Partition{});
  check_table(ChurnEvent{});
}
