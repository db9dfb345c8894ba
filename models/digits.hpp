// Generated pictures of handwritten-looking digits: a data set that needs no files.
// Room: models. A picture is a pure function of (seed, split, index); knows no trainer.
// Caller: models/data_factory, tests. Shapes of the strokes: models/digit_strokes.
#pragma once
#include <cstdint>
#include <memory>
#include <span>

#include "models/data/byte_samples.hpp"

namespace murm {

constexpr std::size_t digit_side = 28;
constexpr std::size_t digit_pixels = digit_side * digit_side;

/// Draws one picture and returns its label, 0..9. Thread: any.
std::uint8_t draw_digit(std::uint64_t seed, bool test_split, std::uint64_t index,
                        std::span<std::uint8_t, digit_pixels> pixels);

/// The first `count` pictures of one split; a larger set begins with the smaller one.
std::shared_ptr<const ByteSamples> make_digits_split(std::uint64_t seed, bool test_split,
                                                     std::size_t count);

DataSplits make_digits(std::uint64_t seed, std::size_t train, std::size_t test);

}  // namespace murm
