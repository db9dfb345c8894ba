#include "runtime/human_units.hpp"

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"

using namespace murm;
using namespace std::chrono_literals;

TEST_CASE("a duration is a number with a unit, or seconds") {
  CHECK(parse_duration("1h") == 1h);
  CHECK(parse_duration("2m") == 2min);
  CHECK(parse_duration("90s") == 90s);
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("20us") == 20us);
  CHECK(parse_duration("7ns") == 7ns);
  CHECK(parse_duration("3600") == 1h);
  CHECK(parse_duration("0.25") == 250ms);
  CHECK(parse_duration("1.5h") == 90min);
  CHECK(parse_duration("1e3s") == 1000s);
}

TEST_CASE("what is no duration is refused with the text and an example") {
  const std::string text = GENERATE("", "h", "1d", "1 h", "-1s", "0", "0s", "0.1ns", "nan", "inf",
                                    "1h30m", "1e12h", "0x10", "+1s", "ten");
  try {
    parse_duration(text);
    FAIL(text);
  } catch (const InputError& error) {
    const std::string what = error.what();
    INFO(what);
    CHECK(what.find("\"" + text + "\" is not a duration") != std::string::npos);
    CHECK(what.find("HINT: ") != std::string::npos);
  }
}
