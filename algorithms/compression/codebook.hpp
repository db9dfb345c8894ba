// int8: 256 bins across a tensor's range, each standing for the mean of the numbers in it.
// Room: algorithms. Element-wise body compiles for host and CUDA alike.
// Caller: codec.cpp. Source: hivemind, compression/quantization.py (Uniform8BitQuantization); INTELLECT-1's prime.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "algorithms/compression/codec.hpp"
#include "algorithms/host_device.hpp"

namespace murm {

/// The bin of x: 256 bins of width 1 / inverse_width, bin 128 centred at the mean; the outer bins take the rest.
MURM_HOST_DEVICE inline std::uint32_t bin_of(float x, float mean, float inverse_width) {
  const float place = (x - mean) * inverse_width + 128.5F;
  const float bounded = place < 255.0F ? place : 255.0F;
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(bounded > 0.0F ? bounded : 0.0F));
}

/// Payload of a tensor: 256 means, one byte a number. Deviation: the bins span 6 standard deviations to either
/// side of the mean (hivemind: 3), as prime does; tensors of less than 1024 numbers travel as they are.
std::unique_ptr<Codec> make_int8(std::size_t length, std::span<const CodecBlock> blocks);

}  // namespace murm
