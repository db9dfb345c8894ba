// Makes the data that a job names.
// Room: models. Knows the kinds of data there are; nothing of job files.
// Caller: actors/job_plan, examples.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "models/dataset.hpp"

namespace murm {

struct DataSource {
  std::string kind = "digits";  // digits, mnist, text
  std::string path{};           // mnist: folder; text: file or folder, or empty for a made-up one
  std::uint64_t seed = 1;       // of what is made up
  std::uint64_t context = 16;   // text: characters before each place
};

/// The first `train` and `test` samples; fewer where the files have fewer.
/// Errors: InputError for an unknown kind, a size of 0, and files that cannot be used.
DataSplits load_data(const DataSource& source, std::uint64_t train, std::uint64_t test);

enum class Split : std::uint8_t { train, test };

/// One split alone, for a process that has no use for the other.
std::shared_ptr<const Dataset> load_split(const DataSource& source, Split split,
                                          std::uint64_t count);

/// True for data that is made up from the seed: as many samples as wanted, without any file.
bool is_made_up(const DataSource& source);

}  // namespace murm
