#include "models/made_up_text.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "algorithms/random.hpp"

namespace murm {
namespace {

constexpr std::size_t kWords = 512;
constexpr std::uint64_t kStreams = std::uint64_t{1} << 62U;  // apart from those of the models

struct Vocabulary {
  std::vector<std::string> words;
  std::vector<std::uint32_t> sums;  // of the weights, running; word r weighs 1 / (r + 1)

  double probability(std::size_t r) const {
    const std::uint32_t below = r == 0 ? 0 : sums[r - 1];
    return static_cast<double>(sums[r] - below) / static_cast<double>(sums.back());
  }
};

char one_of(std::string_view letters, Random& random) {
  return letters[random.below(static_cast<std::uint32_t>(letters.size()))];
}

/// Consonants and vowels in turn, as in words that can be spoken.
std::string draw_word(Random& random) {
  const std::uint32_t length = 2 + random.below(4) + random.below(5);
  bool vowel = random.below(3) == 0;
  std::string word;
  while (word.size() < length) {
    word += vowel ? one_of("aaeeeiioou", random) : one_of("bcdfghjklmnpqrstvwxyz", random);
    vowel = !vowel;
  }
  return word;
}

Vocabulary make_vocabulary(std::uint64_t seed) {
  Random random(seed, kStreams);
  Vocabulary vocabulary;
  std::set<std::string> known;
  std::uint32_t sum = 0;
  while (vocabulary.words.size() < kWords) {
    std::string word = draw_word(random);
    if (!known.insert(word).second) continue;
    vocabulary.words.push_back(std::move(word));
    sum += (std::uint32_t{1} << 20U) / static_cast<std::uint32_t>(vocabulary.words.size());
    vocabulary.sums.push_back(sum);
  }
  return vocabulary;
}

std::uint8_t code_of(char letter) {
  return static_cast<std::uint8_t>(letter == ' ' ? 0 : letter - 'a' + 1);
}

}  // namespace

CodedText make_text(std::uint64_t seed, bool test_split, std::size_t count) {
  const Vocabulary vocabulary = make_vocabulary(seed);
  Random random(seed, kStreams + (test_split ? 2 : 1));
  CodedText text;
  text.alphabet = made_up_alphabet;
  text.codes.reserve(count + 10);
  while (text.codes.size() < count) {
    const std::uint32_t drawn = random.below(vocabulary.sums.back());
    const auto found = std::upper_bound(vocabulary.sums.begin(), vocabulary.sums.end(), drawn);
    const auto rank = static_cast<std::size_t>(found - vocabulary.sums.begin());
    for (const char letter : vocabulary.words[rank]) text.codes.push_back(code_of(letter));
    text.codes.push_back(code_of(' '));
  }
  text.train = text.codes.size();
  return text;
}

std::shared_ptr<const Dataset> make_text_split(std::uint64_t seed, bool test_split,
                                               std::size_t count, std::size_t context) {
  return text_split(make_text(seed, test_split, count), false, count, context);
}

std::shared_ptr<const Dataset> make_text_windows(std::uint64_t seed, bool test_split,
                                                 std::size_t count, std::size_t context) {
  const std::size_t stride = test_split ? context : 1;
  CodedText text = make_text(seed, test_split, (count - 1) * stride + context + 1);
  if (test_split) text.train = 0;  // all of it
  return text_windows(text, test_split, count, context);
}

double made_up_text_entropy(std::uint64_t seed) {
  const Vocabulary vocabulary = make_vocabulary(seed);
  double entropy = 0;
  double length = 0;
  for (std::size_t r = 0; r < kWords; ++r) {
    const double p = vocabulary.probability(r);
    entropy -= p * std::log(p);
    length += p * static_cast<double>(vocabulary.words[r].size() + 1);
  }
  return entropy / length;
}

}  // namespace murm
