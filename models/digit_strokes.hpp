// How the ten digits are written: strokes through control points, several ways for each digit.
// Room: models. Geometry only; no pixel, no randomness.
// Caller: models/digits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace murm {

/// x to the right, y downwards, both about -1..1.
struct StrokePoint {
  float x = 0;
  float y = 0;
};

/// Straight between its points, or a curve through them.
struct Stroke {
  std::span<const StrokePoint> points;
  bool curved = false;
};

constexpr std::size_t stroke_points_max = 12;  // of one stroke
constexpr std::size_t strokes_max = 3;         // of one digit

using DigitShape = std::span<const Stroke>;

/// The ways to write `digit`, 0..9.
std::span<const DigitShape> digit_shapes(std::uint8_t digit);

}  // namespace murm
