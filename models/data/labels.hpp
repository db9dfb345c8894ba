// Classes of labels that are words or numbers: numbered in their order.
// Room: models/data. Knows names; not the samples that bear them.
// Caller: models/data/csv, models/data/libsvm.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace murm {

/// Numbers labels as they come; `ranks` then says what each becomes: numbers by their value, before words by their
/// bytes, so that it depends on the set of labels alone, not on the order of the samples.
class LabelBook {
 public:
  static constexpr std::size_t labels_max = 4096;  // distinct ones
  static constexpr std::size_t label_bytes_max = 256;

  /// A number for this label; the same for "1" and "+1.0". labels_max when there are too many.
  std::int32_t number(std::string_view label);
  std::size_t size() const { return names_.size(); }
  /// [number] -> class, 0 to size() - 1.
  std::vector<std::int32_t> ranks() const;

 private:
  struct Less {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const;
  };
  std::map<std::string, std::int32_t, Less> names_;
};

}  // namespace murm
