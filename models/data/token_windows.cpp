#include "models/data/token_windows.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

static_assert(std::endian::native == std::endian::little, "token files are little-endian");

template <class Token>
Token load(const std::uint8_t* at) {
  Token token;  // a mapped file need not be aligned
  std::memcpy(&token, at, sizeof token);
  return token;
}

/// Returns the largest token seen.
template <class Token>
std::uint32_t read_window(const std::uint8_t* from, std::size_t context, std::size_t targets,
                          float* features, std::int32_t* labels) {
  const auto token = [from](std::size_t i) { return load<Token>(from + i * sizeof(Token)); };
  Token largest = token(context);
  for (std::size_t i = 0; i < context; ++i) {
    features[i] = static_cast<float>(token(i));
    largest = std::max(largest, token(i));
  }
  for (std::size_t i = 0; i < targets; ++i) {
    labels[i] = static_cast<std::int32_t>(token(context - targets + 1 + i));
  }
  return largest;
}

}  // namespace

TokenSequence TokenSequence::part(std::size_t from, std::size_t to) const {
  MURM_ASSERT(from <= to, std::to_string(from));
  MURM_ASSERT(to <= length(), std::to_string(to));
  TokenSequence found = *this;
  found.bytes.view = bytes.view.subspan(from * width, (to - from) * width);
  return found;
}

std::size_t count_windows(std::size_t tokens, std::size_t context, std::size_t stride) {
  return tokens <= context ? 0 : (tokens - 1 - context) / stride + 1;
}

TokenWindows::TokenWindows(TokenSequence tokens, std::size_t context, std::size_t stride,
                           WindowLabels labels, std::size_t limit)
    : Dataset(std::min(limit, count_windows(tokens.length(), context, stride)),
              {context, tokens.classes, labels == WindowLabels::every ? context : 1, {}}),
      tokens_(std::move(tokens)),
      stride_(stride) {
  MURM_ASSERT(context > 0, "context");
  MURM_ASSERT(size() > 0, std::to_string(tokens_.length()));
}

void TokenWindows::read_sample(std::size_t index, float* features, std::int32_t* labels) const {
  const std::uint8_t* from = tokens_.bytes.view.data() + index * stride_ * tokens_.width;
  const auto read = tokens_.width == 1 ? read_window<std::uint8_t> : read_window<std::uint16_t>;
  const std::uint32_t largest = read(from, shape().features, shape().targets, features, labels);
  if (largest >= shape().classes) {  // all were looked at when the file was opened
    refuse_file(tokens_.name,
                "token " + std::to_string(largest) + " near token " +
                    std::to_string(index * stride_) + ", expected at most " +
                    std::to_string(shape().classes - 1),
                "the file was changed during the run");
  }
}

}  // namespace murm
