#include "models/transformer_block.hpp"

#include "algorithms/random.hpp"

namespace murm {
namespace {

/// Where a block's tensors begin.
struct Places {
  explicit Places(std::size_t d)
      : norm1(0),
        qkv(2 * d),
        qkv_bias(qkv + 3 * d * d),
        proj(qkv_bias + 3 * d),
        proj_bias(proj + d * d),
        norm2(proj_bias + d),
        fc(norm2 + 2 * d),
        fc_bias(fc + 4 * d * d),
        out(fc_bias + 4 * d),
        out_bias(out + 4 * d * d) {}
  std::size_t norm1, qkv, qkv_bias, proj, proj_bias, norm2, fc, fc_bias, out, out_bias;
};

}  // namespace

std::vector<ParameterTensor> block_layout(std::size_t width, const std::string& name,
                                          std::size_t offset) {
  std::vector<ParameterTensor> layout;
  const auto tensor = [&](const std::string& part, std::vector<std::size_t> shape) {
    layout.push_back({name + "." + part, std::move(shape), offset});
    offset += layout.back().size();
  };
  const auto linear = [&](const std::string& part, std::size_t in, std::size_t out) {
    tensor(part + ".weight", {out, in});
    tensor(part + ".bias", {out});
  };
  const auto norm = [&](const std::string& part) {
    tensor(part + ".weight", {width});
    tensor(part + ".bias", {width});
  };
  norm("norm1");
  linear("qkv", width, 3 * width);
  linear("proj", width, width);
  norm("norm2");
  linear("fc", width, 4 * width);
  linear("out", 4 * width, width);
  return layout;
}

void BlockActivations::take(Arena& arena, const AttentionShape& shape) {
  const std::size_t rows = shape.n * shape.length;
  const std::size_t numbers = rows * shape.width();
  normed1 = arena.take(numbers);
  statistics1 = arena.take(2 * rows);
  qkv = arena.take(3 * numbers);
  log_sums = arena.take(rows * shape.heads);
  attended = arena.take(numbers);
  middle = arena.take(numbers);
  normed2 = arena.take(numbers);
  statistics2 = arena.take(2 * rows);
  hidden = arena.take(4 * numbers);
  slope = arena.take(4 * numbers);
}

void BlockScratch::take(Arena& arena, const AttentionShape& shape, bool dropout) {
  const std::size_t numbers = shape.n * shape.length * shape.width();
  branch = arena.take(dropout ? numbers : 0);
  normed = arena.take(numbers);
  qkv = arena.take(3 * numbers);
  hidden = arena.take(4 * numbers);
}

void TransformerBlock::drop(const AttentionShape& shape, const BlockDropout& dropout,
                            std::uint64_t which, float* x) {
  const std::size_t numbers = shape.length * width_;
  for (std::size_t s = 0; s < shape.n; ++s) {
    device_.sequences().dropout(numbers, spread_bits(dropout.seeds[s] + which), dropout.probability,
                                x + s * numbers);
  }
}

void TransformerBlock::branch(const AttentionShape& shape, std::size_t in,
                              const BlockDropout& dropout, std::uint64_t which, const float* from,
                              const float* weight, const float* residual, float* to) {
  const std::size_t rows = shape.n * shape.length;
  const float* bias = weight + in * width_;
  if (dropout.probability == 0) {
    device_.linear(rows, in, width_, from, weight, {.bias = bias, .residual = residual}, to);
    return;
  }
  device_.linear(rows, in, width_, from, weight, {.bias = bias}, to);
  drop(shape, dropout, which, to);
  device_.add(rows * width_, residual, to);
}

void TransformerBlock::forward(const AttentionShape& shape, const float* parameters,
                               const BlockDropout& dropout, const float* x,
                               const BlockActivations& kept, float* y) {
  const Places at(width_);
  const std::size_t d = width_;
  const std::size_t rows = shape.n * shape.length;
  const float* p = parameters;
  SequenceAlgebra& sequences = device_.sequences();
  sequences.layer_norm(rows, d, x, p + at.norm1, p + at.norm1 + d, kept.normed1, kept.statistics1);
  device_.linear(rows, d, 3 * d, kept.normed1, p + at.qkv, {.bias = p + at.qkv_bias}, kept.qkv);
  sequences.attention(shape, kept.qkv, kept.attended, kept.log_sums);
  branch(shape, d, dropout, 1, kept.attended, p + at.proj, x, kept.middle);
  sequences.layer_norm(rows, d, kept.middle, p + at.norm2, p + at.norm2 + d, kept.normed2,
                       kept.statistics2);
  device_.linear(rows, d, 4 * d, kept.normed2, p + at.fc,
                 {.bias = p + at.fc_bias, .activation = Activation::gelu, .slope = kept.slope},
                 kept.hidden);
  branch(shape, 4 * d, dropout, 2, kept.hidden, p + at.out, kept.middle, y);
}

const float* TransformerBlock::branch_gradient(const AttentionShape& shape,
                                               const BlockDropout& dropout, std::uint64_t which,
                                               const BlockScratch& scratch, const float* dx) {
  if (dropout.probability == 0) return dx;
  device_.copy_numbers(shape.n * shape.length * width_, dx, scratch.branch);
  drop(shape, dropout, which, scratch.branch);
  return scratch.branch;
}

void TransformerBlock::backward(const AttentionShape& shape, const float* parameters,
                                const BlockDropout& dropout, const float* x,
                                const BlockActivations& kept, const BlockScratch& scratch,
                                float* dx, float* gradient, bool add) {
  const Places at(width_);
  const std::size_t d = width_;
  const std::size_t rows = shape.n * shape.length;
  const float* p = parameters;
  float* g = gradient;
  SequenceAlgebra& sequences = device_.sequences();
  if (!add) {
    device_.clear(2 * d, g + at.norm1);
    device_.clear(2 * d, g + at.norm2);
  }
  device_.linear_gradient(rows, 4 * d, d, kept.hidden, p + at.out,
                          {.dy = branch_gradient(shape, dropout, 2, scratch, dx),
                           .dw = g + at.out,
                           .dbias = g + at.out_bias,
                           .add = add,
                           .dx = scratch.hidden,
                           .activation = Activation::gelu,
                           .slope = kept.slope});
  device_.linear_gradient(rows, d, 4 * d, kept.normed2, p + at.fc,
                          {.dy = scratch.hidden,
                           .dw = g + at.fc,
                           .dbias = g + at.fc_bias,
                           .add = add,
                           .dx = scratch.normed});
  sequences.layer_norm_gradient(rows, d, kept.middle, p + at.norm2, kept.statistics2,
                                scratch.normed, dx, g + at.norm2, g + at.norm2 + d);
  device_.linear_gradient(rows, d, d, kept.attended, p + at.proj,
                          {.dy = branch_gradient(shape, dropout, 1, scratch, dx),
                           .dw = g + at.proj,
                           .dbias = g + at.proj_bias,
                           .add = add,
                           .dx = scratch.normed});
  sequences.attention_gradient(shape, kept.qkv, kept.attended, kept.log_sums, scratch.normed,
                               scratch.qkv);
  device_.linear_gradient(rows, d, 3 * d, kept.normed1, p + at.qkv,
                          {.dy = scratch.qkv,
                           .dw = g + at.qkv,
                           .dbias = g + at.qkv_bias,
                           .add = add,
                           .dx = scratch.normed});
  sequences.layer_norm_gradient(rows, d, x, p + at.norm1, kept.statistics1, scratch.normed, dx,
                                g + at.norm1, g + at.norm1 + d);
}

}  // namespace murm
