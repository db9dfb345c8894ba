#include "models/data_factory.hpp"

#include "algorithms/vocabulary.hpp"
#include "models/digits.hpp"
#include "models/idx.hpp"

namespace murm {
namespace {

void require_samples(const char* key, std::uint64_t count) {
  constexpr std::uint64_t samples_max = 50'000'000;  // 39 GB of pictures
  if (count >= 1 && count <= samples_max) return;
  throw InputError(std::string("[models] ") + key + " = " + std::to_string(count) +
                   ", expected 1 to " + std::to_string(samples_max) +
                   ". HINT: leave the key out for the default.");
}

}  // namespace

DataSplits load_data(const std::string& kind, const std::string& path, std::uint64_t seed,
                     std::uint64_t train, std::uint64_t test) {
  require_samples("data.train", train);
  require_samples("data.test", test);
  if (kind == "digits") return make_digits(seed, train, test);
  if (kind == "mnist") return load_mnist(path, train, test);
  throw InputError("[models] data.kind = \"" + kind +
                   "\", expected \"digits\" or \"mnist\". HINT: check the spelling.");
}

std::shared_ptr<const Dataset> load_split(const std::string& kind, const std::string& path,
                                          std::uint64_t seed, Split split, std::uint64_t count) {
  if (kind == "digits") {
    require_samples(split == Split::test ? "data.test" : "data.train", count);
    return make_digits_split(seed, split == Split::test, count);
  }
  const DataSplits both = load_data(kind, path, seed, split == Split::train ? count : 1,
                                    split == Split::test ? count : 1);
  return split == Split::test ? both.test : both.train;
}

}  // namespace murm
