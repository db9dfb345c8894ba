#include "models/data/labels.hpp"

#include "models/data/number_text.hpp"

namespace murm {

bool LabelBook::Less::operator()(std::string_view a, std::string_view b) const {
  const auto left = number_in(a);
  const auto right = number_in(b);
  if (left && right) return *left < *right;
  if (left || right) return left.has_value();
  return a < b;
}

std::int32_t LabelBook::number(std::string_view label) {
  const auto found = names_.find(label);
  if (found != names_.end()) return found->second;
  const auto number = static_cast<std::int32_t>(names_.size());
  if (names_.size() < labels_max) names_.emplace(label, number);
  return number;
}

std::vector<std::int32_t> LabelBook::ranks() const {
  std::vector<std::int32_t> ranks(names_.size());
  std::int32_t rank = 0;
  for (const auto& [name, number] : names_) ranks[static_cast<std::size_t>(number)] = rank++;
  return ranks;
}

}  // namespace murm
