// The lines of a text, one after the other, with their numbers.
// Room: models/data. Copies nothing.
// Caller: models/data/csv, models/data/libsvm.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "models/data/bytes.hpp"
#include "models/data/number_text.hpp"

namespace murm {

class Lines {
 public:
  Lines(std::string_view text, std::string name) : rest_(text), name_(std::move(name)) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);  // a mark of UTF-8
  }

  /// The next line with something in it, without blanks at its ends.
  std::optional<std::string_view> next() {
    while (!rest_.empty()) {
      const auto end = rest_.find('\n');
      const std::string_view line = trimmed(rest_.substr(0, end));
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
      ++number_;
      if (!line.empty()) return line;
    }
    return {};
  }

  /// Throws InputError that names file and line.
  [[noreturn]] void refuse(const std::string& found, const std::string& hint) const {
    refuse_file(name_ + ":" + std::to_string(number_), found, hint);
  }

 private:
  std::string_view rest_;
  std::string name_;
  std::size_t number_ = 0;
};

/// What a mapped file says, as text.
inline std::string_view text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.view.data()), bytes.size()};
}

}  // namespace murm
