#include "gpu/cuda/products.hpp"

#include <cublasLt.h>

#include <compare>
#include <cstdint>
#include <map>
#include <vector>

#include "gpu/cuda/algebra.hpp"
#include "gpu/cuda/check.hpp"

namespace murm::cuda {
namespace {

/// What cuBLAS itself takes on the largest devices.
constexpr std::uint64_t kWorkspaceBytes = std::uint64_t{32} << 20U;
/// Loads of 16 bytes are the widest there are; parameters inside a flat vector may be aligned to 4.
constexpr std::uint32_t kWideAlignment = 16;

template <class T, cublasStatus_t (*destroy)(T*)>
struct Destroy {
  void operator()(T* thing) const { (void)destroy(thing); }
};
template <class T, cublasStatus_t (*destroy)(T*)>
using Owned = std::unique_ptr<T, Destroy<T, destroy>>;
using Handle = Owned<cublasLtContext, cublasLtDestroy>;
using Description = Owned<cublasLtMatmulDescOpaque_t, cublasLtMatmulDescDestroy>;
using Layout = Owned<cublasLtMatrixLayoutOpaque_t, cublasLtMatrixLayoutDestroy>;
using Preference = Owned<cublasLtMatmulPreferenceOpaque_t, cublasLtMatmulPreferenceDestroy>;

template <class T>
void set(const Description& description, cublasLtMatmulDescAttributes_t attribute, const T& value) {
  check(cublasLtMatmulDescSetAttribute(description.get(), attribute, &value, sizeof(value)),
        "cublasLtMatmulDescSetAttribute");
}

template <class T>
void set(const Preference& preference, cublasLtMatmulPreferenceAttributes_t attribute,
         const T& value) {
  check(cublasLtMatmulPreferenceSetAttribute(preference.get(), attribute, &value, sizeof(value)),
        "cublasLtMatmulPreferenceSetAttribute");
}

/// A row-major matrix as cuBLAS sees it: the same memory, column by column, is its transpose.
Layout transposed_layout(std::size_t rows, std::size_t columns, cudaDataType type) {
  cublasLtMatrixLayout_t made = nullptr;
  check(cublasLtMatrixLayoutCreate(&made, type, columns, rows, static_cast<std::int64_t>(columns)),
        "cublasLtMatrixLayoutCreate");
  return Layout(made);
}

std::uint32_t alignment_of(const void* address) {
  const bool wide = reinterpret_cast<std::uintptr_t>(address) % kWideAlignment == 0;
  return wide ? kWideAlignment : sizeof(float);
}

struct Key {
  ProductShape shape;
  std::uint32_t a_alignment = 0;
  std::uint32_t b_alignment = 0;
  std::uint32_t c_alignment = 0;
  std::uint32_t added_alignment = 0;
  friend auto operator<=>(const Key&, const Key&) = default;
};

/// c^T = op(b)^T op(a)^T: cuBLAS's first operand is our b.
struct Plan {
  Description description;
  Layout b, a, c;
  cublasLtMatmulAlgo_t algorithm{};
  std::size_t workspace_bytes = 0;
};

cublasLtEpilogue_t epilogue_of(const ProductShape& shape) {
  if (shape.bias) return shape.relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS;
  return shape.relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT;
}

Description describe(const ProductShape& shape) {
  cublasLtMatmulDesc_t made = nullptr;
  check(cublasLtMatmulDescCreate(&made, CUBLAS_COMPUTE_32F, CUDA_R_32F),
        "cublasLtMatmulDescCreate");
  Description description(made);
  set(description, CUBLASLT_MATMUL_DESC_TRANSA, shape.b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(description, CUBLASLT_MATMUL_DESC_TRANSB, shape.a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(description, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue_of(shape));
  return description;
}

Preference prefer(const Key& key) {
  cublasLtMatmulPreference_t made = nullptr;
  check(cublasLtMatmulPreferenceCreate(&made), "cublasLtMatmulPreferenceCreate");
  Preference preference(made);
  // Parts of a sum may go through the workspace; adding them up in place would leave the order to chance.
  const std::uint32_t reductions = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
  set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, reductions);
  set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, kWorkspaceBytes);
  set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, key.b_alignment);
  set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, key.a_alignment);
  set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, key.added_alignment);
  set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, key.c_alignment);
  return preference;
}

