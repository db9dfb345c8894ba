#include "models/data_factory.hpp"

#include "algorithms/vocabulary.hpp"
#include "models/digits.hpp"
#include "models/idx.hpp"
#include "models/made_up_text.hpp"
#include "models/text.hpp"

namespace murm {
namespace {

void require_samples(const char* key, std::uint64_t count) {
  constexpr std::uint64_t samples_max = 50'000'000;  // 39 GB of pictures
  if (count >= 1 && count <= samples_max) return;
  throw InputError(std::string("[models] ") + key + " = " + std::to_string(count) +
                   ", expected 1 to " + std::to_string(samples_max) +
                   ". HINT: leave the key out for the default.");
}

std::shared_ptr<const Dataset> load_text(const DataSource& source, Split split,
                                         std::uint64_t count) {
  const bool test = split == Split::test;
  if (is_made_up(source)) return make_text_split(source.seed, test, count, source.context);
  return text_split(read_text(source.path), test, count, source.context);
}

}  // namespace

bool is_made_up(const DataSource& source) {
  return source.kind == "digits" || (source.kind == "text" && source.path.empty());
}

DataSplits load_data(const DataSource& source, std::uint64_t train, std::uint64_t test) {
  require_samples("data.train", train);
  require_samples("data.test", test);
  if (source.kind == "digits") return make_digits(source.seed, train, test);
  if (source.kind == "mnist") return load_mnist(source.path, train, test);
  if (source.kind == "text")
    return {load_text(source, Split::train, train), load_text(source, Split::test, test)};
  throw InputError("[models] data.kind = \"" + source.kind +
                   "\", expected \"digits\", \"mnist\" or \"text\". HINT: check the spelling.");
}

std::shared_ptr<const Dataset> load_split(const DataSource& source, Split split,
                                          std::uint64_t count) {
  if (source.kind == "digits" || source.kind == "text") {
    require_samples(split == Split::test ? "data.test" : "data.train", count);
    if (source.kind == "text") return load_text(source, split, count);
    return make_digits_split(source.seed, split == Split::test, count);
  }
  const DataSplits both = load_data(source, split == Split::train ? count : 1,
                                    split == Split::test ? count : 1);
  return split == Split::test ? both.test : both.train;
}

}  // namespace murm
