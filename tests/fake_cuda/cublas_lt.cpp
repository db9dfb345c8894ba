#include <array>
#include <bit>
#include <cstdio>
#include <cstring>

#include "tests/fake_cuda/cublasLt.h"
#include "tests/fake_cuda/stream.hpp"

using namespace murm::fake_cuda;

struct cublasLtContext {};
struct cublasLtMatmulDescOpaque_t {
  cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
  cublasOperation_t a_operation = CUBLAS_OP_N;
  cublasOperation_t b_operation = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void* bias = nullptr;
};
struct cublasLtMatrixLayoutOpaque_t {
  cudaDataType type = CUDA_R_32F;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::int64_t leading = 0;
  cublasLtOrder_t order = CUBLASLT_ORDER_COL;
  std::int32_t batch = 1;
  std::int64_t batch_stride = 0;

  std::size_t element_bytes() const { return type == CUDA_R_32F ? 4 : 2; }
  std::size_t index(std::size_t row, std::size_t column) const {
    const auto step = static_cast<std::size_t>(leading);
    return order == CUBLASLT_ORDER_COL ? column * step + row : row * step + column;
  }
  /// From the first element to behind the last one.
  std::size_t bytes() const {
    const auto before = static_cast<std::size_t>(batch - 1) *
                        static_cast<std::size_t>(batch_stride);
    return (before + index(rows - 1, columns - 1) + 1) * element_bytes();
  }
  bool sound() const {
    const std::uint64_t run = order == CUBLASLT_ORDER_COL ? rows : columns;
    return rows > 0 && columns > 0 && batch > 0 && leading > 0 &&
           static_cast<std::uint64_t>(leading) >= run;
  }
};
struct cublasLtMatmulPreferenceOpaque_t {
  std::array<std::uint32_t, 4> alignments{256, 256, 256, 256};  // of A, B, C, D
  std::uint64_t workspace_bytes = 0;
};

namespace {

using Layout = cublasLtMatrixLayoutOpaque_t;
using Description = cublasLtMatmulDescOpaque_t;

constexpr std::uint64_t kWorkspaceBytes = 1024;  // that the algorithm asks for, where it may

template <class Body>
cublasStatus_t blas_call(const char* function, Body body, Needs needs = Needs::device) {
  switch (begin_call(function, needs)) {
    case cudaSuccess:
      return body();
    case cudaErrorNoDevice:
      return CUBLAS_STATUS_NOT_INITIALIZED;
    case cudaErrorMemoryAllocation:
      return CUBLAS_STATUS_ALLOC_FAILED;
    default:
      if (needs == Needs::release) body();
      return CUBLAS_STATUS_EXECUTION_FAILED;
  }
}

template <class T>
cublasStatus_t take(T& to, const void* value, std::size_t bytes) {
  if (value == nullptr || bytes != sizeof(T)) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&to, value, sizeof(T));
  return CUBLAS_STATUS_SUCCESS;
}

template <class T>
cublasStatus_t destroy(const char* function, T* thing) {
  return blas_call(
      function,
      [&] {
        delete thing;
        return CUBLAS_STATUS_SUCCESS;
      },
      Needs::release);
}

/// tf32: 10 bits of the mantissa, nearest, ties away from zero.
float round_to_tf32(float x) {
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(x) + 0x1000U) & 0xFFFFE000U);
}

float element(const void* matrix, const Layout& layout, std::size_t i, bool tf32) {
  if (layout.type == CUDA_R_32F) {
    const float x = static_cast<const float*>(matrix)[i];
    return tf32 ? round_to_tf32(x) : x;
  }
  return std::bit_cast<float>(std::uint32_t{static_cast<const std::uint16_t*>(matrix)[i]} << 16U);
}

/// One product with everything it was given, to be executed later.
struct Product {
  Description description;
  float alpha, beta;
  const void *a, *b, *c;
  float* d;
  Layout a_layout, b_layout, c_layout, d_layout;

  bool transposed_a() const { return description.a_operation != CUBLAS_OP_N; }
  bool transposed_b() const { return description.b_operation != CUBLAS_OP_N; }
  std::size_t inner() const { return transposed_a() ? a_layout.rows : a_layout.columns; }

  bool sound() const {
    const bool layouts = a_layout.sound() && b_layout.sound() && c_layout.sound() &&
                         d_layout.sound();
    if (!layouts) return false;
    const bool types = a_layout.type == b_layout.type && a_layout.type != CUDA_R_16F &&
                       c_layout.type == CUDA_R_32F && d_layout.type == CUDA_R_32F;
    const bool rounds = description.compute == CUBLAS_COMPUTE_32F_FAST_TF32;
    const bool batches = a_layout.batch == d_layout.batch && b_layout.batch == d_layout.batch &&
                         c_layout.batch == d_layout.batch;
    return types && batches && (!rounds || a_layout.type == CUDA_R_32F) &&
           (transposed_a() ? a_layout.columns : a_layout.rows) == d_layout.rows &&
           (transposed_b() ? b_layout.columns : b_layout.rows) == inner() &&
           (transposed_b() ? b_layout.rows : b_layout.columns) == d_layout.columns &&
           c_layout.rows == d_layout.rows && c_layout.columns == d_layout.columns;
  }

