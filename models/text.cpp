#include "models/text.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "algorithms/vocabulary.hpp"
#include "models/data/token_windows.hpp"

namespace murm {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kTextBytesMax = std::uintmax_t{1} << 30U;

fs::path only_text_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".txt") found.push_back(entry->path());
  }
  if (error)
    refuse_file(folder, "cannot be read, expected a folder with a text (" + error.message() + ")",
                "check its permissions");
  if (found.size() != 1) {
    refuse_file(
        folder,
        "contains " + std::to_string(found.size()) + " files named *.txt, expected exactly one",
        "set data.path to the file itself");
  }
  return found.front();
}

bool is_text(std::uint8_t byte) {
  return byte >= 0x20 ? byte != 0x7F : (byte >= '\t' && byte <= '\r');
}

void require_text(const fs::path& path, std::span<const std::uint8_t> text) {
  const auto bad = std::find_if_not(text.begin(), text.end(), is_text);
  if (bad != text.end()) {
    refuse_file(path,
                "byte " + std::to_string(*bad) + " at offset " +
                    std::to_string(bad - text.begin()) + " is no character, expected a text",
                "data.path wants plain text, neither compressed nor binary");
  }
  if (std::all_of(text.begin(), text.end(), [&](std::uint8_t c) { return c == text.front(); })) {
    refuse_file(path, "holds one distinct character only, expected at least two",
                "there is nothing to predict in it");
  }
}

std::size_t begin_of(const CodedText& text, bool test_split) { return test_split ? text.train : 0; }
std::size_t end_of(const CodedText& text, bool test_split) {
  return test_split ? text.codes.size() : text.train;
}

}  // namespace

CodedText read_text(const fs::path& path) {
  std::error_code ignored;
  const fs::path file = fs::is_directory(path, ignored) ? only_text_in(path) : path;
  const Bytes bytes = map_file(
      file,
      {"a text", "check data.path, or leave it out for a text made from the seed", kTextBytesMax});
  const auto text = bytes.view;
  require_text(file, text);
  std::array<bool, 256> occurs{};
  for (const std::uint8_t c : text) occurs[c] = true;
  std::array<std::uint8_t, 256> code{};
  CodedText coded;
  for (std::size_t byte = 0; byte < occurs.size(); ++byte) {
    if (!occurs[byte]) continue;
    code[byte] = static_cast<std::uint8_t>(coded.alphabet.size());
    coded.alphabet += static_cast<char>(byte);
  }
  coded.codes.reserve(text.size());
  for (const std::uint8_t c : text) coded.codes.push_back(code[c]);
  coded.train = text.size() - (text.size() + 9) / 10;
  return coded;
}

std::shared_ptr<const Dataset> text_split(const CodedText& text, bool test_split, std::size_t limit,
                                          std::size_t context) {
  MURM_ASSERT(context > 0, "context");
  const std::size_t begin = begin_of(text, test_split);
  const std::size_t end = end_of(text, test_split);
  MURM_ASSERT(begin < end, std::to_string(text.codes.size()));
  const std::size_t count = std::min(limit, end - begin);
  const std::size_t missing = context - std::min(context, begin);
  std::vector<std::uint8_t> codes(missing, text.codes.front());
  const auto at = [&](std::size_t place) {
    return text.codes.begin() + static_cast<std::ptrdiff_t>(place);
  };
  codes.insert(codes.end(), at(begin + missing - context), at(begin + count));
  const TokenSequence sequence{bytes_of(std::move(codes)), 1, text.alphabet.size()};
  return std::make_shared<TokenWindows>(sequence, context, 1, WindowLabels::last, count);
}

std::shared_ptr<const Dataset> text_windows(const CodedText& text, bool test_split,
                                            std::size_t limit, std::size_t context) {
  const std::size_t begin = begin_of(text, test_split);
  const std::size_t length = end_of(text, test_split) - begin;
  const std::size_t stride = test_split ? context : 1;
  const std::size_t most = count_windows(length, context, stride);
  if (most == 0) {
    throw InputError("[models] the text has " + std::to_string(text.codes.size()) +
                     " characters, " + std::to_string(length) + " of them for " +
                     (test_split ? "tests" : "training") +
                     ", expected at least model.context + 1 = " + std::to_string(context + 1) +
                     " there. HINT: lower model.context or give a longer text.");
  }
  const std::size_t used = std::min(length, (std::min(limit, most) - 1) * stride + context + 1);
  const auto from = text.codes.begin() + static_cast<std::ptrdiff_t>(begin);
  const TokenSequence sequence{bytes_of({from, from + static_cast<std::ptrdiff_t>(used)}), 1,
                               text.alphabet.size()};
  return std::make_shared<TokenWindows>(sequence, context, stride, WindowLabels::every, limit);
}

}  // namespace murm
