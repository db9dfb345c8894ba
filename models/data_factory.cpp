#include "models/data_factory.hpp"

#include <algorithm>

#include "algorithms/vocabulary.hpp"
#include "models/data/cifar.hpp"
#include "models/data/csv.hpp"
#include "models/data/libsvm.hpp"
#include "models/data/npy.hpp"
#include "models/data/tokens.hpp"
#include "models/digits.hpp"
#include "models/idx.hpp"
#include "models/made_up_text.hpp"
#include "models/text.hpp"

namespace murm {
namespace {

constexpr std::uint64_t made_up_train = 60'000;
constexpr std::uint64_t made_up_test = 10'000;
constexpr std::uint64_t made_up_max = 50'000'000;  // 39 GB of pictures

std::size_t limit_of(std::uint64_t count) { return count == 0 ? all_samples : count; }

std::shared_ptr<const Dataset> made_up_split(const DataSource& source, Split split,
                                             std::uint64_t asked) {
  const bool test = split == Split::test;
  const std::uint64_t count = made_up_samples(source, split, asked);
  if (source.kind == "digits") return make_digits_split(source.seed, test, count);
  return source.windows ? make_text_windows(source.seed, test, count, source.context)
                        : make_text_split(source.seed, test, count, source.context);
}

std::shared_ptr<const Dataset> sequence_split(const DataSource& source, Split split,
                                              std::uint64_t count) {
  const bool test = split == Split::test;
  if (source.kind == "tokens") {
    const TokenFiles files = open_tokens(source.path, source.vocabulary);
    return token_split(files, test, limit_of(count), source.context);
  }
  const CodedText text = read_text(source.path);
  return source.windows ? text_windows(text, test, limit_of(count), source.context)
                        : text_split(text, test, limit_of(count), source.context);
}

bool is_sequence(const DataSource& source) {
  return source.kind == "text" || source.kind == "tokens";
}

/// Kinds whose files are opened together: what one split looks like depends on both.
DataSplits load_files(const DataSource& source, std::uint64_t train, std::uint64_t test) {
  const std::string& kind = source.kind;
  if (kind == "mnist" || kind == "idx") {
    const std::size_t classes = kind == "mnist" ? mnist_classes : 0;
    return load_idx(source.path, limit_of(train), limit_of(test), classes);
  }
  DataSplits splits;
  if (kind == "cifar") {
    splits = load_cifar(source.path);
  } else if (kind == "csv") {
    splits = load_csv(source.path, source.label, source.seed, source.test_fraction);
  } else if (kind == "libsvm") {
    splits = load_libsvm(source.path, source.seed, source.test_fraction);
  } else if (kind == "npy") {
    splits = load_npy(source.path, source.seed, source.test_fraction);
  } else {
    throw InputError(
        "[models] data.kind = \"" + kind +
        "\", expected \"digits\", \"mnist\", \"idx\", \"cifar\", \"text\", \"tokens\", "
        "\"csv\", \"libsvm\" or \"npy\". HINT: check the spelling.");
  }
  return {first_of(splits.train, limit_of(train)), first_of(splits.test, limit_of(test))};
}

}  // namespace

bool is_made_up(const DataSource& source) {
  return source.kind == "digits" || (source.kind == "text" && source.path.empty());
}

std::uint64_t made_up_samples(const DataSource& source, Split split, std::uint64_t count) {
  const bool test = split == Split::test;
  if (count > made_up_max) {
    throw InputError(std::string("[models] ") + (test ? "data.test" : "data.train") + " = " +
                     std::to_string(count) + ", expected at most " + std::to_string(made_up_max) +
                     " samples that are made up. HINT: leave the key out for the default.");
  }
  if (count > 0) return count;
  if (!test) return made_up_train;
  return source.windows ? std::max<std::uint64_t>(1, made_up_test / source.context) : made_up_test;
}

DataSplits load_data(const DataSource& source, std::uint64_t train, std::uint64_t test) {
  if (!is_made_up(source) && !is_sequence(source)) return load_files(source, train, test);
  return {load_split(source, Split::train, train), load_split(source, Split::test, test)};
}

std::shared_ptr<const Dataset> load_split(const DataSource& source, Split split,
                                          std::uint64_t count) {
  if (is_made_up(source)) return made_up_split(source, split, count);
  if (is_sequence(source)) return sequence_split(source, split, count);
  const bool test = split == Split::test;
  const DataSplits both = load_files(source, test ? 1 : count, test ? count : 1);
  return test ? both.test : both.train;
}

std::string alphabet_of(const DataSource& source) {
  MURM_ASSERT(source.kind == "text", source.kind);
  return is_made_up(source) ? std::string(made_up_alphabet) : read_text(source.path).alphabet;
}

}  // namespace murm
