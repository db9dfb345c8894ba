// Tests of the transformer: its gradient against central differences of an independent reference in double precision.
#include "models/gpt.hpp"

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "algorithms/random.hpp"
#include "gpu/host/host_device.hpp"
#include "tests/catch.hpp"

namespace murm {
namespace {

using Matrix = std::vector<std::vector<double>>;

/// The model of GptOptions by plain loops over named tensors, one sequence at a time.
class Reference {
 public:
  Reference(const GptOptions& options, const std::vector<double>& p) : options_(options), p_(p) {
    for (const ParameterTensor& tensor : gpt_layout(options)) at_[tensor.name] = tensor.offset;
  }
  double loss(std::span<const float> tokens, std::span<const std::int32_t> labels) const {
    const std::size_t dim = options_.dim;
    const double *table = of("tokens.weight"), *places = of("places.weight");
    const double* head = options_.tied ? table : of("head.weight");
    Matrix x(tokens.size(), std::vector<double>(dim));
    for (std::size_t t = 0; t < x.size(); ++t) {
      for (std::size_t c = 0; c < dim; ++c)
        x[t][c] = table[static_cast<std::size_t>(tokens[t]) * dim + c] + places[t * dim + c];
    }
    for (std::size_t l = 0; l < options_.layers; ++l) block("block" + std::to_string(l), x);
    x = norm("norm", x);
    double sum = 0;
    for (std::size_t t = 0; t < x.size(); ++t) {
      std::vector<double> logits(options_.classes);
      double total = 0;
      for (std::size_t k = 0; k < logits.size(); ++k) {
        for (std::size_t c = 0; c < dim; ++c) logits[k] += x[t][c] * head[k * dim + c];
        total += std::exp(logits[k]);
      }
      sum += std::log(total) - logits[static_cast<std::size_t>(labels[t])];
    }
    return sum / static_cast<double>(x.size());
  }

 private:
  const double* of(const std::string& name) const { return p_.data() + at_.at(name); }
  Matrix linear(const std::string& name, const Matrix& x, std::size_t out) const {
    Matrix y(x.size(), std::vector<double>(out));
    const double *weight = of(name + ".weight"), *bias = of(name + ".bias");
    for (std::size_t t = 0; t < x.size(); ++t) {
      for (std::size_t o = 0; o < out; ++o) {
        y[t][o] = bias[o];
        for (std::size_t c = 0; c < x[t].size(); ++c)
          y[t][o] += x[t][c] * weight[o * x[t].size() + c];
      }
    }
    return y;
  }
  Matrix norm(const std::string& name, const Matrix& x) const {
    Matrix y = x;
    const double *scale = of(name + ".weight"), *shift = of(name + ".bias");
    for (std::vector<double>& row : y) {
      double mean = 0, variance = 0;
      for (const double v : row) mean += v / static_cast<double>(row.size());
      for (const double v : row)
        variance += (v - mean) * (v - mean) / static_cast<double>(row.size());
      for (std::size_t c = 0; c < row.size(); ++c)
        row[c] = (row[c] - mean) / std::sqrt(variance + 1e-5) * scale[c] + shift[c];
    }
    return y;
  }
  Matrix attention(const Matrix& qkv) const {
    const std::size_t dim = options_.dim, width = dim / options_.heads;
    Matrix y(qkv.size(), std::vector<double>(dim));
    for (std::size_t t = 0; t < qkv.size(); ++t) {
      for (std::size_t h = 0; h < options_.heads; ++h) {
        std::vector<double> p(t + 1);
        double sum = 0;
        for (std::size_t j = 0; j <= t; ++j) {
          double score = 0;
          for (std::size_t c = h * width; c < (h + 1) * width; ++c)
            score += qkv[t][c] * qkv[j][dim + c];
          sum += p[j] = std::exp(score / std::sqrt(static_cast<double>(width)));
        }
        for (std::size_t j = 0; j <= t; ++j) {
          for (std::size_t c = h * width; c < (h + 1) * width; ++c)
            y[t][c] += p[j] / sum * qkv[j][2 * dim + c];
        }
      }
    }
    return y;
  }
  void block(const std::string& name, Matrix& x) const {
    const std::size_t dim = options_.dim;
    const auto add = [&](const Matrix& branch) {
      for (std::size_t t = 0; t < x.size(); ++t) {
        for (std::size_t c = 0; c < dim; ++c) x[t][c] += branch[t][c];
      }
    };
    add(linear(name + ".proj", attention(linear(name + ".qkv", norm(name + ".norm1", x), 3 * dim)),
               dim));
    Matrix hidden = linear(name + ".fc", norm(name + ".norm2", x), 4 * dim);
    for (std::vector<double>& row : hidden) {
      for (double& v : row) v *= 0.5 * std::erfc(-v / std::sqrt(2.0));
    }
    add(linear(name + ".out", hidden, dim));
  }

