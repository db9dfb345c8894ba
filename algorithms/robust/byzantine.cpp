#include "algorithms/robust/byzantine.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr float kFlip = -10.0F;
constexpr double kNoise = 100.0;
constexpr float kDeviations = 1.5F;  // z of the paper
constexpr float kMemory = 0.1F;      // weight of the newest gradient in mean and variance
constexpr std::uint64_t kNoiseStream = 0x62797A616E74ULL;  // "byzant"

// In the order of AttackKind.
constexpr std::array<std::string_view, 4> kNames{"sign-flip", "noise", "little-is-enough", "zero"};

}  // namespace

std::span<const std::string_view> attack_names() { return kNames; }

std::optional<AttackKind> attack_named(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<AttackKind>(found - kNames.begin());
}

Attack::Attack(AttackKind kind, std::uint64_t seed, std::uint64_t worker)
    : kind_(kind), random_(seed, spread_bits(kNoiseStream + worker)) {}

void Attack::corrupt(std::span<float> gradient_sum, double samples) {
  MURM_ASSERT(samples > 0, std::to_string(samples));
  switch (kind_) {
    case AttackKind::sign_flip:
      for (float& x : gradient_sum) x *= kFlip;
      return;
    case AttackKind::noise:
      return send_noise(gradient_sum);
    case AttackKind::little_is_enough:
      return send_little(gradient_sum, samples);
    case AttackKind::zero:
      std::fill(gradient_sum.begin(), gradient_sum.end(), 0.0F);
      return;
  }
}

void Attack::send_noise(std::span<float> gradient_sum) {
  double squares = 0;
  for (const float x : gradient_sum) squares += static_cast<double>(x) * static_cast<double>(x);
  const double mean_square = squares /
                             static_cast<double>(std::max<std::size_t>(1, gradient_sum.size()));
  const auto deviation = static_cast<float>(kNoise * std::sqrt(mean_square));
  for (float& x : gradient_sum) x = deviation * random_.normal();
}

void Attack::send_little(std::span<float> gradient_sum, double samples) {
  if (mean_.size() != gradient_sum.size()) {
    seen_ = 0;
    mean_.assign(gradient_sum.size(), 0.0F);
    variance_.assign(gradient_sum.size(), 0.0F);
  }
  ++seen_;
  // The plain mean and variance until the memory is full.
  const float weight = std::max(kMemory, 1.0F / static_cast<float>(seen_));
  const auto to_mean = static_cast<float>(1.0 / samples);
  const auto to_sum = static_cast<float>(samples);
  for (std::size_t i = 0; i < gradient_sum.size(); ++i) {
    const float difference = gradient_sum[i] * to_mean - mean_[i];
    mean_[i] += weight * difference;
    variance_[i] = (1.0F - weight) * (variance_[i] + weight * difference * difference);
    gradient_sum[i] = (mean_[i] - kDeviations * std::sqrt(variance_[i])) * to_sum;
  }
}

}  // namespace murm
