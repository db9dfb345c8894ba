#include "models/digits.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "algorithms/random.hpp"
#include "models/digit_strokes.hpp"

namespace murm {
namespace {

constexpr std::size_t curve_pieces = 3;  // straight pieces between two control points of a curve
constexpr std::size_t segments_max = strokes_max * (stroke_points_max - 1) * curve_pieces;
constexpr auto side = static_cast<int>(digit_side);

struct Segment {
  StrokePoint from;
  StrokePoint to;
};

struct Segments {
  std::array<Segment, segments_max> list;
  std::size_t count = 0;
};

/// From the square of the strokes to pixels: the hand of one writer.
class Hand {
 public:
  explicit Hand(Random& random) {
    const float angle = random.uniform(-0.22F, 0.22F);
    const float slant = random.uniform(-0.35F, 0.45F);
    const float height = random.uniform(7.0F, 10.5F);
    const float width = height * random.uniform(0.65F, 1.15F);
    const float c = std::cos(angle);
    const float s = std::sin(angle);
    xx_ = c * width;
    xy_ = -c * slant * height - s * height;
    yx_ = s * width;
    yy_ = -s * slant * height + c * height;
    const float middle = 0.5F * static_cast<float>(side);
    x0_ = middle + random.uniform(-1.8F, 1.8F);
    y0_ = middle + random.uniform(-1.8F, 1.8F);
    for (Wave& wave : waves_) {
      wave = {random.uniform(-0.11F, 0.11F), random.uniform(1.0F, 3.0F),
              random.uniform(0.0F, 2.0F * std::numbers::pi_v<float>)};
    }
  }

  StrokePoint place(StrokePoint p) const {
    const StrokePoint bent{p.x + waves_[0].at(p.y), p.y + waves_[1].at(p.x)};
    return {x0_ + xx_ * bent.x + xy_ * bent.y, y0_ + yx_ * bent.x + yy_ * bent.y};
  }

 private:
  struct Wave {
    float size = 0;
    float frequency = 0;
    float phase = 0;
    float at(float t) const { return size * std::sin(frequency * t + phase); }
  };

  float xx_, xy_, yx_, yy_, x0_, y0_;
  std::array<Wave, 2> waves_;
};

/// Catmull-Rom: the curve through b and c, with a and d as its neighbours.
StrokePoint curve(StrokePoint a, StrokePoint b, StrokePoint c, StrokePoint d, float t) {
  const auto mix = [t](float p, float q, float r, float s) {
    return q + 0.5F * t * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p)));
  };
  return {mix(a.x, b.x, c.x, d.x), mix(a.y, b.y, c.y, d.y)};
}

/// Control points move a little; those that strokes share move alike when they are at the same place.
void add_stroke(const Stroke& stroke, const Hand& hand, Random& random, Segments& segments) {
  constexpr float wobble = 0.14F;
  const std::size_t count = std::min(stroke.points.size(), stroke_points_max);
  std::array<StrokePoint, stroke_points_max> p;
  for (std::size_t i = 0; i < count; ++i) {
    const StrokePoint moved{stroke.points[i].x + random.uniform(-wobble, wobble),
                            stroke.points[i].y + random.uniform(-wobble, wobble)};
    p[i] = hand.place(moved);
  }
  const std::size_t pieces = stroke.curved ? curve_pieces : 1;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    StrokePoint from = p[i];
    for (std::size_t k = 1; k <= pieces; ++k) {
      const float t = static_cast<float>(k) / static_cast<float>(pieces);
      const StrokePoint to = k == pieces ? p[i + 1]
                                         : curve(p[i == 0 ? 0 : i - 1], p[i], p[i + 1],
                                                 p[std::min(i + 2, count - 1)], t);
      segments.list[segments.count++] = {from, to};
      from = to;
    }
  }
}

using Canvas = std::array<float, digit_pixels>;

