#include "models/objective_factory.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/char_mlp.hpp"
#include "models/consensus.hpp"
#include "models/gpt.hpp"
#include "models/lenet.hpp"
#include "models/mlp.hpp"
#include "models/quadratic.hpp"
#include "models/resnet.hpp"

namespace murm {
namespace {

using Options = ObjectiveOptions;
using Layout = std::vector<ParameterTensor>;
using Made = std::unique_ptr<Objective>;

void require(bool fine, const std::string& key, const std::string& rest) {
  if (!fine) throw InputError("[models] model." + key + " " + rest);
}

void check_mlp(const Options& options) {
  for (const std::uint64_t width : options.hidden) {
    require(width > 0, "hidden",
            "contains 0, expected widths of at least 1. HINT: leave the layer out.");
  }
}

void check_char_mlp(const Options& options) {
  check_mlp(options);
  require(options.embedding > 0, "embedding", "= 0, expected at least 1. HINT: the default is 16.");
}

void check_gpt(const Options& options) {
  require(options.layers > 0, "layers", "= 0, expected at least 1. HINT: the default is 4.");
  require(options.heads > 0, "heads", "= 0, expected at least 1. HINT: the default is 4.");
  require(options.dim > 0 && options.dim % options.heads == 0, "dim",
          "= " + std::to_string(options.dim) + ", expected a multiple of model.heads = " +
              std::to_string(options.heads) + ". HINT: the default is 128.");
  require(options.dropout >= 0 && options.dropout < 1, "dropout",
          "= " + std::to_string(options.dropout) +
              ", expected at least 0 and below 1. HINT: " + "it is a share.");
}

void check_resnet(const Options& options) {
  require(options.blocks > 0, "blocks", "= 0, expected at least 1. HINT: the default is 3.");
  require(options.width > 0, "width", "= 0, expected at least 1. HINT: the default is 16.");
  require(options.normalization == "group" || options.normalization == "batch", "normalization",
          "= \"" + options.normalization +
              "\", expected \"group\" or \"batch\". HINT: group depends on no batch.");
}

void check_consensus(const Options& options) {
  require(options.dim > 0, "dim", "= 0, expected at least 1. HINT: the default is 1000.");
}

void check_quadratic(const Options& options) {
  check_consensus(options);
  require(std::isfinite(options.condition) && options.condition >= 1, "condition",
          "= " + std::to_string(options.condition) +
              ", expected at least 1. HINT: 1 makes all directions equal.");
  require(std::isfinite(options.noise) && options.noise >= 0, "noise",
          "= " + std::to_string(options.noise) +
              ", expected at least 0. HINT: it is a standard deviation.");
}

std::vector<std::size_t> mlp_widths(const Options& options, const SampleShape& shape) {
  std::vector<std::size_t> widths{shape.features};
  widths.insert(widths.end(), options.hidden.begin(), options.hidden.end());
  widths.push_back(shape.classes);
  return widths;
}

CharMlpOptions char_mlp_options(const Options& options, const SampleShape& shape) {
  return {shape.features,
          shape.classes,
          options.embedding,
          {options.hidden.begin(), options.hidden.end()}};
}

Layout logistic_layout(const Options&, const SampleShape& shape) {
  return mlp_layout(std::array{shape.features, shape.classes});
}
Made make_logistic(const Options&, const SampleShape& shape, Device& device, std::size_t batch) {
  return std::make_unique<Mlp>(device, std::vector{shape.features, shape.classes}, batch);
}

Layout hidden_layout(const Options& options, const SampleShape& shape) {
  return mlp_layout(mlp_widths(options, shape));
}
Made make_mlp(const Options& options, const SampleShape& shape, Device& device, std::size_t batch) {
  return std::make_unique<Mlp>(device, mlp_widths(options, shape), batch);
}

Layout embedded_layout(const Options& options, const SampleShape& shape) {
  return char_mlp_layout(char_mlp_options(options, shape));
}
Made make_char_mlp(const Options& options, const SampleShape& shape, Device& device,
                   std::size_t batch) {
  return std::make_unique<CharMlp>(device, char_mlp_options(options, shape), batch);
}

GptOptions gpt_options(const Options& options, const SampleShape& shape) {
  GptOptions to;
  to.layers = options.layers;
  to.heads = options.heads;
  to.dim = options.dim;
  to.context = shape.features;
  to.classes = shape.classes;
  to.dropout = options.dropout;
  to.tied = options.tied;
  to.checkpointing = options.checkpointing;
  to.seed = options.seed;
  return to;
}
Layout transformer_layout(const Options& options, const SampleShape& shape) {
  return gpt_layout(gpt_options(options, shape));
}
Made make_gpt(const Options& options, const SampleShape& shape, Device& device, std::size_t batch) {
  return std::make_unique<Gpt>(device, gpt_options(options, shape), batch);
}

/// Two poolings, or two strides, leave something of it.
PictureShape large_enough(const PictureShape& picture, const std::string& kind) {
  require(std::min(picture.height, picture.width) >= 4, "kind",
          "= \"" + kind + "\" with pictures of " + std::to_string(picture.height) + "x" +
              std::to_string(picture.width) +
              ", expected at least 4x4. HINT: model.kind = \"mlp\" takes any.");
  return picture;
}

LeNetOptions lenet_options(const Options& options, const SampleShape& shape) {
  return {.picture = large_enough(picture_of(shape, options.kind), options.kind),
          .classes = shape.classes};
}
Layout pooled_layout(const Options& options, const SampleShape& shape) {
  return lenet_layout(lenet_options(options, shape));
}
Made make_lenet(const Options& options, const SampleShape& shape, Device& device,
                std::size_t batch) {
  return std::make_unique<LeNet>(device, lenet_options(options, shape), batch);
}

ResNetOptions resnet_options(const Options& options, const SampleShape& shape) {
  return {.picture = large_enough(picture_of(shape, options.kind), options.kind),
          .classes = shape.classes,
          .blocks = options.blocks,
          .width = options.width,
          .batch_norm = options.normalization == "batch",
          .checkpointing = options.checkpointing};
}
Layout residual_layout(const Options& options, const SampleShape& shape) {
  return ResNetPlan(resnet_options(options, shape), 1).layout;
}
Made make_resnet(const Options& options, const SampleShape& shape, Device& device,
                 std::size_t batch) {
  return std::make_unique<ResNet>(device, resnet_options(options, shape), batch);
}

Layout plain_layout(const Options& options, const SampleShape&) {
  return vector_layout(options.dim);
}
Made make_quadratic(const Options& options, const SampleShape&, Device&, std::size_t batch) {
  const QuadraticOptions numbers{options.dim, options.condition, options.noise, options.seed};
  return std::make_unique<Quadratic>(numbers, batch);
}
Made make_consensus(const Options& options, const SampleShape&, Device&, std::size_t batch) {
  return std::make_unique<Consensus>(options.dim, batch);
}

/// Name, whether it trains on data, its functions, and whether on any device.
constexpr std::array kinds{
    ObjectiveKind{"logistic", true, make_logistic, logistic_layout, nullptr, true},
    ObjectiveKind{"mlp", true, make_mlp, hidden_layout, check_mlp, true},
    ObjectiveKind{"char-mlp", true, make_char_mlp, embedded_layout, check_char_mlp, true},
    ObjectiveKind{"lenet", true, make_lenet, pooled_layout, nullptr, true},
    ObjectiveKind{"resnet", true, make_resnet, residual_layout, check_resnet, true},
    ObjectiveKind{"gpt", true, make_gpt, transformer_layout, check_gpt, true},
    ObjectiveKind{"quadratic", false, make_quadratic, plain_layout, check_quadratic},
    ObjectiveKind{"consensus", false, make_consensus, plain_layout, check_consensus},
};

std::vector<ObjectiveKind>& added() {
  static std::vector<ObjectiveKind> kinds_added;
  return kinds_added;
}

std::array<std::span<const ObjectiveKind>, 2> tables() { return {kinds, added()}; }

const ObjectiveKind& find(const std::string& name) {
  std::string known;
  for (const auto& table : tables()) {
    for (const ObjectiveKind& kind : table) {
      if (kind.name == name) return kind;
      known += (known.empty() ? "" : ", ") + std::string(kind.name);
    }
  }
  throw InputError("[models] model.kind = \"" + name + "\" is not known. HINT: " + known);
}

const ObjectiveKind& checked(const Options& options) {
  const ObjectiveKind& kind = find(options.kind);
  if (kind.check != nullptr) kind.check(options);
  return kind;
}

}  // namespace

void add_objective(const ObjectiveKind& kind) {
  for (const std::string_view name : objective_names()) {
    if (name != kind.name) continue;
    throw InputError("the model " + std::string(name) + " is there already. HINT: another name");
  }
  added().push_back(kind);
}

std::vector<std::string_view> objective_names() {
  std::vector<std::string_view> names;
  for (const auto& table : tables()) {
    for (const ObjectiveKind& kind : table) names.push_back(kind.name);
  }
  return names;
}

bool needs_data(const std::string& kind) { return find(kind).needs_data; }

bool on_any_device(const std::string& kind) { return find(kind).on_any_device; }

Made make_objective(const Options& options, const SampleShape& shape, Device& device,
                    std::size_t batch_max) {
  return checked(options).make(options, shape, device, batch_max);
}

Layout objective_layout(const Options& options, const SampleShape& shape) {
  return checked(options).layout(options, shape);
}

}  // namespace murm