  void execute(std::size_t batch) const {
    const bool tf32 = description.compute == CUBLAS_COMPUTE_32F_FAST_TF32;
    const auto start = [batch](const Layout& layout) {
      return batch * static_cast<std::size_t>(layout.batch_stride);
    };
    for (std::size_t column = 0; column < d_layout.columns; ++column) {
      for (std::size_t row = 0; row < d_layout.rows; ++row) {
        double sum = 0;
        for (std::size_t k = 0; k < inner(); ++k) {
          const std::size_t at_a = transposed_a() ? a_layout.index(k, row) : a_layout.index(row, k);
          const std::size_t at_b = transposed_b() ? b_layout.index(column, k)
                                                  : b_layout.index(k, column);
          sum += double{element(a, a_layout, start(a_layout) + at_a, tf32)} *
                 double{element(b, b_layout, start(b_layout) + at_b, tf32)};
        }
        double result = double{alpha} * sum;
        if (beta != 0) {
          const std::size_t at_c = start(c_layout) + c_layout.index(row, column);
          result += double{beta} * double{static_cast<const float*>(c)[at_c]};
        }
        if ((description.epilogue & CUBLASLT_EPILOGUE_BIAS) != 0) {
          result += double{static_cast<const float*>(description.bias)[row]};
        }
        if ((description.epilogue & CUBLASLT_EPILOGUE_RELU) != 0) result = result < 0 ? 0 : result;
        d[start(d_layout) + d_layout.index(row, column)] = static_cast<float>(result);
      }
    }
  }
};

bool reachable(const void* address, std::size_t bytes, std::uint64_t alignment) {
  if (!lies_in(address, bytes, cudaMemoryTypeDevice)) {
    std::fprintf(stderr, "fake cuBLASLt: an operand does not lie in device memory\n");
    return false;
  }
  if (reinterpret_cast<std::uintptr_t>(address) % alignment != 0) {
    std::fprintf(stderr, "fake cuBLASLt: an operand has not the alignment that was promised\n");
    return false;
  }
  return true;
}

}  // namespace

const char* cublasLtGetStatusString(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_ALLOC_FAILED:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    default:
      return "CUBLAS_STATUS_INTERNAL_ERROR";
  }
}

