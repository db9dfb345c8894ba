// Tests of the CSV reader.
#include "models/data/csv.hpp"

#include <algorithm>

#include "tests/unit/models/data/refusal_of.hpp"
#include "tests/unit/models/sample_of.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

namespace murm {
namespace {

using test::contains;

CsvRows read(std::string_view text, const std::string& label = "") {
  LabelBook book;
  return read_csv(text, "a.csv", label, 0, book);
}

std::string refusal(std::string_view text, const std::string& label = "") {
  return test::refusal_of([&] { read(text, label); });
}

TEST_CASE("a header is seen by itself, and the label is the last column unless another is named") {
  const CsvRows plain = read("1,2.5,0\n-3e2,+4,1\n");
  CHECK(plain.rows.values == std::vector<float>{1, 2.5F, -300, 4});
  CHECK(plain.rows.labels == std::vector<std::int32_t>{0, 1});
  const CsvRows named = read("\xEF\xBB\xBF\"kind\" , a, b\r\nx,1,2\r\n\r\ny,3,4", "kind");
  CHECK(named.rows.values == std::vector<float>{1, 2, 3, 4});
  CHECK(named.rows.labels == std::vector<std::int32_t>{0, 1});
  CHECK(read("1,7,2\n3,7,4\n", "2").rows.values == std::vector<float>{1, 2, 3, 4});
  CHECK(read("a,b,c\n1,2,setosa\n").rows.values == std::vector<float>{1, 2});
  CHECK(read("1,2,setosa\n").rows.labels.size() == 1);
}

TEST_CASE("classes are the labels in their order: numbers by value, before words by their bytes") {
  const test::TemporaryFolder folder;
  test::put(folder / "train.csv", "1,b\n2,10\n3,a\n4,9\n5,9.0\n");
  test::put(folder / "test.csv", "6,-1\n7,b\n");
  const DataSplits splits = load_csv(folder.path(), "", 1, 0.1);
  CHECK(splits.train->shape() == SampleShape{1, 5});
  CHECK(test::labels_of(*splits.train) == std::vector<std::int32_t>{4, 2, 3, 1, 1});
  CHECK(test::labels_of(*splits.test) == std::vector<std::int32_t>{0, 4});
  CHECK(test::sample_of(*splits.test, 1).features == std::vector<float>{7});
}

TEST_CASE("of one file a part is for tests, drawn with the seed") {
  const test::TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 50; ++i) text += std::to_string(i) + "," + std::to_string(i % 3) + "\n";
  test::put(folder / "a.csv", text);
  const auto numbers = [&](std::uint64_t seed) {
    const DataSplits splits = load_csv(folder / "a.csv", "", seed, 0.2);
    CHECK(splits.train->size() == 40);
    CHECK(splits.test->size() == 10);
    std::vector<float> found;
    for (const auto& split : {splits.test, splits.train}) {
      for (std::size_t i = 0; i < split->size(); ++i) {
        const test::Sample sample = test::sample_of(*split, i);
        CHECK(sample.labels[0] == static_cast<int>(sample.features[0]) % 3);
        found.push_back(sample.features[0]);
      }
    }
    return found;
  };
  std::vector<float> first = numbers(1);
  CHECK(first == numbers(1));
  CHECK(first != numbers(2));
  std::sort(first.begin(), first.end());
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(first[i] == static_cast<float>(i));
  test::put(folder / "a.csv", "1,2\n");
  CHECK(contains(test::refusal_of([&] { load_csv(folder / "a.csv", "", 1, 0.2); }), "one sample"));
}

TEST_CASE("what is no table of numbers is refused with its line") {
  CHECK(contains(refusal(""), "a.csv: has no rows"));
  CHECK(contains(refusal("a,b\n"), "has no rows"));
  CHECK(contains(refusal("\n\n1\n"), "a.csv:3: 1 field, expected"));
  CHECK(contains(refusal("1,2\n1,2,3\n"), "a.csv:2: 3 fields, expected 2"));
  for (const char* bad : {"nan", "inf", "-Infinity", "1e39", "", "0x10", "1 2", "++1", "1.5.2"}) {
    INFO(bad);
    CHECK(contains(refusal("1,2,3\n4," + std::string(bad) + ",5\n"),
                   "a.csv:2: field 2 is \"" + std::string(bad) + "\", expected a finite number"));
  }
  CHECK(contains(refusal("1,x,0\n"), "a.csv:1: field 2 is \"x\""));
  CHECK(contains(refusal("1,2,\n"), "the label is \"\""));
  CHECK(contains(refusal("1," + std::string(300, 'x')), "expected 1 to 256 characters"));
  CHECK(contains(refusal("1,2,3\n", "4"), "data.label = \"4\", expected a name"));
  CHECK(contains(refusal("a,b,c\n", "d"), "data.label = \"d\", expected a name"));
  CHECK(contains(refusal(std::string(csv_columns_max, ',')), "more than 65536 fields"));
  CHECK(contains(refusal(std::string("1,\0\x7F,2\n", 8)), "field 2 is \"??\""));
}

TEST_CASE("a column that is no class is refused as a label") {
  std::string text;
  for (std::size_t i = 0; i <= LabelBook::labels_max; ++i) text += "1," + std::to_string(i) + "\n";
  CHECK(contains(refusal(text), "a.csv:4097: more than 4096 different labels"));
}

}  // namespace
}  // namespace murm