Plan make_plan(cublasLtHandle_t handle, const Key& key, cudaDataType type) {
  const ProductShape& s = key.shape;
  Plan plan;
  plan.description = describe(s);
  plan.a = s.a_transposed ? transposed_layout(s.k, s.m, type) : transposed_layout(s.m, s.k, type);
  plan.b = s.b_transposed ? transposed_layout(s.n, s.k, type) : transposed_layout(s.k, s.n, type);
  plan.c = transposed_layout(s.m, s.n, CUDA_R_32F);
  const Preference preference = prefer(key);
  cublasLtMatmulHeuristicResult_t found{};
  int count = 0;
  check(cublasLtMatmulAlgoGetHeuristic(handle, plan.description.get(), plan.b.get(), plan.a.get(),
                                       plan.c.get(), plan.c.get(), preference.get(), 1, &found,
                                       &count),
        "cublasLtMatmulAlgoGetHeuristic");
  check(count > 0 ? found.state : CUBLAS_STATUS_NOT_SUPPORTED, "cublasLtMatmulAlgoGetHeuristic");
  plan.algorithm = found.algo;
  plan.workspace_bytes = found.workspaceSize;
  return plan;
}

std::size_t numbers_for(std::size_t bytes) { return (bytes + sizeof(float) - 1) / sizeof(float); }

}  // namespace

struct Products::State {
  /// A weight, rounded.
  struct Kept {
    const float* weight = nullptr;
    std::size_t length = 0;
    Scratch memory;
  };

  State(Stream& on, bool rounds) : stream(on), bf16(rounds) {
    stream.use();
    cublasLtHandle_t made = nullptr;
    check(cublasLtCreate(&made), "cublasLtCreate");
    handle.reset(made);
  }

  const void* rounded(const float* from, std::size_t length, Scratch& to) {
    auto* halves = reinterpret_cast<std::uint16_t*>(to.numbers(numbers_for(2 * length)));
    round_to_bfloat(stream.use(), length, from, halves);
    return halves;
  }

  const void* rounded_weight(const float* weight, std::size_t length) {
    for (std::size_t i = 0; i < kept_count; ++i) {
      Kept& candidate = kept[i];
      if (candidate.weight == weight && candidate.length == length) {
        return candidate.memory.numbers(0);
      }
    }
    if (kept_count == kept.size()) kept.emplace_back();
    Kept& taken = kept[kept_count++];
    taken.weight = weight;
    taken.length = length;
    return rounded(weight, length, taken.memory);
  }

  Plan& plan_for(const Key& key) {
    const auto found = plans.find(key);
    if (found != plans.end()) return found->second;
    return plans.emplace(key, make_plan(handle.get(), key, bf16 ? CUDA_R_16BF : CUDA_R_32F))
        .first->second;
  }

  Stream& stream;
  bool bf16;
  Handle handle;
  std::map<Key, Plan> plans;
  Scratch workspace, rounded_a, rounded_b;
  std::vector<Kept> kept;
  std::size_t kept_count = 0;
};

Products::Products(Stream& stream, bool bf16) : state_(std::make_unique<State>(stream, bf16)) {}

Products::~Products() = default;

void Products::new_weights() { state_->kept_count = 0; }

void Products::multiply(const ProductShape& shape, const ProductOperands& operands) {
  State& state = *state_;
  const cudaStream_t stream = state.stream.use();  // before anything is allocated
  const void* a = operands.a;
  const void* b = operands.b;
  if (state.bf16) {
    a = state.rounded(operands.a, shape.m * shape.k, state.rounded_a);
    b = operands.b_is_weight ? state.rounded_weight(operands.b, shape.k * shape.n)
                             : state.rounded(operands.b, shape.k * shape.n, state.rounded_b);
  }
  const float* added = shape.residual ? operands.residual : operands.c;
  Plan& plan = state.plan_for({.shape = shape,
                               .a_alignment = alignment_of(a),
                               .b_alignment = alignment_of(b),
                               .c_alignment = alignment_of(operands.c),
                               .added_alignment = alignment_of(added)});
  if (shape.bias) set(plan.description, CUBLASLT_MATMUL_DESC_BIAS_POINTER, operands.bias);
  const float alpha = 1;
  const float beta = shape.add || shape.residual ? 1.0F : 0.0F;
  check(cublasLtMatmul(state.handle.get(), plan.description.get(), &alpha, b, plan.b.get(), a,
                       plan.a.get(), &beta, added, plan.c.get(), operands.c, plan.c.get(),
                       &plan.algorithm, state.workspace.numbers(numbers_for(plan.workspace_bytes)),
                       plan.workspace_bytes, stream),
        "cublasLtMatmul");
}

}  // namespace murm::cuda
