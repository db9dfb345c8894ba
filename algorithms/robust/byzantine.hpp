// Byzantine behaviour for experiments: turns a worker's honest gradient into an attack.
// Room: algorithms. Arithmetic on one worker's gradients; knows no other worker.
// Caller: the worker that `emulate.byzantine` names, before it sends. Sources and deviations: docs/robust.md.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "algorithms/random.hpp"

namespace murm {

enum class AttackKind : std::uint8_t {
  sign_flip,         // -10 times the gradient
  noise,             // instead of the gradient, normal noise of 100 times its root mean square
  little_is_enough,  // Baruch et al. 2019, arXiv:1902.06156: mean - 1.5 deviations, per coordinate
  zero,              // nothing
};

/// Names of job files, in the order of AttackKind: "sign-flip", "noise", "little-is-enough", "zero".
std::span<const std::string_view> attack_names();
std::optional<AttackKind> attack_named(std::string_view name);

/// One attacker. Deterministic: what it sends depends on seed, worker and the gradients it was given, in order.
/// Deviation: it is alone. The paper's attackers of little_is_enough estimate mean and deviation from each other's
/// honest gradients of one step; this one from its own gradients of the last steps (exponentially, weight 0.1).
class Attack {
 public:
  Attack(AttackKind kind, std::uint64_t seed, std::uint64_t worker);

  /// `gradient_sum` is a sum over `samples`, and so is what it becomes. Requires: samples > 0.
  /// little_is_enough begins anew where the length changes; its first gradient is honest.
  /// Cost: one pass; noise: two passes and a normal number for each coordinate.
  void corrupt(std::span<float> gradient_sum, double samples);

 private:
  void send_noise(std::span<float> gradient_sum);
  void send_little(std::span<float> gradient_sum, double samples);

  AttackKind kind_;
  Random random_;
  std::uint64_t seen_ = 0;   // gradients of this length
  std::vector<float> mean_;  // little_is_enough: of a sample, for each coordinate
  std::vector<float> variance_;
};

}  // namespace murm
