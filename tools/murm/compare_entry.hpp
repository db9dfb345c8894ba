// The list after --algorithms: what each entry asks for.
// Room: tools. Text only; names and values are judged by runtime/job_file.
// Caller: tools/murm/compare_command.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace murm {

struct CompareEntry {
  std::string label;                   // as typed
  std::vector<std::string> overrides;  // "section.key=value", as for --set
};

/// "bsp,ssp:staleness=8,asp:training.lr=0.05+training.clip=1": names, each with keys of its own; a key
/// without a section is one of [algorithm]. Commas within brackets belong to a list.
/// Errors: InputError for an entry without a name, a part that is no key=value, a key that all entries share
/// (the seed, the scenario's), one entry twice, too many.
std::vector<CompareEntry> parse_entries(std::string_view text);

}  // namespace murm