  GptOptions options_;
  const std::vector<double>& p_;
  std::map<std::string, std::size_t> at_;
};

struct Problem {
  std::vector<float> tokens;
  std::vector<std::int32_t> labels;
  std::size_t context;
  Problem(const GptOptions& options, std::size_t samples) : context(options.context) {
    Random random(5, 0);
    const auto draw = [&] { return random.below(static_cast<std::uint32_t>(options.classes)); };
    for (std::size_t i = 0; i < samples * context; ++i) {
      tokens.push_back(static_cast<float>(draw()));
      labels.push_back(static_cast<std::int32_t>(draw()));
    }
  }
  Batch batch(std::size_t from, std::size_t count) const {
    return {std::span(tokens).subspan(from * context, count * context),
            std::span(labels).subspan(from * context, count * context), from, context};
  }
};

/// Weights far from their small initial values, so that no part of the gradient hides.
std::vector<float> drawn(const Gpt& model) {
  std::vector<float> parameters(model.parameter_count());
  Random random(9, 0);
  for (float& value : parameters) value = 0.3F * random.normal();
  return parameters;
}

double relative_difference(std::span<const float> a, std::span<const float> b) {
  double difference = 0, length = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    difference += d * d;
    length += static_cast<double>(a[i]) * static_cast<double>(a[i]);
  }
  return std::sqrt(difference / length);
}

TEST_CASE("the gradient of every tensor matches central differences of the reference") {
  GptOptions options{.layers = 2, .heads = 2, .dim = 8, .context = 5, .classes = 7};
  options.tied = GENERATE(true, false);
  const Problem problem(options, 3);
  HostDevice device;
  Gpt model(device, options, 3);
  const std::vector<float> parameters = drawn(model);
  std::vector<float> gradient(parameters.size(), 9.0F);
  const BatchResult result = model.gradient(parameters, problem.batch(0, 3), gradient);
  std::vector<double> p(parameters.begin(), parameters.end());
  const Reference reference(options, p);
  const auto loss = [&] {
    double sum = 0;
    for (std::size_t s = 0; s < 3; ++s) {
      const Batch one = problem.batch(s, 1);
      sum += reference.loss(one.features, one.labels);
    }
    return sum;
  };
  CHECK(result.loss_sum == Approx(loss()).epsilon(1e-5));
  for (const ParameterTensor& tensor : model.layout()) {
    double difference = 0, length = 0;
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
      const double kept = std::exchange(p[i], p[i] + 1e-5);
      const double above = loss();
      p[i] = kept - 1e-5;
      const double expected = (above - loss()) / 2e-5;
      p[i] = kept;
      difference += (expected - static_cast<double>(gradient[i])) *
                    (expected - static_cast<double>(gradient[i]));
      length += expected * expected;
    }
    INFO(tensor.name);
    CHECK(std::sqrt(difference) < 1e-4 * std::sqrt(length) + 1e-6);
  }
}

TEST_CASE("a batch of several tiles is the sum of its samples, and evaluation sees its loss") {
  const GptOptions options{.layers = 1, .heads = 2, .dim = 8, .context = 200, .classes = 5};
  const Problem problem(options, 7);  // of tiles of two
  HostDevice device;
  Gpt model(device, options, 7);
  const std::vector<float> parameters = drawn(model);
  std::vector<float> whole(parameters.size()), sum(parameters.size()), part(parameters.size());
  const BatchResult expected = model.gradient(parameters, problem.batch(0, 7), whole);
  double loss = 0;
  for (std::size_t s = 0; s < 7; ++s) {
    loss += model.gradient(parameters, problem.batch(s, 1), part).loss_sum;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += part[i];
  }
  CHECK(expected.loss_sum == Approx(loss).epsilon(1e-6));
  CHECK(relative_difference(whole, sum) < 1e-5);
  const BatchResult seen = model.evaluate(parameters, problem.batch(0, 7));
  CHECK(seen.loss_sum == Approx(expected.loss_sum).epsilon(1e-6));
  CHECK(seen.correct == expected.correct);
}

