// Tests of token files.
#include "models/data/tokens.hpp"

#include <limits>

#include "tests/unit/models/data/refusal_of.hpp"
#include "tests/unit/models/sample_of.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

namespace murm {
namespace {

using test::contains;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

std::string tokens(std::uint32_t from, std::uint32_t to) {
  std::string bytes;
  for (std::uint32_t token = from; token < to; ++token) {
    bytes += static_cast<char>(token & 255U);
    bytes += static_cast<char>(token >> 8U);
  }
  return bytes;
}

std::string refusal(const std::filesystem::path& path, std::size_t vocabulary = 0,
                    std::size_t context = 2) {
  return test::refusal_of([&] {
    const TokenFiles files = open_tokens(path, vocabulary);
    token_split(files, false, kAll, context);
    token_split(files, true, kAll, context);
  });
}

TEST_CASE("a folder has a file for each split, and the vocabulary is that of both") {
  const test::TemporaryFolder folder;
  test::put(folder / "train.bin", tokens(250, 260));
  test::put(folder / "val.bin", tokens(990, 1000));
  const TokenFiles files = open_tokens(folder.path(), 0);
  const auto train = token_split(files, false, kAll, 4);
  const auto test = token_split(files, true, kAll, 4);
  CHECK(train->shape() == SampleShape{4, 1000, 4});
  CHECK(train->size() == 6);
  CHECK(test::sample_of(*train, 5) == test::Sample{{255, 256, 257, 258}, {256, 257, 258, 259}});
  CHECK(test->size() == 2);
  CHECK(test::sample_of(*test, 1) == test::Sample{{994, 995, 996, 997}, {995, 996, 997, 998}});
  CHECK(token_split(files, false, 3, 4)->size() == 3);
  CHECK(open_tokens(folder.path(), 50000).train.classes == 50000);
}

TEST_CASE("the last tenth of one file is for tests") {
  const test::TemporaryFolder folder;
  test::put(folder / "a.bin", tokens(0, 95));
  const TokenFiles files = open_tokens(folder / "a.bin", 0);
  CHECK(files.train.length() == 85);
  CHECK(files.test.length() == 10);
  CHECK(test::sample_of(*token_split(files, true, kAll, 3), 0).features[0] == 85);
}

TEST_CASE("odd sizes, foreign tokens and short files are refused") {
  const test::TemporaryFolder folder;
  const auto file = folder / "a.bin";
  CHECK(contains(refusal(file), "no such file"));
  CHECK(contains(refusal(folder.path()), "train.bin: no such file"));
  test::put(file, tokens(0, 60) + "x");
  CHECK(contains(refusal(file), "has 121 bytes, expected an even number"));
  test::put(file, tokens(0, 60));
  CHECK(refusal(file) == "accepted");
  CHECK(refusal(file, 60) == "accepted");
  CHECK(contains(refusal(file, 59), "token 59 occurs, expected at most 58"));
  CHECK(contains(refusal(file, 0, 6),
                 "has 6 tokens for tests, expected at least model.context + "
                 "1 = 7"));
}

TEST_CASE("a token that a file gets during the run is refused where it is read") {
  const test::TemporaryFolder folder;
  test::put(folder / "a.bin", tokens(0, 100));
  const auto train = token_split(open_tokens(folder / "a.bin", 0), false, kAll, 3);
  std::fstream file(folder / "a.bin", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(20);
  file << "\xFF\xFF";
  file.close();
  const std::string text = test::refusal_of([&] { test::sample_of(*train, 9); });
  CHECK(contains(text, "token 65535 near token 9, expected at most 99"));
}

}  // namespace
}  // namespace murm
