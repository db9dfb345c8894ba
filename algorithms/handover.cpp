#include "algorithms/handover.hpp"

#include <algorithm>
#include <array>

namespace murm {

namespace {

constexpr std::array<std::string_view, 3> kCounts{"version", "samples", "last_samples"};

template <class Entries>
auto find(Entries& entries, std::string_view name) {
  return std::find_if(entries.begin(), entries.end(),
                      [&](const auto& entry) { return entry.first == name; });
}

}  // namespace

void hand_over(const Machine& machine, const Algorithm& from, Machine& fresh, const Algorithm& to,
               Context& context) {
  MachineState before;
  MachineState after;
  machine.save(before);
  fresh.save(after);
  for (auto& [name, number] : after.numbers) {
    const auto kept = find(before.numbers, name);
    const bool counts = std::find(kCounts.begin(), kCounts.end(), name) != kCounts.end();
    if (counts && kept != before.numbers.end()) number = kept->second;
  }
  const bool same_optimizer = from.plain_gradients && to.plain_gradients;
  for (auto& [name, tensor] : after.tensors) {
    const bool stays = name == "parameters" || (same_optimizer && name.starts_with("optimizer."));
    const auto kept = find(before.tensors, name);
    if (stays && kept != before.tensors.end()) tensor = kept->second;
  }
  fresh.load(after, context);
}

}  // namespace murm
