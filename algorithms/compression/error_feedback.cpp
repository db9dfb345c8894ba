#include "algorithms/compression/error_feedback.hpp"

#include <algorithm>
#include <utility>

#include "algorithms/compression/words.hpp"
#include "algorithms/vector_clones.hpp"

namespace murm {
namespace {

MURM_CLONES void add(std::size_t n, const float* a, const float* b, float* sum) {
  for (std::size_t i = 0; i < n; ++i) sum[i] = a[i] + b[i];
}

MURM_CLONES void subtract_from(std::size_t n, const float* a, float* b) {
  for (std::size_t i = 0; i < n; ++i) b[i] = a[i] - b[i];
}

}  // namespace

ErrorFeedback::ErrorFeedback(std::unique_ptr<Codec> codec)
    : Codec(codec->length()),
      codec_(std::move(codec)),
      residual_(length(), 0.0F),
      wanted_(length(), 0.0F) {}

void ErrorFeedback::encode_finite(std::span<const float> values, std::span<float> payload) {
  add(length(), residual_.data(), values.data(), wanted_.data());
  codec_->set_counter(counter());  // a vector that was not finite has not come this far
  codec_->encode(wanted_, payload);
  if (!all_finite(wanted_)) return;  // the sum overflowed: nobody accepts this payload
  if (codec_->decode(payload, residual_)) {
    subtract_from(length(), wanted_.data(), residual_.data());
  } else {  // the code's own arithmetic overflowed
    std::fill(residual_.begin(), residual_.end(), 0.0F);
  }
}

void ErrorFeedback::restore(std::span<const float> payload) {
  if (codec_->decode(payload, wanted_)) {
    add(length(), residual_.data(), wanted_.data(), residual_.data());
  }
}

void ErrorFeedback::rescale(float factor) {
  for (float& kept : residual_) kept *= factor;
  codec_->rescale(factor);
}

void ErrorFeedback::reset() {
  std::fill(residual_.begin(), residual_.end(), 0.0F);
  codec_->reset();
}

std::vector<std::span<float>> ErrorFeedback::state() {
  std::vector<std::span<float>> all{residual_};
  for (const std::span<float> own : codec_->state()) all.push_back(own);
  return all;
}

void ErrorFeedback::set_counter(std::uint64_t counter) {
  Codec::set_counter(counter);
  codec_->set_counter(counter);
}

}  // namespace murm
