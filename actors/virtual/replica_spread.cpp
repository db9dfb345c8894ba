#include "actors/virtual/replica_spread.hpp"

#include <cmath>
#include <limits>

namespace murm {

double ReplicaSpread::norm(const std::vector<std::vector<float>>& replicas) {
  double square = 0;
  if (replicas.empty()) return 0;
  for (std::size_t i = 0; i < replicas.front().size(); ++i) {
    double mean = 0;
    for (const auto& replica : replicas) mean += static_cast<double>(replica[i]);
    mean /= static_cast<double>(replicas.size());
    for (const auto& replica : replicas) {
      const double difference = static_cast<double>(replica[i]) - mean;
      square += difference * difference;
    }
  }
  return std::sqrt(square);
}

double ReplicaSpread::contraction_per_round() const {
  if (norms_.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const double start = norms_.front();
  std::size_t last = 0;
  while (last + 1 < norms_.size() && norms_[last + 1] > 1e-5 * start) ++last;
  if (last == 0) return start == 0 ? 0 : norms_[1] / start;
  const std::size_t half = last / 2;
  return std::pow(norms_[last] / norms_[half], 1.0 / static_cast<double>(last - half));
}

}  // namespace murm
