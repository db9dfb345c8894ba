// The loss of classifiers. A row is the work of a warp, or of a block where it is wide; each makes a loss in double, and
// one block adds them up in a fixed order.
#include "gpu/cuda/algebra.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/reduce.hpp"
#include "gpu/cuda/warp_rows.hpp"
#include "gpu/vector_math.hpp"

namespace murm::cuda {
namespace {

constexpr std::size_t kWideRow = 1024;  // classes

/// Of one row; as long as two numbers of fp32.
struct RowLoss {
  float loss;  // nats, a difference: fp32 holds it to 6e-8 of itself
  float hit;   // 1 or 0
};

/// The threads that share a row.
struct OfWarp {
  static constexpr unsigned kWidth = kWarp;
  template <class Operation, class T>
  __device__ static T over(T value) {
    return over_warp<Operation>(value);
  }
};
struct OfBlock {
  static constexpr unsigned kWidth = kThreads;
  template <class Operation, class T>
  __device__ static T over(T value) {
    return over_block<Operation, kWarps>(value);
  }
};

template <class Team>
__global__ void rows_kernel(std::size_t n, std::size_t classes, const float* logits,
                            const std::int32_t* __restrict__ labels, float scale, float* dlogits,
                            RowLoss* __restrict__ losses) {
  const std::size_t row = std::size_t{blockIdx.x} * (kThreads / Team::kWidth) +
                          threadIdx.x / Team::kWidth;
  if (row >= n) return;  // the whole team
  const unsigned member = threadIdx.x % Team::kWidth;
  const float* x = logits + row * classes;
  const auto label = static_cast<std::size_t>(labels[row]);
  const bool labelled = label < classes;
  const float nan = __int_as_float(0x7FC00000);

  float top = -INFINITY;
  for (std::size_t c = member; c < classes; c += Team::kWidth) top = Largest::of(top, x[c]);
  top = Team::template over<Largest>(top);
  const float at_label = labelled ? x[label] : nan;
  double sum = 0;
  int before = 0;  // classes of a smaller number that are as likely as the likeliest
  for (std::size_t c = member; c < classes; c += Team::kWidth) {
    sum += static_cast<double>(exp_or_nan(x[c] - top));
    before += x[c] == top && c < label ? 1 : 0;
  }
  sum = Team::template over<Sum>(sum);
  before = Team::template over<Sum>(before);

  if (member == 0) {
    const double loss = log(sum) - (static_cast<double>(at_label) - static_cast<double>(top));
    const bool hit = at_label == top && before == 0 && sum == sum;
    losses[row] = {static_cast<float>(loss), hit ? 1.0F : 0.0F};
  }
  if (dlogits == nullptr) return;
  const float inverse = labelled ? static_cast<float>(1.0 / sum) * scale : nan;
  float* dx = dlogits + row * classes;
  for (std::size_t c = member; c < classes; c += Team::kWidth) {
    dx[c] = exp_or_nan(x[c] - top) * inverse - (c == label ? scale : 0.0F);
  }
}

/// One block. *losses += the sum.
__global__ void add_rows_kernel(std::size_t n, const RowLoss* __restrict__ rows,
                                CrossEntropy* losses) {
  double loss = 0;
  unsigned long long hits = 0;
  for (std::size_t i = threadIdx.x; i < n; i += kThreads) {
    loss += static_cast<double>(rows[i].loss);
    hits += rows[i].hit > 0 ? 1 : 0;
  }
  loss = over_block<Sum, kWarps>(loss);
  hits = over_block<Sum, kWarps>(hits);
  if (threadIdx.x > 0) return;
  losses->loss_sum += loss;
  losses->correct += hits;
}

template <class Team>
void start(cudaStream_t stream, std::size_t n, std::size_t classes, const float* logits,
           const std::int32_t* labels, float scale, float* dlogits, RowLoss* losses) {
  const std::size_t blocks = divide_up(n, kThreads / Team::kWidth);
  launch(stream, dim3(static_cast<unsigned>(blocks)), dim3(kThreads), rows_kernel<Team>, n, classes,
         logits, labels, scale, dlogits, losses);
}

}  // namespace

std::size_t cross_entropy_workspace(std::size_t n) { return n * sizeof(RowLoss) / sizeof(float); }

void cross_entropy(cudaStream_t stream, std::size_t n, std::size_t classes, const float* logits,
                   const std::int32_t* labels, float scale, float* dlogits, float* workspace,
                   CrossEntropy* losses) {
  auto* rows = reinterpret_cast<RowLoss*>(workspace);
  if (classes < kWideRow) {
    start<OfWarp>(stream, n, classes, logits, labels, scale, dlogits, rows);
  } else {
    start<OfBlock>(stream, n, classes, logits, labels, scale, dlogits, rows);
  }
  launch(stream, dim3(1), dim3(kThreads), add_rows_kernel, n, rows, losses);
}

}  // namespace murm::cuda
