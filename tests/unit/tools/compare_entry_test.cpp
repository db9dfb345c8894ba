#include "tools/murm/compare_entry.hpp"

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"

using namespace murm;

namespace {

using Words = std::vector<std::string>;

std::string refusal(const std::string& text) {
  try {
    parse_entries(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("entries are names with keys of their own, and keep what was typed as label") {
  const auto entries = parse_entries("bsp, asp,ssp:staleness=8");
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].label == "bsp");
  CHECK(entries[0].overrides == Words{"algorithm.name=bsp"});
  CHECK(entries[1].label == "asp");
  CHECK(entries[2].label == "ssp:staleness=8");
  CHECK(entries[2].overrides == Words{"algorithm.name=ssp", "algorithm.staleness=8"});
}

TEST_CASE("a key with a section is a key of the job, and a plus within a number is no separator") {
  const auto entries = parse_entries("ssp:training.lr=1e+3+staleness=2+training.clip=1");
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].overrides == Words{"algorithm.name=ssp", "training.lr=1e+3",
                                      "algorithm.staleness=2", "training.clip=1"});
}

TEST_CASE("commas within brackets belong to a list") {
  const auto entries = parse_entries("asp:emulate.step_ms=[1,2,3],bsp");
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].overrides[1] == "emulate.step_ms=[1,2,3]");
}

TEST_CASE("wrong lists are refused with what is wrong in them and an example") {
  CHECK(refusal("asp,asp").find("\"asp\" is there twice") != std::string::npos);
  CHECK(refusal("asp, asp").find("twice") != std::string::npos);
  CHECK(refusal("").find("no name") != std::string::npos);
  CHECK(refusal("asp,,bsp").find("no name") != std::string::npos);
  CHECK(refusal("asp,").find("no name") != std::string::npos);
  CHECK(refusal(":staleness=8").find("no name") != std::string::npos);
  CHECK(refusal("ssp:staleness").find("\"staleness\" where key=value") != std::string::npos);
  CHECK(refusal("ssp:=8").find("where key=value") != std::string::npos);
  CHECK(refusal("ssp:").find("where key=value") != std::string::npos);
  CHECK(refusal("staleness=8").find("a key without an algorithm") != std::string::npos);
  CHECK(refusal("ssp:name=asp").find("a second time") != std::string::npos);
  CHECK(refusal("asp:job.seed=4").find("sets job.seed, which all entries share") !=
        std::string::npos);
  CHECK(refusal("asp:scenario.compute.mean_ms=5").find("which all entries share") !=
        std::string::npos);
  for (const char* text : {"asp,asp", "", "ssp:staleness"})
    CHECK(refusal(text).find("HINT: ") != std::string::npos);
}

TEST_CASE("more entries than a figure can tell apart are refused") {
  std::string text = "ssp:staleness=0";
  for (int i = 1; i < 24; ++i) text += ",ssp:staleness=" + std::to_string(i);
  CHECK(parse_entries(text).size() == 24);
  CHECK(refusal(text + ",asp").find("25 entries") != std::string::npos);
}
