// Loops of normalisation and dropout over contiguous memory.
// Room: gpu/host. Knows arrays of numbers; no tensor.
// Caller: gpu/host/host_sequences. Sums have 16 lanes, whatever vector unit carries them out.
#pragma once
#include <cstddef>
#include <cstdint>

namespace murm::host {

/// One row each of SequenceAlgebra's layer_norm and its way back; `statistics` [2].
void layer_norm_row(std::size_t width, const float* x, const float* scale, const float* shift,
                    float* y, float* statistics);
void layer_norm_gradient_row(std::size_t width, const float* x, const float* scale,
                             const float* statistics, const float* dy, float* dx, float* dscale,
                             float* dshift);
/// y <- a + b
void add(std::size_t n, const float* a, const float* b, float* y);
void dropout(std::size_t n, std::uint64_t seed, double probability, float* x);

}  // namespace murm::host
