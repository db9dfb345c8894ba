// Logarithm, exponential and normal quantile with the same bits on every IEEE machine.
// Room: runtime/world. Knows only doubles: + - * / and sqrt, no transcendental function of the C library.
// Caller: service_time, churn. Source: Taylor series; Wichura 1988, algorithm AS 241 (PPND16).
#pragma once
#include <cstdint>

namespace murm {

/// Natural logarithm. Requires: x positive, finite and not subnormal. Relative error below 1e-15.
double portable_log(double x);
/// Relative error below 1e-15; 0 below -708, infinity above 709.
double portable_exp(double x);
/// The z that a standard normal variable stays below with probability p. Requires: 0 < p < 1. Relative error below
/// 1e-14 (in the middle, where z passes 0, so is the absolute one).
double normal_quantile(double p);
/// Uniform in (0, 1), never 0 or 1: the middle of one of 2^52 equal parts.
constexpr double open_uniform(std::uint64_t bits) {
  return (static_cast<double>(bits >> 12U) + 0.5) * 0x1p-52;
}

}  // namespace murm
