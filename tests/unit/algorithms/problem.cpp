#include "tests/unit/algorithms/problem.hpp"

#include <algorithm>

namespace murm::test {

namespace {

class HostNumbers final : public HostStorage {
 public:
  explicit HostNumbers(std::size_t length) : numbers_(length), run_{numbers_.data(), length} {}
  std::span<const Run> runs() const override { return {&run_, 1}; }

 private:
  Numbers numbers_;
  Run run_;
};

/// A number in [-1, 1) that depends on its two indices only.
float scattered(std::uint64_t row, std::uint64_t column) {
  std::uint64_t bits = row * 0x9E3779B97F4A7C15U + (column + 1) * 0xD1B54A32D192ED03U;
  bits = (bits ^ (bits >> 31U)) * 0xBF58476D1CE4E5B9U;
  return static_cast<float>((bits ^ (bits >> 29U)) >> 40U) / static_cast<float>(1U << 23U) - 1.0F;
}

}  // namespace

Tensor make_tensor(std::size_t length) {
  return Tensor(std::make_shared<HostNumbers>(length), 0, length);
}

Tensor copy_of(const Tensor& source) {
  Tensor copy = make_tensor(source.length());
  std::ranges::copy(host_span(source), host_span(copy).begin());
  return copy;
}

Numbers initial_parameters(std::size_t length) {
  Numbers x(length);
  for (std::size_t i = 0; i < length; ++i) x[i] = scattered(1U << 20U, i);
  return x;
}

double Problem::gradient_sum(std::span<const float> x, SampleCount position, std::uint32_t samples,
                             std::span<float> gradient) const {
  double loss = 0;
  Numbers part(x.size());
  std::ranges::fill(gradient, 0.0F);
  for (std::uint32_t done = 0; done < samples; done += micro_batch) {
    std::ranges::fill(part, 0.0F);
    const std::uint32_t count = std::min(micro_batch, samples - done);
    for (SampleCount k = position + done; k < position + done + count; ++k) {
      const std::uint64_t row = k % data_set;
      float error = -scattered(row, x.size());
      for (std::size_t i = 0; i < x.size(); ++i) error += scattered(row, i) * x[i];
      for (std::size_t i = 0; i < x.size(); ++i) part[i] += error * scattered(row, i);
      loss += 0.5 * static_cast<double>(error) * static_cast<double>(error);
    }
    if (done == 0) {
      std::ranges::copy(part, gradient.begin());
    } else {
      add(gradient, 1.0F, part);
    }
  }
  return loss;
}

void add(std::span<float> y, float a, std::span<const float> x) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += a * x[i];
}

namespace {

double norm(std::span<const float> x) {
  double sum = 0;
  for (const float value : x) sum += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(sum);
}

/// One tensor of lars or lamb, by its paper.
void step_tensor(const OptimizerStep& step, bool adapt, std::span<float> x,
                 std::span<const float> gradient, std::span<float> m, std::span<float> v) {
  const bool lamb = step.kind == OptimizerKind::lamb;
  Numbers direction(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (lamb) lamb_moments(step, gradient[i], m[i], v[i]);
    direction[i] = lamb ? lamb_direction(step, x[i], m[i], v[i])
                        : gradient[i] * step.gradient_scale;
  }
  const double ratio = lamb ? lamb_ratio(norm(x), norm(direction))
                            : lars_ratio(step, norm(x), norm(direction));
  const auto rate = static_cast<float>(static_cast<double>(step.learning_rate) *
                                       (adapt ? ratio : 1));
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (lamb) {
      x[i] -= rate * direction[i];
    } else {
      lars_element(step, rate, x[i], gradient[i], m[i]);
    }
  }
}

}  // namespace

void optimizer_step(const OptimizerStep& step, std::span<float> x, std::span<const float> gradient,
                    std::span<const Tensor> state) {
  if (takes_norms(step.kind)) {
    const OptimizerBlock whole{0, x.size(), true};
    for (const OptimizerBlock& b : step.blocks.empty() ? std::span(&whole, 1) : step.blocks) {
      const auto part = [&b](auto span) { return span.subspan(b.offset, b.length); };
      const std::span<float> second = state.size() < 2 ? std::span<float>()
                                                       : part(host_span(state[1]));
      step_tensor(step, b.adapt, part(x), part(gradient), part(host_span(state[0])), second);
    }
    return;
  }
  const std::span<float> m = state.empty() ? std::span<float>() : host_span(state[0]);
  const std::span<float> v = state.size() < 2 ? std::span<float>() : host_span(state[1]);
  for (std::size_t i = 0; i < x.size(); ++i) {
    switch (step.kind) {
      case OptimizerKind::sgd:
        sgd_element(step, x[i], gradient[i]);
        break;
      case OptimizerKind::momentum:
        momentum_element(step, x[i], gradient[i], m[i]);
        break;
      case OptimizerKind::nesterov:
        nesterov_element(step, x[i], gradient[i], m[i]);
        break;
      case OptimizerKind::adam:
      case OptimizerKind::adamw:
        adam_element(step, x[i], gradient[i], m[i], v[i]);
        break;
      case OptimizerKind::adagrad:
        adagrad_element(step, x[i], gradient[i], m[i]);
        break;
      case OptimizerKind::lars:
      case OptimizerKind::lamb:
        break;
    }
  }
}

Numbers train_sequentially(const AlgorithmOptions& options, const Problem& problem,
                           const std::vector<std::vector<Lease>>& steps) {
  Numbers x = initial_parameters(options.parameters);
  Numbers sum(x.size());
  Numbers gradient(x.size());
  std::vector<Tensor> state;
  while (state.size() < optimizer_state_count(options.optimizer.kind)) {
    state.push_back(make_tensor(x.size()));
  }
  const bool by_samples = options.schedule.clock == ScheduleClock::samples;
  SampleCount applied = 0;
  for (std::size_t step = 0; step < steps.size(); ++step) {
    SampleCount samples = 0;
    for (const Lease& lease : steps[step]) {
      problem.gradient_sum(x, lease.position, lease.samples, gradient);
      if (samples == 0) {
        sum = gradient;
      } else {
        add(sum, 1.0F, gradient);
      }
      samples += lease.samples;
    }
    const double count = static_cast<double>(samples);
    const double rate = by_samples
                            ? learning_rate_at(options.schedule, static_cast<double>(applied),
                                               count)
                            : learning_rate_at(options.schedule, static_cast<double>(step), 1.0);
    optimizer_step(make_optimizer_step(options.optimizer, rate, 1.0 / count, step + 1), x, sum,
                   state);
    applied += samples;
  }
  return x;
}

std::vector<std::vector<Lease>> cut_steps(SampleCount total, std::uint32_t lease_samples,
                                          std::size_t width) {
  std::vector<std::vector<Lease>> steps;
  for (SampleCount position = 0; position < total; position += lease_samples) {
    if (steps.empty() || steps.back().size() == width) steps.emplace_back();
    Lease lease;
    lease.position = position;
    lease.samples = static_cast<std::uint32_t>(
        std::min<SampleCount>(lease_samples, total - position));
    steps.back().push_back(lease);
  }
  return steps;
}

}  // namespace murm::test