/// Lowers squared distances to those from one segment, within `reach` pixels of it.
void draw_distance(const Segment& s, float reach, Canvas& squared) {
  const auto clamp = [](float v) { return std::clamp(static_cast<int>(v), 0, side - 1); };
  const int left = clamp(std::min(s.from.x, s.to.x) - reach);
  const int right = clamp(std::max(s.from.x, s.to.x) + reach);
  const int top = clamp(std::min(s.from.y, s.to.y) - reach);
  const int bottom = clamp(std::max(s.from.y, s.to.y) + reach);
  const float dx = s.to.x - s.from.x;
  const float dy = s.to.y - s.from.y;
  const float inverse = 1.0F / (dx * dx + dy * dy + 1e-6F);
  for (int y = top; y <= bottom; ++y) {
    const float py = static_cast<float>(y) + 0.5F - s.from.y;
    float* row = squared.data() + y * side;
    for (int x = left; x <= right; ++x) {
      const float px = static_cast<float>(x) + 0.5F - s.from.x;
      float t = (px * dx + py * dy) * inverse;
      t = t < 0.0F ? 0.0F : t;
      t = t > 1.0F ? 1.0F : t;
      const float ex = px - t * dx;
      const float ey = py - t * dy;
      const float d = ex * ex + ey * ey;
      row[x] = d < row[x] ? d : row[x];
    }
  }
}

/// Ink by distance with a soft edge, then paper noise: a sum of two random bytes for each pixel.
void develop(const Canvas& squared, float radius, float softness, float ink, float noise,
             Random& random, std::span<std::uint8_t, digit_pixels> pixels) {
  static_assert(digit_pixels % 2 == 0);
  std::array<float, digit_pixels> grain;
  for (std::size_t i = 0; i < digit_pixels; i += 2) {
    const std::uint32_t bits = random.next();
    grain[i] = static_cast<float>((bits & 255U) + (bits >> 8U & 255U)) - 255.0F;
    grain[i + 1] = static_cast<float>((bits >> 16U & 255U) + (bits >> 24U)) - 255.0F;
  }
  const float slope = 1.0F / softness;
  for (std::size_t i = 0; i < digit_pixels; ++i) {
    float cover = 0.5F + (radius - std::sqrt(squared[i])) * slope;
    cover = cover < 0.0F ? 0.0F : cover;
    cover = cover > 1.0F ? 1.0F : cover;
    float value = ink * cover + noise * grain[i];
    value = value < 0.0F ? 0.0F : value;
    value = value > 255.0F ? 255.0F : value;
    pixels[i] = static_cast<std::uint8_t>(static_cast<int>(value + 0.5F));
  }
}

}  // namespace

std::uint8_t draw_digit(std::uint64_t seed, bool test_split, std::uint64_t index,
                        std::span<std::uint8_t, digit_pixels> pixels) {
  Random random(seed, (index << 1U) | (test_split ? 1U : 0U));
  const auto digit = static_cast<std::uint8_t>(random.below(10));
  const std::span<const DigitShape> shapes = digit_shapes(digit);
  const DigitShape shape = shapes[random.below(static_cast<std::uint32_t>(shapes.size()))];
  const Hand hand(random);
  const float radius = random.uniform(0.7F, 1.7F);
  const float softness = random.uniform(0.8F, 1.8F);
  const float ink = random.uniform(150.0F, 255.0F);
  const float noise = random.uniform(0.0F, 0.25F);
  Segments segments;
  for (const Stroke& stroke : shape) add_stroke(stroke, hand, random, segments);
  const float reach = radius + 0.5F * softness + 0.5F;
  Canvas squared;
  squared.fill(1e4F);
  for (std::size_t i = 0; i < segments.count; ++i) draw_distance(segments.list[i], reach, squared);
  develop(squared, radius, softness, ink, noise, random, pixels);
  return digit;
}

std::shared_ptr<const ByteSamples> make_digits_split(std::uint64_t seed, bool test_split,
                                                     std::size_t count) {
  std::vector<std::uint8_t> pixels(count * digit_pixels);
  std::vector<std::uint8_t> labels(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<std::uint8_t, digit_pixels> picture(pixels.data() + i * digit_pixels,
                                                        digit_pixels);
    labels[i] = draw_digit(seed, test_split, i, picture);
  }
  const SampleShape shape{digit_pixels, 10, 1, {digit_side, digit_side, 1}};
  return std::make_shared<ByteSamples>(shape, bytes_of(std::move(pixels)), std::move(labels));
}

DataSplits make_digits(std::uint64_t seed, std::size_t train, std::size_t test) {
  return {make_digits_split(seed, false, train), make_digits_split(seed, true, test)};
}

}  // namespace murm
