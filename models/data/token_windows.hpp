// Windows of a sequence of tokens: some of them are seen, those behind them are the labels.
// Room: models/data. Knows codes; not what they stand for.
// Caller: models/text, models/data/tokens.
#pragma once
#include "models/data/bytes.hpp"
#include "models/dataset.hpp"

namespace murm {

/// A sequence of codes, each of 1 or 2 bytes (little-endian), at the address of its first.
struct TokenSequence {
  Bytes bytes;
  std::size_t width = 1;
  std::size_t classes = 0;  // codes are below
  std::string name{};       // of the file, for errors; of a sequence in memory: empty
  std::size_t length() const { return bytes.size() / width; }
  /// Tokens [from, to).
  TokenSequence part(std::size_t from, std::size_t to) const;
};

enum class WindowLabels : std::uint8_t {
  last,   // one label: the token behind the window
  every,  // as many labels as tokens: the next one of each
};

/// Window i covers `context` tokens from i * stride on. Features are their codes, whole numbers.
class TokenWindows final : public Dataset {
 public:
  /// The first `limit` windows, or all when there are fewer. Requires: context and stride > 0, and at least one
  /// window with the token behind it (asserted).
  TokenWindows(TokenSequence tokens, std::size_t context, std::size_t stride, WindowLabels labels,
               std::size_t limit);

 private:
  void read_sample(std::size_t index, float* features, std::int32_t* labels) const override;

  TokenSequence tokens_;
  std::size_t stride_;
};

/// Windows that start `stride` apart and have a token behind them.
std::size_t count_windows(std::size_t tokens, std::size_t context, std::size_t stride);

}  // namespace murm
