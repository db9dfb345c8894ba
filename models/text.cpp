#include "models/text.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kTextBytesMax = std::uintmax_t{1} << 30U;

[[noreturn]] void refuse(const fs::path& path, const std::string& found, const std::string& hint) {
  throw InputError("[models] " + path.string() + ": " + found + ". HINT: " + hint + ".");
}

fs::path only_text_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".txt") found.push_back(entry->path());
  }
  if (error)
    refuse(folder, "cannot be read, expected a folder with a text (" + error.message() + ")",
           "check its permissions");
  if (found.size() != 1) {
    refuse(folder,
           "contains " + std::to_string(found.size()) + " files named *.txt, expected exactly one",
           "set data.path to the file itself");
  }
  return found.front();
}

std::string content_of_text(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    refuse(path, "no such file, expected a text",
           "check data.path, or leave it out for a text made from the seed");
  }
  // Reading a device or a pipe might never end.
  if (!fs::is_regular_file(path, error))
    refuse(path, "is no regular file, expected a text", "check data.path");
  const std::uintmax_t bytes = fs::file_size(path, error);
  if (error || bytes > kTextBytesMax)
    refuse(path, "is larger than 1 GiB, expected a text of at most that", "cut it");
  std::string text(static_cast<std::size_t>(bytes), '\0');
  std::ifstream in(path, std::ios::binary);
  if (!in.read(text.data(), static_cast<std::streamsize>(text.size())))
    refuse(path, "cannot be read, expected a text", "check its permissions");
  return text;
}

bool is_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 ? byte != 0x7F : (byte >= '\t' && byte <= '\r');
}

void require_text(const fs::path& path, const std::string& text) {
  if (text.empty()) refuse(path, "is empty, expected a text", "check data.path");
  const auto bad = std::find_if_not(text.begin(), text.end(), is_text);
  if (bad != text.end()) {
    refuse(path,
           "byte " + std::to_string(static_cast<unsigned char>(*bad)) + " at offset " +
               std::to_string(bad - text.begin()) + " is no character, expected a text",
           "data.path wants plain text, neither compressed nor binary");
  }
  if (std::all_of(text.begin(), text.end(), [&](char c) { return c == text.front(); })) {
    refuse(path, "holds one distinct character only, expected at least two",
           "there is nothing to predict in it");
  }
}

}  // namespace

CodedText read_text(const fs::path& path) {
  std::error_code ignored;
  const fs::path file = fs::is_directory(path, ignored) ? only_text_in(path) : path;
  const std::string text = content_of_text(file);
  require_text(file, text);
  std::array<bool, 256> occurs{};
  for (const char c : text) occurs[static_cast<unsigned char>(c)] = true;
  std::array<std::uint8_t, 256> code{};
  CodedText coded;
  for (std::size_t byte = 0; byte < occurs.size(); ++byte) {
    if (!occurs[byte]) continue;
    code[byte] = static_cast<std::uint8_t>(coded.alphabet.size());
    coded.alphabet += static_cast<char>(byte);
  }
  coded.codes.reserve(text.size());
  for (const char c : text) coded.codes.push_back(code[static_cast<unsigned char>(c)]);
  coded.train = text.size() - (text.size() + 9) / 10;
  return coded;
}

std::shared_ptr<const Dataset> text_split(const CodedText& text, bool test_split, std::size_t limit,
                                          std::size_t context) {
  MURM_ASSERT(context > 0, "context");
  const std::size_t begin = test_split ? text.train : 0;
  const std::size_t end = test_split ? text.codes.size() : text.train;
  MURM_ASSERT(begin < end, std::to_string(text.codes.size()));
  const std::size_t count = std::min(limit, end - begin);
  auto data = std::make_shared<Dataset>();
  data->features = context;
  data->classes = text.alphabet.size();
  data->overlap = context - 1;
  data->unit = 1;
  const std::size_t missing = context - std::min(context, begin);
  data->pixels.assign(missing, text.codes.front());
  const auto at = [&](std::size_t place) {
    return text.codes.begin() + static_cast<std::ptrdiff_t>(place);
  };
  data->pixels.insert(data->pixels.end(), at(begin + missing - context), at(begin + count));
  data->labels.assign(at(begin), at(begin + count));
  return data;
}

}  // namespace murm
