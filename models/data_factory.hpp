// Makes the data that a job names.
// Room: models. Knows the kinds of data there are; nothing of job files.
// Caller: actors/job_plan, examples. Reference for users: docs/data.md.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "models/dataset.hpp"

namespace murm {

struct DataSource {
  std::string kind = "digits";   // digits, mnist, idx, cifar, text, tokens, csv, libsvm, npy
  std::string path{};            // file or folder; digits: none; text: empty for a made-up one
  std::uint64_t seed = 1;        // of what is made up, and of splits at random
  std::uint64_t context = 16;    // text, tokens: length of what is seen
  bool windows = false;          // text: every character of a sample has its label
  std::uint64_t vocabulary = 0;  // tokens: how many there are; 0: as the files say
  std::string label{};           // csv: name or place of its column; empty: the last
  double test_fraction = 0.1;    // csv, libsvm, npy: for tests, where there is no file for them
};

enum class Split : std::uint8_t { train, test };

/// The first `train` and `test` samples; fewer where the files have fewer. 0: all of the files; of what is made up, as
/// many as made_up_samples says. Errors: InputError for an unknown kind, and files that cannot be used.
DataSplits load_data(const DataSource& source, std::uint64_t train, std::uint64_t test);

/// One split alone, for a process that has no use for the other.
std::shared_ptr<const Dataset> load_split(const DataSource& source, Split split,
                                          std::uint64_t count);

/// True for data that is made up from the seed: as many samples as wanted, without any file.
bool is_made_up(const DataSource& source);

/// `count`, or where it is 0 how many are made up: 60,000 for training, 10,000 for tests; of windows for tests, whose
/// every character counts, so many that they have about 10,000 characters. Errors: InputError above 50 million.
std::uint64_t made_up_samples(const DataSource& source, Split split, std::uint64_t count);

/// What the codes of a text stand for: code -> byte. Requires: kind "text" (asserted).
std::string alphabet_of(const DataSource& source);

}  // namespace murm
