// Reads CIFAR-10 in its binary form: mapped files of 3,073-byte records.
// Room: models/data. Knows the format; not who trains on it. Files are untrusted: sizes and labels are checked when opened.
// Caller: models/data_factory. Source: www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
#pragma once
#include <filesystem>

#include "models/dataset.hpp"

namespace murm {

/// Finds data_batch_1.bin to data_batch_5.bin and test_batch.bin in `folder`, or in the folder cifar-10-batches-bin
/// there. Pictures of 32 x 32 x 3, a byte b read as b / 255; the planes of a file become channels.
/// Errors: InputError for a missing file, one that is no whole number of records, and a label above 9.
DataSplits load_cifar(const std::filesystem::path& folder);

}  // namespace murm
