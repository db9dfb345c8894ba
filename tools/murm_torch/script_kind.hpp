// The kind of model "torchscript": a module that PyTorch wrote, in the table of kinds.
// Room: tools. Knows the keys model.path and model.input_shape; nothing of libtorch here.
// Caller: tools/murm_torch/main. Reference for users: docs/models.md.
#pragma once
#include "models/objective_kind.hpp"

namespace murm {

const ObjectiveKind& torchscript_kind();

}  // namespace murm
