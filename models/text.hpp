// Text as a data set: a sample is a place in it, seen through the characters before it, or a window of it.
// Room: models. Knows bytes; not who trains on them. Files are untrusted: what is no text is refused.
// Caller: models/data_factory, models/made_up_text.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/dataset.hpp"

namespace murm {

/// A text with its characters numbered in the order of their bytes.
struct CodedText {
  std::vector<std::uint8_t> codes;
  std::string alphabet;   // code -> byte, ascending
  std::size_t train = 0;  // the first so many are for training: nine tenths, rounded down
};

/// Reads `path`: a file, or a folder with exactly one name that ends in .txt. Bytes are characters (those of
/// UTF-8 too), all of the file's are numbered, those of its test split as well.
/// Errors: InputError for what is missing, no regular file, binary, larger than 1 GiB, or of fewer than two characters.
CodedText read_text(const std::filesystem::path& path);

/// The first `limit` places of one split, or all when there are fewer. Features are the codes of the `context`
/// characters before the place (the test split looks back into the training split; before the text its first
/// character repeats), the label is the code of the character there.
std::shared_ptr<const Dataset> text_split(const CodedText& text, bool test_split, std::size_t limit,
                                          std::size_t context);

/// The first `limit` windows of one split, or all: features are the codes of `context` characters, the labels those
/// of the character behind each. Those for training start at every place, those for tests where the one before
/// ends. Errors: InputError for a split without room for one window.
std::shared_ptr<const Dataset> text_windows(const CodedText& text, bool test_split,
                                            std::size_t limit, std::size_t context);

}  // namespace murm
