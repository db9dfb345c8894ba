#include "models/objective_factory.hpp"

#include <vector>

#include "models/mlp.hpp"

namespace murm {

std::unique_ptr<Objective> make_objective(const std::string& kind,
                                          std::span<const std::uint64_t> hidden,
                                          std::size_t features, std::size_t classes, Device& device,
                                          std::size_t batch_max) {
  std::vector<std::size_t> widths{features};
  if (kind == "mlp") {
    for (const std::uint64_t width : hidden) {
      if (width == 0) {
        throw InputError(
            "[models] model.hidden contains 0, expected widths of at least 1. HINT: leave the "
            "layer out.");
      }
      widths.push_back(width);
    }
  } else if (kind != "logistic") {
    throw InputError("[models] model.kind = \"" + kind +
                     "\", expected \"logistic\" or \"mlp\". HINT: check the spelling.");
  }
  widths.push_back(classes);
  return std::make_unique<Mlp>(device, std::move(widths), batch_max);
}

}  // namespace murm
