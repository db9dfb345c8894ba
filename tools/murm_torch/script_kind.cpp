#include "tools/murm_torch/script_kind.hpp"

#include "tools/murm_torch/script_model.hpp"

namespace murm {
namespace {

void check(const ObjectiveOptions& options) {
  if (!options.path.empty()) return;
  throw InputError(
      "[murm_torch] model.path is not given, expected the file that torch.jit.script(module).save "
      "wrote. HINT: --set model.path=model.pt");
}

std::unique_ptr<Objective> make(const ObjectiveOptions& options, const SampleShape& shape, Device&,
                                std::size_t batch_max) {
  return std::make_unique<ScriptModel>(options, shape, batch_max);
}

std::vector<ParameterTensor> layout(const ObjectiveOptions& options, const SampleShape& shape) {
  return load_script(options, shape).layout;
}

}  // namespace

const ObjectiveKind& torchscript_kind() {
  static constexpr ObjectiveKind kind{
      .name = "torchscript", .make = make, .layout = layout, .check = check};
  return kind;
}

}  // namespace murm
