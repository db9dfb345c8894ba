#include "models/data/csv.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "models/data/lines.hpp"

namespace murm {
namespace {

namespace fs = std::filesystem;

constexpr const char* number_hint =
    "every column but the label holds numbers; a missing value needs one too";

std::string_view unquoted(std::string_view field) {
  const bool quoted = field.size() >= 2 && field.front() == '"' && field.back() == '"';
  return quoted ? field.substr(1, field.size() - 2) : field;
}

void split(std::string_view line, std::vector<std::string_view>& fields, const Lines& lines) {
  fields.clear();
  for (;;) {
    const auto comma = line.find(',');
    if (fields.size() == csv_columns_max) {
      lines.refuse(
          "more than " + std::to_string(csv_columns_max) + " fields, expected at most that",
          "is it a CSV file?");
    }
    fields.push_back(unquoted(trimmed(line.substr(0, comma))));
    if (comma == std::string_view::npos) return;
    line.remove_prefix(comma + 1);
  }
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& name, const std::string& label,
         std::size_t columns, LabelBook& book)
      : lines_(text, name), name_(name), label_(label), columns_(columns), book_(book) {}

  CsvRows read() {
    bool first = true;
    while (const auto line = lines_.next()) {
      split(*line, fields_, lines_);
      if (std::exchange(first, false) && is_header()) continue;
      if (fields_.size() != columns_) {
        lines_.refuse(std::to_string(fields_.size()) + " fields, expected " +
                          std::to_string(columns_) + " as in the first line",
                      "fields are separated by commas, which cannot stand inside of one");
      }
      add_row();
    }
    if (rows_.labels.empty()) {
      refuse_file(name_, "has no rows, expected lines of numbers and a label", "check data.path");
    }
    return {std::move(rows_), columns_};
  }

 private:
  /// Looks at the first line, which also says how many columns there are and which is the label.
  bool is_header() {
    if (columns_ == 0) columns_ = fields_.size();
    if (fields_.size() < 2) {
      lines_.refuse("1 field, expected at least one number and a label, separated by commas",
                    "is it a CSV file?");
    }
    const auto named = std::find(fields_.begin(), fields_.end(), label_);
    if (!label_.empty() && named != fields_.end() && !number_in(label_)) {
      label_column_ = static_cast<std::size_t>(named - fields_.begin());
      return true;
    }
    label_column_ = given_column();
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (i != label_column_ && number_in(fields_[i])) return false;
    }
    return true;
  }

  std::size_t given_column() {
    if (label_.empty()) return fields_.size() - 1;
    const auto place = number_in(label_);
    const auto most = static_cast<double>(fields_.size());
    if (place && *place >= 1 && *place <= most && std::floor(*place) == *place) {
      return static_cast<std::size_t>(*place) - 1;
    }
    lines_.refuse("no column is data.label = " + shown(label_) +
                      ", expected a name of the first "
                      "line or a place from 1 to " +
                      std::to_string(fields_.size()),
                  "leave data.label out for the last column");
  }

  void add_row() {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (i == label_column_) continue;
      const auto number = number_in(fields_[i]);
      if (!number) {
        lines_.refuse("field " + std::to_string(i + 1) + " is " + shown(fields_[i]) +
                          ", expected a finite number",
                      number_hint);
      }
      rows_.values.push_back(static_cast<float>(*number));
    }
    rows_.labels.push_back(label(fields_[label_column_]));
  }

  std::int32_t label(std::string_view field) {
    if (field.empty() || field.size() > LabelBook::label_bytes_max) {
      lines_.refuse("the label is " + shown(field) + ", expected 1 to " +
                        std::to_string(LabelBook::label_bytes_max) + " characters",
                    "data.label says which column it is");
    }
    const std::int32_t number = book_.number(field);
    if (number >= static_cast<std::int32_t>(LabelBook::labels_max)) {
      lines_.refuse("more than " + std::to_string(LabelBook::labels_max) +
                        " different labels, expected classes",
                    "data.label says which column it is");
    }
    return number;
  }

  Lines lines_;
  std::string name_;
  std::string label_;
  std::size_t columns_;
  LabelBook& book_;
  std::size_t label_column_ = 0;
  std::vector<std::string_view> fields_;
  DenseRows rows_;
};

CsvRows read_file(const fs::path& path, const std::string& label, std::size_t columns,
                  LabelBook& book) {
  const Bytes bytes = map_file(path, {"a CSV file"});
  return read_csv(text_of(bytes), path.string(), label, columns, book);
}

std::shared_ptr<const Dataset> table_of(CsvRows csv, const LabelBook& book) {
  const std::vector<std::int32_t> ranks = book.ranks();
  for (std::int32_t& label : csv.rows.labels) label = ranks[static_cast<std::size_t>(label)];
  return std::make_shared<DenseTable>(std::move(csv.rows), csv.columns - 1, book.size());
}

}  // namespace

TableFiles table_files(const fs::path& path, const std::string& extension) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return {path, {}};
  return {path / ("train." + extension), path / ("test." + extension)};
}

CsvRows read_csv(std::string_view text, const std::string& name, const std::string& label,
                 std::size_t columns, LabelBook& book) {
  return Parser(text, name, label, columns, book).read();
}

DataSplits load_csv(const fs::path& path, const std::string& label, std::uint64_t seed,
                    double fraction) {
  const TableFiles files = table_files(path, "csv");
  LabelBook book;
  CsvRows train = read_file(files.train, label, 0, book);
  if (files.test.empty()) {
    require_two_rows(files.train, train.rows.labels.size());
    return split_at_random(table_of(std::move(train), book), seed, fraction);
  }
  CsvRows test = read_file(files.test, label, train.columns, book);
  return {table_of(std::move(train), book), table_of(std::move(test), book)};
}

}  // namespace murm
