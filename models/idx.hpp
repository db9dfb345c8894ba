// Reads IDX files, the format of MNIST, plain or compressed with gzip.
// Room: models. Knows the format; not who trains on it. Files are untrusted: sizes are checked before allocation.
// Caller: models/data_factory, tools. Source: yann.lecun.com/exdb/mnist, "FILE FORMATS".
#pragma once
#include <filesystem>
#include <limits>
#include <memory>

#include "models/data/byte_samples.hpp"

namespace murm {

constexpr std::size_t all_samples = std::numeric_limits<std::size_t>::max();

constexpr std::size_t mnist_classes = 10;

/// The first `limit` samples, or all when there are fewer; what lies behind the limit is not read. Uncompressed
/// pictures are mapped. Errors: InputError for a missing, short, over-long, damaged or foreign file, and for a label
/// that is not below `classes`.
std::shared_ptr<const ByteSamples> read_idx(const std::filesystem::path& images,
                                            const std::filesystem::path& labels,
                                            std::size_t limit = all_samples,
                                            std::size_t classes = mnist_classes);

/// Finds train-images-idx3-ubyte, train-labels-idx1-ubyte and the two t10k files in `folder`, each plain or
/// with .gz behind its name. `classes` = 0: one more than the largest label of both files, all of which are read.
/// Errors: as above, and InputError for a missing folder.
DataSplits load_idx(const std::filesystem::path& folder, std::size_t train_limit = all_samples,
                    std::size_t test_limit = all_samples, std::size_t classes = mnist_classes);

}  // namespace murm
