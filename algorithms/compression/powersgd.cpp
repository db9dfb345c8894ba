#include "algorithms/compression/powersgd.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "algorithms/compression/words.hpp"
#include "algorithms/random.hpp"
#include "algorithms/vector_clones.hpp"

namespace murm {
namespace {

constexpr std::size_t kLanes = 16;
constexpr double kDependent =
    1e-6;  // what is left of a column, relative to it, when it is rounding

inline __attribute__((always_inline)) float dot(std::size_t n, const float* a, const float* b) {
  std::array<float, kLanes> lanes{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < n; ++i) lanes[i % kLanes] += a[i] * b[i];
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  return sum;
}

inline __attribute__((always_inline)) void add_scaled(std::size_t n, float a, const float* x,
                                                      float* y) {
  for (std::size_t i = 0; i < n; ++i) y[i] += a * x[i];
}

MURM_CLONES void right_product(LowRank s, const float* m, const float* q, float* p) {
  for (std::size_t i = 0; i < s.rows; ++i) {
    for (std::size_t j = 0; j < s.rank; ++j) {
      p[j * s.rows + i] = dot(s.columns, m + i * s.columns, q + j * s.columns);
    }
  }
}

MURM_CLONES void left_product(LowRank s, const float* m, const float* p, float* q) {
  std::fill_n(q, s.rank * s.columns, 0.0F);
  for (std::size_t i = 0; i < s.rows; ++i) {
    for (std::size_t j = 0; j < s.rank; ++j) {
      add_scaled(s.columns, p[j * s.rows + i], m + i * s.columns, q + j * s.columns);
    }
  }
}

MURM_CLONES void remove_direction(std::size_t n, const float* unit, float* column) {
  add_scaled(n, -dot(n, unit, column), unit, column);
}

MURM_CLONES void scale(std::size_t n, float a, float* x) {
  for (std::size_t i = 0; i < n; ++i) x[i] *= a;
}

double norm(std::size_t n, const float* x) { return std::sqrt(sum_of_squares({x, n})); }

/// Length 1, or 0 when the column has no direction. Two steps: 1 / norm may be too large for a float.
void normalise(std::size_t n, double length, float* column) {
  const float largest = largest_magnitude({column, n});
  if (!(length > 0) || !std::isfinite(length) || !(largest > 0x1p-100F)) {
    std::fill_n(column, n, 0.0F);
    return;
  }
  scale(n, static_cast<float>(1.0 / length), column);
}

class PowerSgd final : public Codec {
 public:
  PowerSgd(const CompressionOptions& options, std::size_t length,
           std::span<const CodecBlock> blocks, std::uint64_t stream)
      : Codec(length), seed_(options.seed), stream_(stream) {
    for (const CodecBlock& block : blocks) {
      const std::size_t rank = std::min({std::size_t{options.rank}, block.rows, block.columns});
      Part part{block.offset, block.size(), {block.rows, block.columns, rank}};
      if (part.shape.words() > block.size() / 2) part.shape.rank = 0;
      encoded_length_ += part.shape.rank > 0 ? part.shape.words() : part.length;
      warm_length_ += part.shape.rank * part.shape.columns;
      parts_.push_back(part);
    }
  }

  std::size_t encoded_length(std::uint64_t /*count*/) const override { return encoded_length_; }
  void reset() override { std::fill(warm_.begin(), warm_.end(), 0.0F); }
  std::vector<std::span<float>> state() override {
    warm_.resize(warm_length_);
    return {warm_};
  }

 private:
  struct Part {
    std::size_t offset = 0;
    std::size_t length = 0;
    LowRank shape;  // rank 0: travels as it is
  };

  void encode_finite(std::span<const float> values, std::span<float> payload) override {
    warm_.resize(warm_length_);
    float* q = warm_.data();
    float* out = payload.data();
    for (const Part& part : parts_) {
      const LowRank s = part.shape;
      if (s.rank == 0) {
        out = std::copy_n(values.data() + part.offset, part.length, out);
        continue;
      }
      revive(s, static_cast<std::size_t>(q - warm_.data()), q);
      factorise(s, values.data() + part.offset, q, out);
      out = std::copy_n(q, s.rank * s.columns, out + s.rank * s.rows);
      q += s.rank * s.columns;
    }
  }

  bool decode_checked(std::span<const float> payload, std::span<float> values) const override {
    const float* in = payload.data();
    for (const Part& part : parts_) {
      const LowRank s = part.shape;
      if (s.rank == 0) {
        std::copy_n(in, part.length, values.data() + part.offset);
        in += part.length;
        continue;
      }
      multiply_out(s, in, in + s.rank * s.rows, values.data() + part.offset);
      in += s.words();
    }
    return true;
  }

  /// Gives the columns of Q length 1, and those without a direction a random one.
  void revive(LowRank s, std::size_t place, float* q) const {
    for (std::size_t j = 0; j < s.rank; ++j) {
      float* column = q + j * s.columns;
      normalise(s.columns, norm(s.columns, column), column);
      if (largest_magnitude({column, s.columns}) > 0.0F) continue;
      Random random(draw_seed(seed_, stream_, counter()), place + j);
      for (std::size_t i = 0; i < s.columns; ++i) column[i] = random.uniform(-1.0F, 1.0F);
    }
  }

  std::uint64_t seed_;
  std::uint64_t stream_;
  std::vector<Part> parts_;
  std::size_t encoded_length_ = 0;
  std::size_t warm_length_ = 0;
  std::vector<float> warm_;  // Q of every matrix
};

}  // namespace

void orthonormalise(std::size_t n, std::size_t rank, float* p) {
  for (std::size_t j = 0; j < rank; ++j) {
    float* column = p + j * n;
    const double before = norm(n, column);
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t i = 0; i < j; ++i) remove_direction(n, p + i * n, column);
    }
    const double after = norm(n, column);
    normalise(n, after > kDependent * before ? after : 0.0, column);
  }
}

void factorise(LowRank shape, const float* m, float* q, float* p) {
  right_product(shape, m, q, p);
  orthonormalise(shape.rows, shape.rank, p);
  left_product(shape, m, p, q);
}

MURM_CLONES void multiply_out(LowRank shape, const float* p, const float* q, float* m) {
  for (std::size_t i = 0; i < shape.rows; ++i) {
    float* row = m + i * shape.columns;
    std::fill_n(row, shape.columns, 0.0F);
    for (std::size_t j = 0; j < shape.rank; ++j) {
      add_scaled(shape.columns, p[j * shape.rows + i], q + j * shape.columns, row);
    }
  }
}

std::unique_ptr<Codec> make_powersgd(const CompressionOptions& options, std::size_t length,
                                     std::span<const CodecBlock> blocks, std::uint64_t stream) {
  return std::make_unique<PowerSgd>(options, length, blocks, stream);
}

}  // namespace murm
