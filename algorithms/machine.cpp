#include "algorithms/machine.hpp"

#include <algorithm>

namespace murm {

namespace {

template <class Entries>
auto& find_entry(Entries& entries, const std::string& name) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& e) { return e.first == name; });
  if (found == entries.end()) {
    throw InputError("checkpoint has no entry '" + name +
                     "'. HINT: it was written by another algorithm or optimizer");
  }
  return found->second;
}

}  // namespace

std::uint64_t MachineState::number(const std::string& name) const {
  return find_entry(numbers, name);
}

const Tensor& MachineState::tensor(const std::string& name) const {
  return find_entry(tensors, name);
}

void Machine::on_collect(Context& context) {
  if (context.self().role() == Role::aggregator) context.collected();
}

void require_cut(const MachineState& state) {
  const std::uint64_t unfinished = state.number("unfinished");
  if (unfinished == 0) return;
  throw InputError("checkpoint was taken in the middle of a step (" + std::to_string(unfinished) +
                   " unfinished), expected none. HINT: resume from an older generation");
}

}  // namespace murm
