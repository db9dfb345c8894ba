#include "models/data/libsvm.hpp"

#include <algorithm>
#include <string>

#include "models/data/csv.hpp"
#include "models/data/lines.hpp"

namespace murm {
namespace {

namespace fs = std::filesystem;

constexpr const char* form_hint = "a line is: label index:value index:value ...";

/// Takes the first word off the line.
std::string_view word_of(std::string_view& line) {
  line = trimmed(line);
  const auto end = line.find_first_of(" \t");
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(word.size());
  return word;
}

std::int32_t label_of(std::string_view word, const Lines& lines, LabelBook& book) {
  if (!number_in(word) || word.size() > LabelBook::label_bytes_max) {
    lines.refuse("the label is " + shown(word) + ", expected a finite number", form_hint);
  }
  const std::int32_t number = book.number(word);
  if (number < static_cast<std::int32_t>(LabelBook::labels_max)) return number;
  lines.refuse(
      "more than " + std::to_string(LabelBook::labels_max) + " different labels, expected classes",
      "a file for regression has no classes");
}

/// Returns the column, counted from 0.
std::uint32_t column_of(std::string_view word, const Lines& lines) {
  std::uint32_t index = 0;
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, index);
  if (error != std::errc() || stop != end || index == 0 || index > libsvm_features_max) {
    lines.refuse("the index is " + shown(word) + ", expected a whole number from 1 to " +
                     std::to_string(libsvm_features_max),
                 "indices are counted from 1");
  }
  return index - 1;
}

void read_entries(std::string_view line, const Lines& lines, SparseRows& rows) {
  const std::size_t begin = rows.columns.size();
  for (std::string_view word = word_of(line); !word.empty(); word = word_of(line)) {
    const auto colon = word.find(':');
    if (colon == std::string_view::npos) {
      lines.refuse("the entry is " + shown(word) + ", expected index:value", form_hint);
    }
    const std::uint32_t column = column_of(word.substr(0, colon), lines);
    if (rows.columns.size() > begin && column <= rows.columns.back()) {
      lines.refuse("index " + std::to_string(column + 1) + " follows " +
                       std::to_string(rows.columns.back() + 1) + ", expected ascending ones",
                   "sort the entries of each line");
    }
    const auto value = number_in(word.substr(colon + 1));
    if (!value) {
      lines.refuse("the value is " + shown(word.substr(colon + 1)) + ", expected a finite number",
                   form_hint);
    }
    rows.columns.push_back(column);
    rows.values.push_back(static_cast<float>(*value));
  }
}

SparseRows read_file(const fs::path& path, LabelBook& book) {
  const Bytes bytes = map_file(path, {"a libsvm file"});
  return read_libsvm(text_of(bytes), path.string(), book);
}

std::size_t features_in(const SparseRows& rows) {
  const auto largest = std::max_element(rows.columns.begin(), rows.columns.end());
  return largest == rows.columns.end() ? 1 : *largest + std::size_t{1};
}

std::shared_ptr<const Dataset> table_of(SparseRows rows, std::size_t features,
                                        const LabelBook& book) {
  const std::vector<std::int32_t> ranks = book.ranks();
  for (std::int32_t& label : rows.labels) label = ranks[static_cast<std::size_t>(label)];
  return std::make_shared<SparseTable>(std::move(rows), features, book.size());
}

}  // namespace

SparseRows read_libsvm(std::string_view text, const std::string& name, LabelBook& book) {
  Lines lines(text, name);
  SparseRows rows;
  while (auto line = lines.next()) {
    *line = trimmed(line->substr(0, line->find('#')));
    if (line->empty()) continue;
    rows.labels.push_back(label_of(word_of(*line), lines, book));
    read_entries(*line, lines, rows);
    rows.ends.push_back(rows.columns.size());
  }
  if (rows.labels.empty()) {
    refuse_file(name, "has no rows, expected lines of a label and index:value", "check data.path");
  }
  return rows;
}

DataSplits load_libsvm(const fs::path& path, std::uint64_t seed, double fraction) {
  const TableFiles files = table_files(path, "libsvm");
  LabelBook book;
  SparseRows train = read_file(files.train, book);
  if (files.test.empty()) {
    require_two_rows(files.train, train.labels.size());
    const std::size_t features = features_in(train);
    return split_at_random(table_of(std::move(train), features, book), seed, fraction);
  }
  SparseRows test = read_file(files.test, book);
  const std::size_t features = std::max(features_in(train), features_in(test));
  return {table_of(std::move(train), features, book), table_of(std::move(test), features, book)};
}

}  // namespace murm
