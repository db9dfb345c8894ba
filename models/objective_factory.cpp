#include "models/objective_factory.hpp"

#include <cmath>

#include "models/char_mlp.hpp"
#include "models/consensus.hpp"
#include "models/lenet.hpp"
#include "models/mlp.hpp"
#include "models/quadratic.hpp"
#include "models/resnet.hpp"

namespace murm {
namespace {

void require(bool fine, const std::string& key, const std::string& rest) {
  if (!fine) throw InputError("[models] model." + key + " " + rest);
}

void check_resnet(const ObjectiveOptions& options) {
  require(options.blocks > 0, "blocks", "= 0, expected at least 1. HINT: the default is 3.");
  require(options.width > 0, "width", "= 0, expected at least 1. HINT: the default is 16.");
  require(options.normalization == "group" || options.normalization == "batch", "normalization",
          "= \"" + options.normalization +
              "\", expected \"group\" or \"batch\". HINT: group depends on no batch.");
}

void check(const ObjectiveOptions& options) {
  const std::string& kind = options.kind;
  const bool known = kind == "logistic" || kind == "mlp" || kind == "lenet" || kind == "resnet" ||
                     kind == "char-mlp" || !needs_data(kind);
  require(known, "kind",
          "= \"" + kind +
              "\", expected \"logistic\", \"mlp\", \"lenet\", \"resnet\", \"char-mlp\", "
              "\"quadratic\" or \"consensus\". HINT: check the spelling.");
  if (kind == "resnet") check_resnet(options);
  if (kind == "mlp" || kind == "char-mlp") {
    for (const std::uint64_t width : options.hidden) {
      require(width > 0, "hidden",
              "contains 0, expected widths of at least 1. HINT: leave the layer out.");
    }
  }
  if (kind == "char-mlp") {
    require(options.embedding > 0, "embedding",
            "= 0, expected at least 1. HINT: the default is 16.");
  }
  if (needs_data(kind)) return;
  require(options.dim > 0, "dim", "= 0, expected at least 1. HINT: the default is 1000.");
  require(std::isfinite(options.condition) && options.condition >= 1, "condition",
          "= " + std::to_string(options.condition) +
              ", expected at least 1. HINT: 1 makes all directions equal.");
  require(std::isfinite(options.noise) && options.noise >= 0, "noise",
          "= " + std::to_string(options.noise) +
              ", expected at least 0. HINT: it is a standard deviation.");
}

std::vector<std::size_t> mlp_widths(const ObjectiveOptions& options, std::size_t features,
                                    std::size_t classes) {
  std::vector<std::size_t> widths{features};
  if (options.kind == "mlp") {
    widths.insert(widths.end(), options.hidden.begin(), options.hidden.end());
  }
  widths.push_back(classes);
  return widths;
}

CharMlpOptions char_mlp_options(const ObjectiveOptions& options, std::size_t features,
                                std::size_t classes) {
  return {features, classes, options.embedding, {options.hidden.begin(), options.hidden.end()}};
}

/// Two poolings, or two strides, leave something of it.
PictureShape large_enough(const PictureShape& picture, const std::string& kind) {
  require(picture.height >= 4, "kind",
          "= \"" + kind + "\" with pictures of " + std::to_string(picture.height) + "x" +
              std::to_string(picture.width) +
              ", expected at least 4x4. HINT: model.kind = \"mlp\" takes any.");
  return picture;
}

LeNetOptions lenet_options(const ObjectiveOptions& options, std::size_t features,
                           std::size_t classes) {
  return {.picture = large_enough(picture_of(features, options.kind), options.kind),
          .classes = classes};
}

ResNetOptions resnet_options(const ObjectiveOptions& options, std::size_t features,
                             std::size_t classes) {
  return {.picture = large_enough(picture_of(features, options.kind), options.kind),
          .classes = classes,
          .blocks = options.blocks,
          .width = options.width,
          .batch_norm = options.normalization == "batch",
          .checkpointing = options.checkpointing};
}

}  // namespace

bool needs_data(const std::string& kind) { return kind != "quadratic" && kind != "consensus"; }

std::unique_ptr<Objective> make_objective(const ObjectiveOptions& options, std::size_t features,
                                          std::size_t classes, Device& device,
                                          std::size_t batch_max) {
  check(options);
  if (options.kind == "quadratic") {
    return std::make_unique<Quadratic>(
        QuadraticOptions{options.dim, options.condition, options.noise, options.seed}, batch_max);
  }
  if (options.kind == "consensus") return std::make_unique<Consensus>(options.dim, batch_max);
  if (options.kind == "char-mlp") {
    return std::make_unique<CharMlp>(device, char_mlp_options(options, features, classes),
                                     batch_max);
  }
  if (options.kind == "lenet")
    return std::make_unique<LeNet>(device, lenet_options(options, features, classes), batch_max);
  if (options.kind == "resnet")
    return std::make_unique<ResNet>(device, resnet_options(options, features, classes), batch_max);
  return std::make_unique<Mlp>(device, mlp_widths(options, features, classes), batch_max);
}

std::vector<ParameterTensor> objective_layout(const ObjectiveOptions& options, std::size_t features,
                                              std::size_t classes) {
  check(options);
  if (!needs_data(options.kind)) return vector_layout(options.dim);
  if (options.kind == "char-mlp")
    return char_mlp_layout(char_mlp_options(options, features, classes));
  if (options.kind == "lenet") return lenet_layout(lenet_options(options, features, classes));
  if (options.kind == "resnet")
    return ResNetPlan(resnet_options(options, features, classes), 1).layout;
  return mlp_layout(mlp_widths(options, features, classes));
}

}  // namespace murm
