// One pre-norm transformer block: x + proj(attention(norm(x))), then x + out(gelu(fc(norm(x)))).
// Room: models. Works on a Device; knows no batch, loss or other block.
// Caller: models/gpt. Source: Vaswani et al. 2017, with the norms before the branches (Radford et al. 2019, GPT-2).
// Deviation: dropout after the two branches, none on the attention's probabilities.
#pragma once
#include <string>
#include <vector>

#include "gpu/device.hpp"
#include "models/arena.hpp"
#include "models/objective.hpp"

namespace murm {

/// Names and sizes within the block, one behind the other: norm1, qkv, proj, norm2, fc, out; weights before biases.
std::vector<ParameterTensor> block_layout(std::size_t width, const std::string& name,
                                          std::size_t offset);

/// What the way back needs of the way there, for `rows` = sequences * length rows.
struct BlockActivations {
  float* normed1 = nullptr;  // [rows,width]
  float* statistics1 = nullptr;
  float* qkv = nullptr;       // [rows,3,width]
  float* log_sums = nullptr;  // [sequences,heads,length]
  float* attended = nullptr;  // [rows,width]
  float* middle = nullptr;    // [rows,width], between the branches
  float* normed2 = nullptr;
  float* statistics2 = nullptr;
  float* hidden = nullptr;  // [rows,4 width], after gelu
  float* slope = nullptr;   // of gelu
  void take(Arena& arena, const AttentionShape& shape);
};

/// What the way back overwrites; one for all blocks.
struct BlockScratch {
  float* branch = nullptr;  // [rows,width], only with dropout
  float* normed = nullptr;  // [rows,width]
  float* qkv = nullptr;     // [rows,3,width]
  float* hidden = nullptr;  // [rows,4 width]
  void take(Arena& arena, const AttentionShape& shape, bool dropout);
};

/// Dropout of one pass: the seeds of its sequences' branches, none at probability 0.
struct BlockDropout {
  double probability = 0;
  std::vector<std::uint64_t> seeds{};  // [sequences]
};

class TransformerBlock {
 public:
  TransformerBlock(Device& device, std::size_t width) : device_(device), width_(width) {}

  /// y[rows,width] <- block(x[rows,width]); y is another array than x. `parameters`: the block's own.
  void forward(const AttentionShape& shape, const float* parameters, const BlockDropout& dropout,
               const float* x, const BlockActivations& kept, float* y);
  /// dx[rows,width]: the derivative by y, overwritten by that by x. `gradient` [the block's own] is added to.
  void backward(const AttentionShape& shape, const float* parameters, const BlockDropout& dropout,
                const float* x, const BlockActivations& kept, const BlockScratch& scratch,
                float* dx, float* gradient, bool add);

 private:
  /// to <- residual + dropout(linear(from))
  void branch(const AttentionShape& shape, std::size_t in, const BlockDropout& dropout,
              std::uint64_t which, const float* from, const float* weight, const float* residual,
              float* to);
  void drop(const AttentionShape& shape, const BlockDropout& dropout, std::uint64_t which,
            float* x);
  /// The derivative by a branch's output: dx itself, or a copy with the same numbers dropped.
  const float* branch_gradient(const AttentionShape& shape, const BlockDropout& dropout,
                               std::uint64_t which, const BlockScratch& scratch, const float* dx);

  Device& device_;
  std::size_t width_;
};

}  // namespace murm
