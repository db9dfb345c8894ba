#include "runtime/clock.hpp"

namespace murm {

std::chrono::nanoseconds SystemClock::now() const {
  return std::chrono::steady_clock::now().time_since_epoch();
}

double seconds_since(const Clock& clock, std::chrono::nanoseconds start) {
  return std::chrono::duration<double>(clock.now() - start).count();
}

}  // namespace murm
