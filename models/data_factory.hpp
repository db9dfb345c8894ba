// Makes the data that a job names.
// Room: models. Knows the kinds of data there are; nothing of job files.
// Caller: actors/training_node, examples.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "models/dataset.hpp"

namespace murm {

/// `kind`: "digits", made from the seed, or "mnist", the first `train` and `test` samples of the files in `path`.
/// Errors: InputError for an unknown kind, a size of 0, and files that cannot be used.
DataSplits load_data(const std::string& kind, const std::string& path, std::uint64_t seed,
                     std::uint64_t train, std::uint64_t test);

enum class Split : std::uint8_t { train, test };

/// One split alone, for a process that has no use for the other.
std::shared_ptr<const Dataset> load_split(const std::string& kind, const std::string& path,
                                          std::uint64_t seed, Split split, std::uint64_t count);

}  // namespace murm
