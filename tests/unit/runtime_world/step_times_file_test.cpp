#include "runtime/world/step_times_file.hpp"

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

using namespace murm;
using std::chrono::nanoseconds;
using Steps = std::vector<nanoseconds>;

namespace {

RecordedTiming::Series steps_in(const std::string& text) {
  const test::TemporaryFolder folder;
  test::put(folder / "steps.txt", text);
  return read_step_times(folder / "steps.txt");
}

std::string refusal(const std::string& text) {
  const test::TemporaryFolder folder;
  test::put(folder / "steps.txt", text);
  try {
    static_cast<void>(read_step_times(folder / "steps.txt"));
  } catch (const InputError& error) {
    return std::string(error.what()).substr((folder / "").string().size());
  }
  FAIL("accepted: " << text);
  return "";
}

}  // namespace

TEST_CASE("times of steps are read for all workers or for each") {
  const auto all = steps_in("# milliseconds\n100\n\n  0.5 # half\r\n1e-6\n2e3");
  REQUIRE(all.size() == 1);
  CHECK(all[0] == Steps{nanoseconds{100'000'000}, nanoseconds{500'000}, nanoseconds{1},
                        nanoseconds{2'000'000'000}});
  const auto each = steps_in("1 20\n0 10\n1\t30\n");
  REQUIRE(each.size() == 2);
  CHECK(each[0] == Steps{nanoseconds{10'000'000}});
  CHECK(each[1] == Steps{nanoseconds{20'000'000}, nanoseconds{30'000'000}});
}

TEST_CASE("a bad line of step times is refused with its number") {
  CHECK(refusal("1\n# x\nabc\n") ==
        "steps.txt:3: the time is abc, expected milliseconds above 0 and at most 1e+09.");
  CHECK(refusal("1\n0\n").starts_with("steps.txt:2: the time is 0"));
  CHECK(refusal("-1\n").starts_with("steps.txt:1: the time is -1"));
  CHECK(refusal("nan\n").starts_with("steps.txt:1: the time is nan"));
  CHECK(refusal("inf\n").starts_with("steps.txt:1: the time is inf"));
  CHECK(refusal("1e400\n").starts_with("steps.txt:1: the time is 1e400"));
  CHECK(refusal("5ms\n").starts_with("steps.txt:1: the time is 5ms"));
  CHECK(refusal("0 1 2\n") == "steps.txt:1: expected MILLISECONDS or WORKER MILLISECONDS.");
  CHECK(refusal("0 1\n2\n") == "steps.txt:2: expected WORKER MILLISECONDS as in the lines before.");
  CHECK(refusal("1\n0 2\n") == "steps.txt:2: expected MILLISECONDS as in the lines before.");
  CHECK(refusal("0 1\n-1 2\n") ==
        "steps.txt:2: the worker is -1, expected a whole number below 1000000.");
  CHECK(refusal("18446744073709551615 2\n").starts_with("steps.txt:1: the worker is 1844"));
}

TEST_CASE("a file of step times that serves nobody, or not everybody, is refused") {
  CHECK(refusal("") == "steps.txt: holds no step, expected one time a line.");
  CHECK(refusal("# nothing\n") == "steps.txt: holds no step, expected one time a line.");
  CHECK(refusal("0 1\n2 1\n").starts_with("steps.txt: holds no step of worker 1"));
  CHECK(refusal("1\n" + std::string(5000, '1') + "\n") ==
        "steps.txt:2: longer than 1023 characters.");
  const test::TemporaryFolder folder;
  CHECK_THROWS_AS(read_step_times(folder / "missing"), InputError);
  CHECK_THROWS_AS(read_step_times(folder.path()), InputError);
}
