// Tests of the linear algebra of the host device against plain loops in double precision.
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "gpu/host/host_device.hpp"
#include "tests/catch.hpp"

namespace murm {
namespace {

using Floats = std::vector<float>;

Floats numbers(std::size_t count, std::size_t step) {
  Floats v(count);
  for (std::size_t i = 0; i < count; ++i)
    v[i] = static_cast<float>((i * step) % 211) / 105.5F - 1.0F;
  return v;
}

double at(const Floats& v, std::size_t i) { return static_cast<double>(v[i]); }

struct Shape {
  std::size_t n, in, out;
};

const Shape shapes[] = {{1, 1, 1}, {3, 5, 2}, {17, 33, 10}, {32, 130, 70}};

TEST_CASE("linear multiplies by the transposed weights, adds the bias and cuts below zero") {
  HostDevice device;
  const auto [n, in, out] = GENERATE(from_range(std::begin(shapes), std::end(shapes)));
  const bool relu = GENERATE(false, true);
  const Floats x = numbers(n * in, 37), w = numbers(out * in, 53), bias = numbers(out, 71);
  Floats y(n * out, 99.0F);
  device.new_weights(1);
  device.linear(n, in, out, x.data(), w.data(),
                {.bias = bias.data(), .activation = relu ? Activation::relu : Activation::none},
                y.data());
  double worst = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t o = 0; o < out; ++o) {
      double sum = at(bias, o);
      for (std::size_t k = 0; k < in; ++k) sum += at(x, i * in + k) * at(w, o * in + k);
      if (relu) sum = std::max(0.0, sum);
      worst = std::max(worst, std::abs(sum - at(y, i * out + o)));
    }
  }
  CHECK(worst < 1e-5 * static_cast<double>(in));
}

TEST_CASE(
    "the weight gradient is the product over the batch and the bias gradient its column sum") {
  HostDevice device;
  const auto [n, in, out] = GENERATE(from_range(std::begin(shapes), std::end(shapes)));
  const bool add = GENERATE(false, true);
  const Floats x = numbers(n * in, 37), dy = numbers(n * out, 53), w(out * in);
  Floats dw(out * in, 9.0F), dbias(out, 9.0F);
  device.linear_gradient(n, in, out, x.data(), w.data(),
                         {.dy = dy.data(), .dw = dw.data(), .dbias = dbias.data(), .add = add});
  double worst = 0;
  for (std::size_t o = 0; o < out; ++o) {
    double bias_sum = add ? 9 : 0;
    for (std::size_t i = 0; i < n; ++i) bias_sum += at(dy, i * out + o);
    worst = std::max(worst, std::abs(bias_sum - at(dbias, o)));
    for (std::size_t k = 0; k < in; ++k) {
      double sum = add ? 9 : 0;
      for (std::size_t i = 0; i < n; ++i) sum += at(dy, i * out + o) * at(x, i * in + k);
      worst = std::max(worst, std::abs(sum - at(dw, o * in + k)));
    }
  }
  CHECK(worst < 1e-5 * static_cast<double>(n));
}

TEST_CASE("the data gradient vanishes where the activation is not positive") {
  HostDevice device;
  const auto [n, in, out] = GENERATE(from_range(std::begin(shapes), std::end(shapes)));
  const bool masked = GENERATE(false, true);
  const Floats dy = numbers(n * out, 37), w = numbers(out * in, 53);
  Floats activation = numbers(n * in, 71);
  activation[0] = 0.0F;
  Floats dx(n * in, 99.0F), dw(out * in);
  device.new_weights(1);
  device.linear_gradient(n, in, out, activation.data(), w.data(),
                         {.dy = dy.data(),
                          .dw = dw.data(),
                          .dx = dx.data(),
                          .activation = masked ? Activation::relu : Activation::none});
  double worst = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < in; ++k) {
      double sum = 0;
      for (std::size_t o = 0; o < out; ++o) sum += at(dy, i * out + o) * at(w, o * in + k);
      if (masked && activation[i * in + k] <= 0.0F) sum = 0;
      worst = std::max(worst, std::abs(sum - at(dx, i * in + k)));
    }
  }
  CHECK(worst < 1e-5 * static_cast<double>(out));
}

