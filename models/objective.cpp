#include "models/objective.hpp"

namespace murm {

std::size_t ParameterTensor::size() const {
  std::size_t product = 1;
  for (const std::size_t extent : shape) product *= extent;
  return product;
}

}  // namespace murm
