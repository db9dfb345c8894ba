#include "models/data/tokens.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

namespace fs = std::filesystem;

TokenSequence open_file(const fs::path& path) {
  const FileWords words{"a file of 16-bit tokens",
                        "data.path is a file of tokens, or a folder with train.bin and val.bin"};
  TokenSequence sequence{map_file(path, words), sizeof(std::uint16_t), 0, path.string()};
  if (sequence.bytes.size() % sequence.width != 0) {
    refuse_file(path,
                "has " + std::to_string(sequence.bytes.size()) +
                    " bytes, expected an even number: tokens have 16 bits",
                "the file is truncated or of another kind");
  }
  return sequence;
}

std::size_t largest_token(const TokenSequence& sequence) {
  std::uint16_t largest = 0;
  const std::uint8_t* from = sequence.bytes.view.data();
  for (std::size_t i = 0; i < sequence.length(); ++i) {
    std::uint16_t token = 0;
    std::memcpy(&token, from + i * sizeof token, sizeof token);
    largest = std::max(largest, token);
  }
  return largest;
}

void require_vocabulary(const TokenSequence& sequence, std::size_t largest,
                        std::size_t vocabulary) {
  if (largest < vocabulary) return;
  refuse_file(sequence.name,
              "token " + std::to_string(largest) + " occurs, expected at most " +
                  std::to_string(vocabulary - 1),
              "data.vocabulary is " + std::to_string(vocabulary) +
                  "; leave it out to take the largest of the files");
}

}  // namespace

TokenFiles open_tokens(const fs::path& path, std::size_t vocabulary) {
  TokenFiles files;
  std::error_code ignored;
  const bool two = fs::is_directory(path, ignored);
  files.train = open_file(two ? path / "train.bin" : path);
  files.test = two ? open_file(path / "val.bin") : files.train;
  const std::size_t train_largest = largest_token(files.train);
  const std::size_t test_largest = two ? largest_token(files.test) : train_largest;
  if (vocabulary != 0) {
    require_vocabulary(files.train, train_largest, vocabulary);
    require_vocabulary(files.test, test_largest, vocabulary);
  }
  const std::size_t found = std::max(train_largest, test_largest) + 1;
  files.train.classes = files.test.classes = vocabulary != 0 ? vocabulary : found;
  if (!two) {
    const std::size_t length = files.train.length();
    const std::size_t cut = length - (length + 9) / 10;
    files.test = files.train.part(cut, length);
    files.train = files.train.part(0, cut);
  }
  return files;
}

std::shared_ptr<const Dataset> token_split(const TokenFiles& files, bool test_split,
                                           std::size_t limit, std::size_t context) {
  const TokenSequence& tokens = test_split ? files.test : files.train;
  const std::size_t stride = test_split ? context : 1;
  if (count_windows(tokens.length(), context, stride) == 0) {
    refuse_file(tokens.name,
                "has " + std::to_string(tokens.length()) + " tokens for " +
                    (test_split ? "tests" : "training") +
                    ", expected at least model.context + 1 = " + std::to_string(context + 1),
                "lower model.context or give more tokens");
  }
  return std::make_shared<TokenWindows>(tokens, context, stride, WindowLabels::every, limit);
}

}  // namespace murm
