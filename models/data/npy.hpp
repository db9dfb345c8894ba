// Reads .npy, the format of NumPy's arrays: mapped, their numbers converted when a sample is read.
// Room: models/data. Knows the format; not who trains on it. Files are untrusted: the header is judged before anything is used.
// Caller: models/data_factory, tests/fuzz. Source: numpy.org, NEP 1, "A simple file format for NumPy arrays".
#pragma once
#include <filesystem>
#include <vector>

#include "models/data/bytes.hpp"
#include "models/dataset.hpp"

namespace murm {

constexpr std::size_t npy_header_bytes_max = 65536;
constexpr std::size_t npy_dimensions_max = 8;
constexpr std::uint64_t npy_numbers_max = std::uint64_t{1} << 40U;
constexpr std::size_t npy_features_max = std::size_t{1} << 24U;
constexpr std::size_t npy_classes_max = 65536;

enum class NpyType : std::uint8_t { f4, f8, u1, i4, i8 };

struct NpyArray {
  std::filesystem::path path;  // for errors
  NpyType type = NpyType::f4;
  std::vector<std::size_t> shape;  // at least one dimension, all positive
  Bytes data;                      // in C order, exactly the numbers of the shape
  std::size_t rows() const { return shape.front(); }
  std::size_t numbers() const;  // of one row
};

/// Versions 1 and 2; <f4, <f8, |u1, <i4 or <i8; C order; 1 to 8 dimensions.
/// Errors: InputError for another kind of file, order or type, an empty or too large shape, and data that are not exactly those of it.
NpyArray parse_npy(Bytes bytes, const std::filesystem::path& path);

/// Both splits: a folder with x_train.npy, y_train.npy, x_test.npy, y_test.npy, or with x.npy and y.npy, of which `fraction` are for
/// tests, drawn with the seed. x [samples][...]: 2 or 3 further dimensions are a picture, height x width (x channels); bytes are
/// read as b / 255. y [samples] or [samples][1]: whole numbers, 0 to classes - 1.
/// Errors: as above; InputError for numbers of samples that differ, and labels that are none.
DataSplits load_npy(const std::filesystem::path& folder, std::uint64_t seed, double fraction);

}  // namespace murm
