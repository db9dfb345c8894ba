// The k largest coefficients of a cosine transform of each chunk, and what the senders of such coefficients agree on.
// Room: algorithms. Arithmetic on host memory, the same bits for every vector width.
// Caller: local_update/demo. Source: Peng, Quesnelle & Kingma 2024 (DeMo), arXiv:2411.19870.
#pragma once
#include <memory>

#include "algorithms/compression/codec.hpp"
#include "algorithms/local_update/dct_layout.hpp"

namespace murm {

/// For the sender: the largest coefficients of each chunk, of equal magnitudes the first. Decoding gives what the receiver
/// learns of the numbers.
/// Deviation: chunks are runs of the flat vector; matrices are not transformed in two dimensions.
std::unique_ptr<Codec> make_dct_code(const DctShape& shape, std::size_t length);

/// For the receiver: its length is twice the number of coefficients. Decoding a payload gives its coefficients (0 where none
/// was sent), then 1 where one was sent, else 0. Encoding sums of such pairs gives the signs of the numbers (-1, 0 or 1) whose
/// coefficients are the means over those who sent them.
std::unique_ptr<Codec> make_dct_vote(const DctShape& shape, std::size_t length);

}  // namespace murm
