#include "models/data/npy.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "models/data/table.hpp"

namespace murm {
namespace {

namespace fs = std::filesystem;

constexpr const char* folder_hint =
    "data.path is a folder with x_train.npy, y_train.npy, x_test.npy and y_test.npy, or with x.npy "
    "and y.npy";

template <class From>
From load(const std::uint8_t* data, std::size_t index) {
  From value;  // the data of old files are not aligned
  std::memcpy(&value, data + index * sizeof value, sizeof value);
  return value;
}

template <class From>
void convert(const std::uint8_t* data, std::size_t begin, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<float>(load<From>(data, begin + i));
}

void read_numbers(const NpyArray& x, std::size_t begin, std::size_t count, float* to) {
  const std::uint8_t* data = x.data.view.data();
  switch (x.type) {
    case NpyType::f4:
      return convert<float>(data, begin, count, to);
    case NpyType::f8:
      return convert<double>(data, begin, count, to);
    case NpyType::i4:
      return convert<std::int32_t>(data, begin, count, to);
    case NpyType::i8:
      return convert<std::int64_t>(data, begin, count, to);
    case NpyType::u1:
      for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<float>(data[begin + i]) / 255.0F;
  }
}

std::int64_t label_at(const NpyArray& y, std::size_t index) {
  const std::uint8_t* data = y.data.view.data();
  if (y.type == NpyType::u1) return data[index];
  if (y.type == NpyType::i4) return load<std::int32_t>(data, index);
  return load<std::int64_t>(data, index);
}

struct Pair {
  NpyArray x;
  NpyArray y;
};

void judge_label(const NpyArray& y, std::size_t index, std::int64_t label, std::size_t classes,
                 const char* hint) {
  if (label >= 0 && label < static_cast<std::int64_t>(classes)) return;
  refuse_file(y.path,
              "label " + std::to_string(label) + " at sample " + std::to_string(index) +
                  ", expected 0 to " + std::to_string(classes - 1),
              hint);
}

std::size_t classes_of(const NpyArray& y) {
  std::int64_t largest = 0;
  for (std::size_t i = 0; i < y.rows(); ++i) {
    const std::int64_t label = label_at(y, i);
    judge_label(y, i, label, npy_classes_max, "labels are classes, counted from 0");
    largest = std::max(largest, label);
  }
  return static_cast<std::size_t>(largest) + 1;
}

Pair open_pair(const fs::path& x_path, const fs::path& y_path) {
  const FileWords words{"a .npy file", folder_hint};
  Pair pair{parse_npy(map_file(x_path, words), x_path), parse_npy(map_file(y_path, words), y_path)};
  if (pair.x.numbers() > npy_features_max) {
    refuse_file(x_path,
                "has " + std::to_string(pair.x.numbers()) +
                    " numbers in a sample, expected at most " + std::to_string(npy_features_max),
                "the first dimension counts the samples");
  }
  const bool whole = pair.y.type != NpyType::f4 && pair.y.type != NpyType::f8;
  if (!whole || pair.y.numbers() != 1) {
    refuse_file(y_path, "does not hold one whole number for each sample, expected [samples]",
                "labels are classes, counted from 0: numpy.save('y.npy', y.astype('<i4'))");
  }
  if (pair.x.rows() != pair.y.rows()) {
    refuse_file(y_path,
                "has " + std::to_string(pair.y.rows()) + " labels, expected " +
                    std::to_string(pair.x.rows()) + ", one for each sample of " +
                    x_path.filename().string(),
                "take both files from the same set");
  }
  return pair;
}

PictureShape picture_in(const std::vector<std::size_t>& shape) {
  if (shape.size() == 3) return {shape[1], shape[2], 1};
  if (shape.size() == 4) return {shape[1], shape[2], shape[3]};
  return {};
}

class NpySamples final : public Dataset {
 public:
  NpySamples(Pair pair, std::size_t classes)
      : Dataset(pair.x.rows(), {pair.x.numbers(), classes, 1, picture_in(pair.x.shape)}),
        pair_(std::move(pair)) {}

 private:
  void read_sample(std::size_t index, float* features, std::int32_t* labels) const override {
    read_numbers(pair_.x, index * shape().features, shape().features, features);
    const std::int64_t label = label_at(pair_.y, index);
    judge_label(pair_.y, index, label, shape().classes, "the file was changed during the run");
    *labels = static_cast<std::int32_t>(label);
  }

  Pair pair_;
};

}  // namespace

std::size_t NpyArray::numbers() const {
  std::size_t product = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) product *= shape[i];
  return product;
}

DataSplits load_npy(const fs::path& folder, std::uint64_t seed, double fraction) {
  std::error_code ignored;
  if (!fs::exists(folder / "x_train.npy", ignored)) {
    Pair both = open_pair(folder / "x.npy", folder / "y.npy");
    require_two_rows(both.x.path, both.x.rows());
    const std::size_t classes = classes_of(both.y);
    return split_at_random(std::make_shared<NpySamples>(std::move(both), classes), seed, fraction);
  }
  Pair train = open_pair(folder / "x_train.npy", folder / "y_train.npy");
  Pair test = open_pair(folder / "x_test.npy", folder / "y_test.npy");
  const std::vector<std::size_t> rest(train.x.shape.begin() + 1, train.x.shape.end());
  if (rest != std::vector<std::size_t>(test.x.shape.begin() + 1, test.x.shape.end())) {
    refuse_file(test.x.path, "has samples of another shape, expected that of x_train.npy",
                "take all files from one set");
  }
  const std::size_t classes = std::max(classes_of(train.y), classes_of(test.y));
  return {std::make_shared<NpySamples>(std::move(train), classes),
          std::make_shared<NpySamples>(std::move(test), classes)};
}

}  // namespace murm
