// Tests of texts as data: how they are split and seen, what is refused, what the made-up ones promise.
#include "models/text.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "algorithms/vocabulary.hpp"
#include "models/made_up_text.hpp"
#include "tests/catch.hpp"
#include "tests/unit/models/sample_of.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

namespace murm {
namespace {

using test::labels_of;
using test::put;
using test::TemporaryFolder;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

std::vector<float> window(const Dataset& data, std::size_t index) {
  return test::sample_of(data, index).features;
}

std::string refusal(const std::filesystem::path& path) {
  try {
    read_text(path);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("characters are numbered in the order of their bytes and nine tenths are for training") {
  const TemporaryFolder folder;
  put(folder / "a.txt", "hello, \xC3\xA4\nhello, you");
  const CodedText text = read_text(folder / "a.txt");
  CHECK(text.alphabet == "\n ,ehlouy\xA4\xC3");
  REQUIRE(text.codes.size() == 20);
  CHECK(text.train == 18);
  CHECK(std::vector<std::uint8_t>(text.codes.begin(), text.codes.begin() + 5) ==
        std::vector<std::uint8_t>{4, 3, 5, 5, 6});
  const auto train = text_split(text, false, kAll, 3);
  const auto test = text_split(text, true, kAll, 3);
  CHECK(train->size() == 18);
  CHECK(test->size() == 2);
  CHECK(train->classes() == 11);
  CHECK(train->features() == 3);
}

TEST_CASE("a text of any length is cut at nine tenths, rounded down") {
  const TemporaryFolder folder;
  const auto [size, train] = GENERATE(table<std::size_t, std::size_t>(
      {{2, 1}, {9, 8}, {10, 9}, {11, 9}, {19, 17}, {20, 18}, {21, 18}}));
  std::string bytes = "a";
  while (bytes.size() < size) bytes += 'b';
  put(folder / "a.txt", bytes);
  CHECK(read_text(folder / "a.txt").train == train);
}

TEST_CASE("a sample is a place seen through the characters before it, across the split too") {
  const CodedText text{{7, 1, 2, 3, 4, 5, 6, 0, 1, 2}, "abcdefgh", 8};
  const auto train = text_split(text, false, kAll, 3);
  CHECK(window(*train, 0) == std::vector<float>{7, 7, 7});
  CHECK(window(*train, 1) == std::vector<float>{7, 7, 7});
  CHECK(window(*train, 2) == std::vector<float>{7, 7, 1});
  CHECK(window(*train, 7) == std::vector<float>{4, 5, 6});
  CHECK(labels_of(*train) == std::vector<std::int32_t>{7, 1, 2, 3, 4, 5, 6, 0});
  const auto test = text_split(text, true, kAll, 3);
  CHECK(window(*test, 0) == std::vector<float>{5, 6, 0});
  CHECK(window(*test, 1) == std::vector<float>{6, 0, 1});
  CHECK(labels_of(*test) == std::vector<std::int32_t>{1, 2});
  const auto wide = text_split(text, true, 1, 10);
  CHECK(wide->size() == 1);
  CHECK(window(*wide, 0) == std::vector<float>{7, 7, 7, 1, 2, 3, 4, 5, 6, 0});
  const auto few = text_split(text, false, 2, 1);
  CHECK(few->size() == 2);
  CHECK(window(*few, 1) == std::vector<float>{7});
}

TEST_CASE("windows of a text: every character has its label, tests do not overlap") {
  const CodedText text{{7, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5}, "abcdefgh", 8};
  const auto train = text_windows(text, false, kAll, 3);
  CHECK(train->shape() == SampleShape{3, 8, 3});
  CHECK(train->size() == 5);
  CHECK(test::sample_of(*train, 0) == test::Sample{{7, 1, 2}, {1, 2, 3}});
  CHECK(test::sample_of(*train, 4) == test::Sample{{4, 5, 6}, {5, 6, 0}});
  const auto test = text_windows(text, true, kAll, 2);
  CHECK(test->size() == 2);
  CHECK(test::sample_of(*test, 0) == test::Sample{{1, 2}, {2, 3}});
  CHECK(test::sample_of(*test, 1) == test::Sample{{3, 4}, {4, 5}});
  CHECK(text_windows(text, true, 1, 2)->size() == 1);
  CHECK(text_windows(text, true, kAll, 4)->size() == 1);
  REQUIRE_THROWS_AS(text_windows(text, true, kAll, 5), InputError);
  REQUIRE_THROWS_AS(text_windows(text, false, kAll, 8), InputError);
}

TEST_CASE("windows of a made-up text are as many as wanted") {
  for (const bool test_split : {false, true}) {
    const auto windows = make_text_windows(5, test_split, 7, 10);
    CHECK(windows->size() == 7);
    CHECK(windows->shape() == SampleShape{10, made_up_characters, 10});
    const std::size_t step = test_split ? 10 : 1;
    const auto places = make_text_split(5, test_split, 100, 1);
    CHECK(test::sample_of(*windows, 6).labels[9] == labels_of(*places)[6 * step + 10]);
  }
}

TEST_CASE("a folder stands for the only text in it") {
  const TemporaryFolder folder;
  put(folder / "notes.md", "no");
  CHECK(refusal(folder.path()) == "[models] " + folder.path().string() +
                                      ": contains 0 files named *.txt, expected exactly one. HINT: "
                                      "set data.path to the file itself.");
  put(folder / "input.txt", "abab");
  CHECK(read_text(folder.path()).alphabet == "ab");
  put(folder / "other.txt", "abab");
  CHECK(refusal(folder.path()).find("contains 2 files named *.txt") != std::string::npos);
}

TEST_CASE("what is no text is refused with one sentence") {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "a.txt";
  const auto expect = [&](const std::string& rest) {
    CHECK(refusal(file) == "[models] " + file.string() + ": " + rest);
  };
  expect(
      "no such file, expected a text. HINT: check data.path, or leave it out for a text made "
      "from the seed.");
  put(file, "");
  expect("is empty, expected a text. HINT: check data.path.");
  put(file, "aaaa");
  expect(
      "holds one distinct character only, expected at least two. HINT: there is nothing to "
      "predict in it.");
  put(file, std::string("ab\0cd", 5));
  expect(
      "byte 0 at offset 2 is no character, expected a text. HINT: data.path wants plain text, "
      "neither compressed nor binary.");
  put(file, "ab\x7F");
  expect(
      "byte 127 at offset 2 is no character, expected a text. HINT: data.path wants plain text, "
      "neither "
      "compressed nor binary.");
  std::filesystem::remove(file);
  std::filesystem::create_symlink("/dev/zero", file);
  expect("is no regular file, expected a text. HINT: check data.path.");
  std::filesystem::remove(file);
  put(file, "ab");
  std::filesystem::resize_file(file, (std::uintmax_t{1} << 30U) + 1);  // sparse
  expect("is larger than 1 GiB, expected a text of at most that. HINT: cut it.");
}

TEST_CASE("a made-up text is a pure function of seed and split, and a longer one begins with it") {
  const auto few = make_text_split(5, false, 100, 4);
  const auto many = make_text_split(5, false, 1000, 4);
  CHECK(few->size() == 100);
  CHECK(few->classes() == made_up_characters);
  const std::vector<std::int32_t> labels = labels_of(*many);
  const std::vector<std::int32_t> first = labels_of(*few);
  CHECK(std::equal(first.begin(), first.end(), labels.begin()));
  CHECK(labels == labels_of(*make_text_split(5, false, 1000, 4)));
  CHECK(labels != labels_of(*make_text_split(6, false, 1000, 4)));
  CHECK(labels != labels_of(*make_text_split(5, true, 1000, 4)));
  CHECK(std::all_of(labels.begin(), labels.end(), [](std::int32_t code) {
    return code >= 0 && code < static_cast<std::int32_t>(made_up_characters);
  }));
}

TEST_CASE("the words of a made-up text are as uncertain as promised") {
  const auto text = make_text_split(2, false, 2'000'000, 1);
  std::map<std::string, double> counts;
  std::string word;
  double words = 0;
  double characters = 0;
  for (const std::int32_t code : labels_of(*text)) {
    if (code != 0) {
      word += static_cast<char>('a' + code - 1);
      continue;
    }
    characters += static_cast<double>(word.size() + 1);
    ++counts[word];
    ++words;
    word.clear();
  }
  double entropy = 0;
  for (const auto& [spelling, count] : counts) entropy -= count / words * std::log(count / words);
  CHECK(counts.size() == 512);
  CHECK(std::all_of(counts.begin(), counts.end(), [](const auto& entry) {
    return entry.first.size() >= 2 && entry.first.size() <= 9;
  }));
  CHECK(std::any_of(counts.begin(), counts.end(),
                    [](const auto& entry) { return entry.first.size() == 2; }));
  CHECK(entropy * words / characters == Approx(made_up_text_entropy(2)).epsilon(0.005));
}

}  // namespace
}  // namespace murm