TEST_CASE("products are the same bits on every run, device, thread and alignment") {
  const std::size_t n = 32, in = 130, out = 70;
  const Floats x = numbers(n * in, 37), w = numbers(out * in, 53), bias = numbers(out, 71);
  const auto product = [&](std::size_t shift) {
    HostDevice device;
    Floats sx(shift), sw(shift), sb(shift), y(n * out + shift);
    sx.insert(sx.end(), x.begin(), x.end());
    sw.insert(sw.end(), w.begin(), w.end());
    sb.insert(sb.end(), bias.begin(), bias.end());
    device.linear(n, in, out, sx.data() + shift, sw.data() + shift,
                  {.bias = sb.data() + shift, .activation = Activation::relu}, y.data() + shift);
    Floats dw(out * in + shift), dbias(out), dx(n * in + shift);
    device.linear_gradient(n, in, out, sx.data() + shift, sw.data() + shift,
                           {.dy = y.data() + shift,
                            .dw = dw.data() + shift,
                            .dbias = dbias.data(),
                            .dx = dx.data() + shift});
    Floats all(y.begin() + static_cast<std::ptrdiff_t>(shift), y.end());
    all.insert(all.end(), dw.begin() + static_cast<std::ptrdiff_t>(shift), dw.end());
    all.insert(all.end(), dbias.begin(), dbias.end());
    all.insert(all.end(), dx.begin() + static_cast<std::ptrdiff_t>(shift), dx.end());
    return all;
  };
  const Floats expected = product(0);
  for (const std::size_t shift : {0U, 1U, 3U, 8U}) CHECK(product(shift) == expected);
  Floats elsewhere;
  std::thread other([&] { elsewhere = product(5); });
  other.join();
  CHECK(elsewhere == expected);
}

TEST_CASE("cross-entropy and its gradient match the formula, also for huge logits") {
  HostDevice device;
  const std::size_t n = 7, classes = GENERATE(as<std::size_t>{}, 2, 10, 33);
  const float scale = GENERATE(1.0F, 30.0F, 1e4F);
  Floats logits = numbers(n * classes, 37);
  for (float& v : logits) v *= scale;
  std::vector<std::int32_t> labels(n);
  for (std::size_t i = 0; i < n; ++i) labels[i] = static_cast<std::int32_t>(i % classes);
  double loss = 0;
  std::uint64_t correct = 0;
  std::vector<double> gradient(n * classes);
  for (std::size_t i = 0; i < n; ++i) {
    double top = at(logits, i * classes);
    std::size_t argmax = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      if (at(logits, i * classes + c) > top) top = at(logits, i * classes + c), argmax = c;
    }
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += std::exp(at(logits, i * classes + c) - top);
    const auto label = static_cast<std::size_t>(labels[i]);
    loss += std::log(sum) + top - at(logits, i * classes + label);
    correct += argmax == label ? 1U : 0U;
    for (std::size_t c = 0; c < classes; ++c) {
      gradient[i * classes + c] = std::exp(at(logits, i * classes + c) - top) / sum -
                                  (c == label ? 1.0 : 0.0);
    }
  }
  device.cross_entropy(n, classes, logits.data(), labels.data(), 0.5F, nullptr);
  const CrossEntropy only = device.take_cross_entropy();
  CHECK(only.loss_sum == Approx(loss).epsilon(1e-6));
  CHECK(only.correct == correct);
  device.cross_entropy(n, classes, logits.data(), labels.data(), 0.5F, logits.data());
  CHECK(device.take_cross_entropy().loss_sum == only.loss_sum);
  CHECK(device.take_cross_entropy().loss_sum == 0);
  double worst = 0;
  for (std::size_t i = 0; i < n * classes; ++i)
    worst = std::max(worst, std::abs(0.5 * gradient[i] - at(logits, i)));
  CHECK(worst < 1e-6);
}

TEST_CASE("a logit that is not a number makes a loss that is none, and no hit") {
  HostDevice device;
  const std::int32_t label = 1;
  for (std::size_t bad = 0; bad < 3; ++bad) {
    Floats logits{0.0F, 3.0F, 1.0F};
    logits[bad] = std::numeric_limits<float>::quiet_NaN();
    device.cross_entropy(1, 3, logits.data(), &label, 1.0F, nullptr);
    const CrossEntropy result = device.take_cross_entropy();
    CHECK(std::isnan(result.loss_sum));
    CHECK(result.correct == 0);
  }
}

}  // namespace
}  // namespace murm
