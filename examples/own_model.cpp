// A model of your own, in one file: a factorisation machine, which learns from products of features.
//   score of a class = bias + w . x + sum over factors f of a_f (v_f . x)^2
// After Rendle 2010 (Factorization Machines, equation 1), with factors v that all classes share and squares left in.
// Build: this file is the target `own_model`. Run, with every command and flag of murm:
//   build/release/own_model train examples/demo.toml --set model.kind=factors --processes 4
#include <algorithm>
#include <numeric>

#include "tools/murm/program.hpp"

namespace {
using namespace murm;
using Layout = std::vector<ParameterTensor>;

/// Where the tensors stand in the one vector that is trained. model.embedding is the number of factors.
Layout layout_of(const ObjectiveOptions& options, const SampleShape& shape) {
  const std::size_t rows = shape.classes, factors = options.embedding;
  return {{"bias", {rows, 1}, 0},
          {"linear", {rows, shape.features}, rows},
          {"mixing", {rows, factors}, rows * (1 + shape.features)},
          {"factors", {factors, shape.features}, rows * (1 + shape.features + factors)}};
}
float dot(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}
void add(std::span<float> to, float factor, std::span<const float> from) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * from[i];
}

class FactorisationMachine final : public Objective {
 public:
  FactorisationMachine(Device& device, Layout layout, std::size_t batch_max)
      : device_(device), layout_(std::move(layout)), batch_max_(batch_max) {
    scores_.resize(classes_);  // all the memory that a step needs
    for (auto* of_factors : {&products_, &squares_, &slopes_}) of_factors->resize(factors_);
  }
  std::span<const ParameterTensor> layout() const override { return layout_; }
  std::size_t parameter_count() const override { return layout_[3].offset + layout_[3].size(); }
  std::size_t batch_max() const override { return batch_max_; }
  void initialize(std::uint64_t seed, std::span<float> parameters) const override {
    fill_normal(seed, parameters);
    for (float& x : parameters) x *= 0.05F;
  }
  BatchResult evaluate(std::span<const float> parameters, const Batch& batch) override {
    return pass(parameters, batch, {});
  }
  BatchResult gradient(std::span<const float> parameters, const Batch& batch,
                       std::span<float> gradient) override {
    std::ranges::fill(gradient, 0.0F);
    return pass(parameters, batch, gradient);
  }

 private:
  BatchResult pass(std::span<const float> parameters, const Batch& batch,
                   std::span<float> gradient) {
    const auto row = [this](auto numbers, std::size_t tensor, std::size_t index) {
      const std::size_t width = layout_[tensor].shape[1];
      return numbers.subspan(layout_[tensor].offset + index * width, width);
    };
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto x = batch.features.subspan(i * features_, features_);
      for (std::size_t f = 0; f < factors_; ++f) products_[f] = dot(row(parameters, 3, f), x);
      for (std::size_t f = 0; f < factors_; ++f) squares_[f] = products_[f] * products_[f];
      for (std::size_t c = 0; c < classes_; ++c)
        scores_[c] = parameters[c] + dot(row(parameters, 1, c), x) +
                     dot(row(parameters, 2, c), squares_);
      device_.cross_entropy(1, classes_, scores_.data(), &batch.labels[i], 1, scores_.data());
      if (gradient.empty()) continue;
      std::ranges::fill(slopes_, 0.0F);
      for (std::size_t c = 0; c < classes_; ++c) {  // scores_: derivatives of the loss by them
        gradient[c] += scores_[c];
        add(row(gradient, 1, c), scores_[c], x);
        add(row(gradient, 2, c), scores_[c], squares_);
        add(slopes_, scores_[c], row(parameters, 2, c));
      }
      for (std::size_t f = 0; f < factors_; ++f)
        add(row(gradient, 3, f), 2 * products_[f] * slopes_[f], x);
    }
    return batch_result(device_.take_cross_entropy());
  }
  Device& device_;
  Layout layout_;
  std::size_t batch_max_;
  std::size_t classes_ = layout_[2].shape[0], factors_ = layout_[2].shape[1];
  std::size_t features_ = layout_[3].shape[1];
  std::vector<float> scores_, products_, squares_, slopes_;
};

std::unique_ptr<Objective> make(const ObjectiveOptions& options, const SampleShape& shape,
                                Device& device, std::size_t batch_max) {
  return std::make_unique<FactorisationMachine>(device, layout_of(options, shape), batch_max);
}
constexpr ObjectiveKind kFactors{.name = "factors", .make = make, .layout = layout_of};
}  // namespace

int main(int argc, char** argv) { return run_program(argc, argv, {.models = {&kFactors, 1}}); }
