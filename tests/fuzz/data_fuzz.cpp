// Fuzzes the readers of data sets. Input: one byte, then the file: 0 CSV (the first line is the name of the label's column),
// 1 libsvm, 2 npy.
#include <algorithm>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "algorithms/vocabulary.hpp"
#include "models/data/csv.hpp"
#include "models/data/libsvm.hpp"
#include "models/data/npy.hpp"
#include "tests/fuzz/entry.hpp"

using namespace murm;

namespace {

void fail_unless(bool holds) {
  if (!holds) std::abort();
}

/// The labels that were read are those that the book numbered, and their ranks are the classes.
void check_labels(const std::vector<std::int32_t>& labels, const LabelBook& book) {
  const std::vector<std::int32_t> ranks = book.ranks();
  fail_unless(ranks.size() == book.size());
  for (const std::int32_t label : labels) {
    fail_unless(label >= 0);
    fail_unless(static_cast<std::size_t>(label) < book.size());
  }
}

void read_all(const Dataset& data) {
  std::vector<float> features(data.features());
  std::vector<std::int32_t> labels(data.targets());
  for (std::size_t i = 0; i < data.size(); ++i) data.read(i, features, labels);
}

void fuzz_csv(std::string_view text) {
  const auto end = std::min(text.find('\n'), text.size());
  LabelBook book;
  CsvRows csv = read_csv(text.substr(std::min(end + 1, text.size())), "a.csv",
                         std::string(text.substr(0, end)), 0, book);
  check_labels(csv.rows.labels, book);
  read_all(DenseTable(std::move(csv.rows), csv.columns - 1, book.size()));
}

void fuzz_libsvm(std::string_view text) {
  LabelBook book;
  SparseRows rows = read_libsvm(text, "a", book);
  check_labels(rows.labels, book);
  std::size_t features = 1;
  for (const std::uint32_t column : rows.columns)
    features = std::max<std::size_t>(features, column + 1);
  fail_unless(features <= libsvm_features_max);
  if (features < 1000) read_all(SparseTable(std::move(rows), features, book.size()));
}

void fuzz_npy(std::string_view text) {
  const NpyArray array = parse_npy(bytes_of({text.begin(), text.end()}), "a.npy");
  fail_unless(array.rows() > 0);
  fail_unless(array.rows() * array.numbers() <= array.data.size());
  fail_unless(array.shape.size() <= npy_dimensions_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  try {
    if (data[0] % 3 == 0) fuzz_csv(text);
    if (data[0] % 3 == 1) fuzz_libsvm(text);
    if (data[0] % 3 == 2) fuzz_npy(text);
  } catch (const InputError&) {  // refused
  }
  return 0;
}
