// Reads CSV: rows of numbers, one column of which is the label.
// Room: models/data. Knows the format; not who trains on it. Files are untrusted: every field is judged, limits have names.
// Caller: models/data_factory, tests/fuzz. Reference for users: docs/data.md.
#pragma once
#include <filesystem>
#include <string_view>

#include "models/data/labels.hpp"
#include "models/data/table.hpp"

namespace murm {

constexpr std::size_t csv_columns_max = 65536;

/// Where a table lies: one file, or two.
struct TableFiles {
  std::filesystem::path train;
  std::filesystem::path test;  // empty: a part of the other
};
/// A folder stands for train.EXTENSION and test.EXTENSION in it.
TableFiles table_files(const std::filesystem::path& path, const std::string& extension);

/// Rows of one text. `columns`: of all rows, the label among them; 0: those of the first. `label`: the name of its column in
/// the header, or its place counted from 1; empty: the last. A first line without any number outside the label's column is a
/// header. Labels are numbered by `book`. `name` is the file's, for errors.
/// Errors: InputError with the line for another number of fields, a field that is no finite number, too many columns or labels,
/// and a text without rows.
struct CsvRows {
  DenseRows rows;
  std::size_t columns = 0;
};
CsvRows read_csv(std::string_view text, const std::string& name, const std::string& label,
                 std::size_t columns, LabelBook& book);

/// Both splits of the files. Of one file alone `fraction` of the rows are for tests, drawn with the seed.
DataSplits load_csv(const std::filesystem::path& path, const std::string& label, std::uint64_t seed,
                    double fraction);

}  // namespace murm
