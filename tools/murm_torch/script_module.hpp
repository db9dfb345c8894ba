// A module from a .pt file, judged: that it is TorchScript, has parameters, and answers a sample with scores.
// Room: tools. Knows libtorch and the file; not what is trained with it.
// Caller: tools/murm_torch/script_model. Source: docs of torch.jit.script; libtorch 1.13.
#pragma once
#include <torch/script.h>

#include <string>
#include <vector>

#include "models/objective_kind.hpp"

namespace murm {

struct ScriptModule {
  torch::jit::Module module;  // told to evaluate, not to train
  std::vector<ParameterTensor>
      layout;  // the parameters that are trained, by the module's own names
  /// For each tensor of the layout, where the module keeps it: several places where modules share it.
  std::vector<std::vector<at::Tensor>> places;
  std::vector<std::int64_t> input;  // shape of a batch; the first number is that of the samples
};

/// Reads options.path. A sample goes in as [features], or as options.input_shape, or else as the module's attribute
/// `input_shape` (a list of whole numbers). Tensors that need no gradient, and buffers, stay in the module.
/// Errors: InputError for a file that is missing or no TorchScript, parameters that are not fp32, a shape that does not
/// fit the data, and an output that is not [n targets, classes] numbers.
/// Thread: any.
ScriptModule load_script(const ObjectiveOptions& options, const SampleShape& shape);

/// What libtorch complains about, without its back trace: the last line that says something.
std::string complaint(const std::exception& error);

}  // namespace murm