TEST_CASE("checkpointing saves workspace and changes no bit, with dropout as well") {
  GptOptions options{.layers = 4, .heads = 2, .dim = 16, .context = 32, .classes = 11};
  options.dropout = GENERATE(0.0, 0.2);
  const Problem problem(options, 20);
  HostDevice device;
  Gpt plain(device, options, 20);
  options.checkpointing = true;
  Gpt saving(device, options, 20);
  const std::vector<float> parameters = drawn(plain);
  std::vector<float> a(parameters.size()), b(parameters.size());
  plain.gradient(parameters, problem.batch(0, 20), a);
  saving.gradient(parameters, problem.batch(0, 20), b);
  CHECK(a == b);
  CHECK(saving.workspace_bytes() < plain.workspace_bytes() / 2);
}

TEST_CASE(
    "dropout is a function of seed and position, spares evaluation, and its gradient is its own") {
  GptOptions options{.layers = 1, .heads = 1, .dim = 8, .context = 4, .classes = 5, .dropout = 0.3};
  const Problem problem(options, 2);
  HostDevice device;
  Gpt model(device, options, 2);
  std::vector<float> parameters = drawn(model);
  std::vector<float> a(parameters.size()), b(parameters.size());
  const double loss = model.gradient(parameters, problem.batch(0, 2), a).loss_sum;
  CHECK(model.gradient(parameters, problem.batch(0, 2), b).loss_sum == loss);
  CHECK(a == b);
  Batch elsewhere = problem.batch(0, 2);
  elsewhere.position = 77;
  CHECK(model.gradient(parameters, elsewhere, b).loss_sum != loss);
  CHECK(model.evaluate(parameters, problem.batch(0, 2)).loss_sum ==
        model.evaluate(parameters, elsewhere).loss_sum);
  // A step against the gradient with the same numbers dropped lowers that very loss as predicted.
  double square = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    square += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    parameters[i] -= 1e-4F * a[i];
  }
  const double lower = model.gradient(parameters, problem.batch(0, 2), b).loss_sum;
  CHECK((loss - lower) == Approx(1e-4 * square).epsilon(0.1));
}

TEST_CASE("logits of a text are those of its last places, whatever lies before") {
  const GptOptions options{.layers = 2, .heads = 2, .dim = 8, .context = 6, .classes = 9};
  HostDevice device;
  Gpt model(device, options, 1);
  const std::vector<float> parameters = drawn(model);
  const std::vector<float> text{1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<float> whole(9), last(9), shorter(9);
  model.logits(parameters, text, whole);
  model.logits(parameters, std::span(text).last(6), last);
  model.logits(parameters, std::span(text).last(5), shorter);
  CHECK(whole == last);
  CHECK_FALSE(whole == shorter);
}

TEST_CASE("parameters are counted, named without gaps, and begin as those of GPT-2 do") {
  const GptOptions options{.layers = 6, .heads = 6, .dim = 192, .context = 128, .classes = 256};
  HostDevice device;
  const Gpt model(device, options, 1);
  CHECK(model.parameter_count() == 2743296);  // as PyTorch counts the same model
  std::uint64_t counted = 0;
  for (const LayerSummary& layer : model.layers()) counted += layer.parameters;
  CHECK(counted == model.parameter_count());
  std::size_t offset = 0;
  for (const ParameterTensor& tensor : model.layout()) {
    CHECK(tensor.offset == offset);
    offset += tensor.size();
  }
  std::vector<float> parameters(model.parameter_count());
  model.initialize(1, parameters);
  double square = 0;
  for (std::size_t i = 0; i < 256 * 192; ++i)
    square += static_cast<double>(parameters[i]) * static_cast<double>(parameters[i]);
  CHECK(std::sqrt(square / (256 * 192)) == Approx(0.02).epsilon(0.02));
}

}  // namespace
}  // namespace murm
