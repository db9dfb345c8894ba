// Reads the format of LIBSVM: a label, then index:value for each number that is not 0.
// Room: models/data. Knows the format; not who trains on it. Files are untrusted: every entry is judged, limits have names.
// Caller: models/data_factory, tests/fuzz. Source: www.csie.ntu.edu.tw/~cjlin/libsvm, README, "training_set_file".
#pragma once
#include <filesystem>
#include <string_view>

#include "models/data/labels.hpp"
#include "models/data/table.hpp"

namespace murm {

constexpr std::size_t libsvm_features_max = 131072;  // a sample is read as so many numbers

/// Rows of one text; columns are counted from 0 here. What follows a # is a comment. Labels are numbered by `book`.
/// Errors: InputError with the line for an index that does not ascend, is 0 or above the limit, a value or a label that is no
/// finite number, too many labels, and a text without rows.
SparseRows read_libsvm(std::string_view text, const std::string& name, LabelBook& book);

/// Both splits of `path`: one file, or a folder with train.libsvm and test.libsvm. Features: as many as the largest index of all
/// files. Of one file alone `fraction` of the rows are for tests, drawn with the seed.
DataSplits load_libsvm(const std::filesystem::path& path, std::uint64_t seed, double fraction);

}  // namespace murm
