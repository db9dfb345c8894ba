// A kind of model: what makes an objective from the options of a job. One entry of the table of kinds.
// Room: models. Plain functions on a Device; knows no worker, message or algorithm.
// Caller: models/objective_factory, whose table has one for each name; who adds a model of their own (examples).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gpu/device.hpp"
#include "models/objective.hpp"
#include "models/sample_shape.hpp"

namespace murm {

/// What [model] of a job says; each kind reads what it needs. Widths may be empty, other numbers 0: a kind checks its own.
struct ObjectiveOptions {
  std::string kind = "mlp";             // a name of the table
  std::vector<std::uint64_t> hidden{};  // mlp, char-mlp: widths
  std::uint64_t dim = 1000;             // quadratic, consensus: parameters; gpt: width
  double condition = 100;               // quadratic
  double noise = 0;                     // quadratic
  std::uint64_t seed = 1;               // of the noise of gradients and of dropout
  std::uint64_t embedding = 16;         // char-mlp: numbers for each character
  std::uint64_t layers = 4;             // gpt: blocks
  std::uint64_t heads = 4;              // gpt; they divide `dim`
  double dropout = 0;                   // gpt: share of the numbers, below 1
  bool tied = true;                     // gpt: the head's weights are the embedding's
  std::uint64_t blocks = 3;             // resnet: in each of its three stages
  std::uint64_t width = 16;             // resnet: channels of the first stage
  std::string normalization = "group";  // resnet: group, batch
  bool checkpointing = false;           // gpt, resnet: blocks are computed again on the way back
  std::string path{};                   // a kind of one's own: a file
  std::vector<std::uint64_t> input_shape{};  // likewise: how a sample's features are laid out
};

/// `check` comes before the other two, which may rely on it. All three may throw InputError, which ends the program with
/// exit code 2: one sentence that names the key, what was expected, and a HINT.
/// Thread: several at a time.
struct ObjectiveKind {
  std::string_view name;   // model.kind
  bool needs_data = true;  // false: a sample is only its position, and there is no accuracy
  /// Requires: batch_max > 0. The device outlives the objective, which allocates all it will need here.
  std::unique_ptr<Objective> (*make)(const ObjectiveOptions& options, const SampleShape& shape,
                                     Device& device, std::size_t batch_max) = nullptr;
  /// Of that objective. Without making it: no memory for any size, so that the phantom simulator can ask.
  std::vector<ParameterTensor> (*layout)(const ObjectiveOptions& options,
                                         const SampleShape& shape) = nullptr;
  /// Throws InputError for numbers that the kind cannot have; null: any will do.
  void (*check)(const ObjectiveOptions& options) = nullptr;
  /// Whether it looks at parameters, batches and gradients through the device alone, whose memory may be its own, and asks the
  /// device for the same work for all batches of one size.
  bool on_any_device = false;
};

}  // namespace murm