std::size_t cublasLtGetVersion() { return 130000; }

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  return blas_call("cublasLtCreate", [&] {
    *handle = new cublasLtContext;
    return CUBLAS_STATUS_SUCCESS;
  });
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  return destroy("cublasLtDestroy", handle);
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* description,
                                        cublasComputeType_t compute, cudaDataType scale) {
  return blas_call("cublasLtMatmulDescCreate", [&] {
    if (scale != CUDA_R_32F) return CUBLAS_STATUS_NOT_SUPPORTED;
    *description = new Description;
    (*description)->compute = compute;
    return CUBLAS_STATUS_SUCCESS;
  });
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t description) {
  return destroy("cublasLtMatmulDescDestroy", description);
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t description,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, std::size_t bytes) {
  return blas_call("cublasLtMatmulDescSetAttribute", [&] {
    switch (attribute) {
      case CUBLASLT_MATMUL_DESC_COMPUTE_TYPE:
        return take(description->compute, value, bytes);
      case CUBLASLT_MATMUL_DESC_TRANSA:
        return take(description->a_operation, value, bytes);
      case CUBLASLT_MATMUL_DESC_TRANSB:
        return take(description->b_operation, value, bytes);
      case CUBLASLT_MATMUL_DESC_EPILOGUE:
        return take(description->epilogue, value, bytes);
      case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
        return take(description->bias, value, bytes);
      case CUBLASLT_MATMUL_DESC_SCALE_TYPE:
      case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE:
        break;
    }
    return CUBLAS_STATUS_NOT_SUPPORTED;
  });
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType type,
                                          std::uint64_t rows, std::uint64_t columns,
                                          std::int64_t leading) {
  return blas_call("cublasLtMatrixLayoutCreate", [&] {
    *layout = new Layout{type, rows, columns, leading};
    return CUBLAS_STATUS_SUCCESS;
  });
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  return destroy("cublasLtMatrixLayoutDestroy", layout);
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute,
                                                const void* value, std::size_t bytes) {
  return blas_call("cublasLtMatrixLayoutSetAttribute", [&] {
    switch (attribute) {
      case CUBLASLT_MATRIX_LAYOUT_TYPE:
        return take(layout->type, value, bytes);
      case CUBLASLT_MATRIX_LAYOUT_ORDER:
        return take(layout->order, value, bytes);
      case CUBLASLT_MATRIX_LAYOUT_ROWS:
        return take(layout->rows, value, bytes);
      case CUBLASLT_MATRIX_LAYOUT_COLS:
        return take(layout->columns, value, bytes);
      case CUBLASLT_MATRIX_LAYOUT_LD:
        return take(layout->leading, value, bytes);
      case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT:
        return take(layout->batch, value, bytes);
      case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET:
        return take(layout->batch_stride, value, bytes);
    }
    return CUBLAS_STATUS_NOT_SUPPORTED;
  });
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  return blas_call("cublasLtMatmulPreferenceCreate", [&] {
    *preference = new cublasLtMatmulPreferenceOpaque_t;
    return CUBLAS_STATUS_SUCCESS;
  });
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return destroy("cublasLtMatmulPreferenceDestroy", preference);
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, std::size_t bytes) {
  return blas_call("cublasLtMatmulPreferenceSetAttribute", [&] {
    switch (attribute) {
      case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
        return take(preference->workspace_bytes, value, bytes);
      case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
        return take(preference->alignments[0], value, bytes);
      case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
        return take(preference->alignments[1], value, bytes);
      case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
        return take(preference->alignments[2], value, bytes);
      case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
        return take(preference->alignments[3], value, bytes);
      case CUBLASLT_MATMUL_PREF_SEARCH_MODE:
      case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
        return CUBLAS_STATUS_SUCCESS;
    }
    return CUBLAS_STATUS_NOT_SUPPORTED;
  });
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t /*handle*/,
                                              cublasLtMatmulDesc_t description,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int requested,
                                              cublasLtMatmulHeuristicResult_t* results,
                                              int* returned) {
  return blas_call("cublasLtMatmulAlgoGetHeuristic", [&] {
    *returned = 0;
    if (requested < 1) return CUBLAS_STATUS_INVALID_VALUE;
    const Product product{*description, 1, 0, nullptr, nullptr, nullptr, nullptr, *a, *b, *c, *d};
    if (!product.sound()) return CUBLAS_STATUS_INVALID_VALUE;
    *results = {};
    for (std::size_t i = 0; i < 4; ++i) results->algo.data[i] = preference->alignments[i];
    results->workspaceSize = std::min(kWorkspaceBytes, preference->workspace_bytes);
    results->algo.data[4] = results->workspaceSize;
    *returned = 1;
    return CUBLAS_STATUS_SUCCESS;
  });
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t description,
                              const void* alpha, const void* a, cublasLtMatrixLayout_t a_layout,
                              const void* b, cublasLtMatrixLayout_t b_layout, const void* beta,
                              const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* algo,
                              void* workspace, std::size_t workspace_bytes, cudaStream_t stream) {
  return blas_call("cublasLtMatmul", [&] {
    CUstream_st* const found = find_stream(stream);
    if (handle == nullptr || found == nullptr || algo == nullptr) {
      return CUBLAS_STATUS_INVALID_VALUE;
    }
    const Product product{*description,
                          *static_cast<const float*>(alpha),
                          *static_cast<const float*>(beta),
                          a,
                          b,
                          c,
                          static_cast<float*>(d),
                          *a_layout,
                          *b_layout,
                          *c_layout,
                          *d_layout};
    const auto& promised = algo->data;
    const bool has_bias = (description->epilogue & CUBLASLT_EPILOGUE_BIAS) != 0;
    const bool sound = product.sound() && workspace_bytes >= promised[4] &&
                       (promised[4] == 0 || reachable(workspace, promised[4], 256)) &&
                       reachable(a, a_layout->bytes(), promised[0]) &&
                       reachable(b, b_layout->bytes(), promised[1]) &&
                       (product.beta == 0 || reachable(c, c_layout->bytes(), promised[2])) &&
                       reachable(d, d_layout->bytes(), promised[3]) &&
                       (!has_bias || reachable(description->bias, d_layout->rows * sizeof(float),
                                               sizeof(float)));
    if (!sound) return CUBLAS_STATUS_INVALID_VALUE;
    found->push([product, workspace, bytes = promised[4]] {
      // Two streams that share a workspace show as a data race, and as wrong numbers to who reads it.
      if (bytes > 0) std::memset(workspace, 0xFF, bytes);
      for (std::int32_t i = 0; i < product.d_layout.batch; ++i) {
        product.execute(static_cast<std::size_t>(i));
      }
      count(&Counters::products);
    });
    return CUBLAS_STATUS_SUCCESS;
  });
}
