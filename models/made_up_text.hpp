// Text that this program makes up: a data set for language models that needs no files.
// Room: models. A text is a pure function of (seed, split, length); knows no trainer.
// Caller: models/data_factory, tests.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "models/text.hpp"

namespace murm {

constexpr std::size_t made_up_characters = 27;  // the blank and a to z
constexpr std::string_view made_up_alphabet = " abcdefghijklmnopqrstuvwxyz";

/// At least `count` characters of made-up text: words of two to nine letters from a vocabulary of 512, a few of them frequent
/// (Zipf's law), drawn independently, with blanks between them. Vocabulary and text are pure functions of the seed; both
/// splits share the vocabulary, and a longer text begins with the shorter one.
CodedText make_text(std::uint64_t seed, bool test_split, std::size_t count);

/// `count` places of it, and `count` windows; see models/text.
std::shared_ptr<const Dataset> make_text_split(std::uint64_t seed, bool test_split,
                                               std::size_t count, std::size_t context);
std::shared_ptr<const Dataset> make_text_windows(std::uint64_t seed, bool test_split,
                                                 std::size_t count, std::size_t context);

/// Mean cross-entropy in nats that no model of this made-up text can beat in the long run: the entropy of a
/// word by its mean length, the blank included.
double made_up_text_entropy(std::uint64_t seed);

}  // namespace murm
