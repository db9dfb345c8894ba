#include "algorithms/vocabulary.hpp"

#include <cstdio>
#include <cstdlib>

namespace murm {

std::string to_string(PeerId id) {
  switch (id.role()) {
    case Role::coordinator:
      return "coordinator";
    case Role::aggregator:
      return "aggregator " + std::to_string(id.ordinal());
    case Role::worker: {  // the slot below, earlier occupants of it above
      const std::uint64_t earlier = id.ordinal() >> 32U;
      return "worker " + std::to_string(id.ordinal() & 0xFFFFFFFFU) +
             (earlier == 0 ? "" : " (life " + std::to_string(earlier + 1) + ")");
    }
    case Role::none:
      break;
  }
  return "peer " + std::to_string(id.value);
}

void assertion_failed(const char* condition, const char* file, int line,
                      const std::string& values) {
  std::fprintf(stderr, "murm: internal error: %s is false at %s:%d (%s)\n", condition, file, line,
               values.c_str());
  std::abort();
}

}  // namespace murm
