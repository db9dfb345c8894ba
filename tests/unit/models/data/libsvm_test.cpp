// Tests of the libsvm reader.
#include "models/data/libsvm.hpp"

#include "tests/unit/models/data/refusal_of.hpp"
#include "tests/unit/models/sample_of.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

namespace murm {
namespace {

using test::contains;

std::string refusal(std::string_view text) {
  return test::refusal_of([&] {
    LabelBook book;
    read_libsvm(text, "a", book);
  });
}

TEST_CASE("what a row does not name is 0, and the features are those of all files") {
  const test::TemporaryFolder folder;
  test::put(folder / "train.libsvm", "+1 2:0.5 3:-1 # seen\n\n-1\n# nothing\n1 1:1e2\r\n");
  test::put(folder / "test.libsvm", "-1 5:7\n");
  const DataSplits splits = load_libsvm(folder.path(), 1, 0.1);
  CHECK(splits.train->shape() == SampleShape{5, 2});
  CHECK(test::sample_of(*splits.train, 0) == test::Sample{{0, 0.5F, -1, 0, 0}, {1}});
  CHECK(test::sample_of(*splits.train, 1) == test::Sample{{0, 0, 0, 0, 0}, {0}});
  CHECK(test::sample_of(*splits.train, 2) == test::Sample{{100, 0, 0, 0, 0}, {1}});
  CHECK(test::sample_of(*splits.test, 0) == test::Sample{{0, 0, 0, 0, 7}, {0}});
  const DataSplits alone = load_libsvm(folder / "train.libsvm", 1, 0.3);
  CHECK(alone.train->size() == 2);
  CHECK(alone.test->size() == 1);
}

TEST_CASE("entries that are none are refused with their line") {
  CHECK(contains(refusal("# nothing\n"), "a: has no rows"));
  CHECK(contains(refusal("1 1:1\nx 1:1\n"), "a:2: the label is \"x\""));
  CHECK(contains(refusal("1,2 1:1\n"), "the label is \"1,2\""));
  CHECK(
      contains(refusal("1 0:1\n"), "the index is \"0\", expected a whole number from 1 to 131072"));
  CHECK(contains(refusal("1 131073:1\n"), "the index is \"131073\""));
  CHECK(contains(refusal("1 99999999999:1\n"), "the index is \"99999999999\""));
  CHECK(contains(refusal("1 qid:1\n"), "the index is \"qid\""));
  CHECK(contains(refusal("1 -1:1\n"), "the index is \"-1\""));
  CHECK(contains(refusal("1 3:1 3:2\n"), "index 3 follows 3, expected ascending ones"));
  CHECK(contains(refusal("1 3:1 2:2\n"), "index 2 follows 3"));
  CHECK(contains(refusal("1 7\n"), "the entry is \"7\", expected index:value"));
  CHECK(contains(refusal("1 1:\n"), "the value is \"\""));
  CHECK(contains(refusal("1 1:nan\n"), "the value is \"nan\", expected a finite number"));
}

}  // namespace
}  // namespace murm
