#include "tools/murm_torch/script_module.hpp"

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include <filesystem>
#include <mutex>
#include <numeric>
#include <sstream>

namespace murm {
namespace {

[[noreturn]] void refuse(const ObjectiveOptions& options, const std::string& rest) {
  throw InputError("[murm_torch] model.path = \"" + options.path + "\" " + rest);
}

torch::jit::Module read(const ObjectiveOptions& options) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(options.path, ignored)) {
    refuse(options, "is not a file that can be read. HINT: paths begin where the program starts");
  }
  try {
    return torch::jit::load(options.path);
  } catch (const std::exception&) {  // its reasons are about the insides of archives
    refuse(options,
           "is not a TorchScript file. HINT: torch.jit.script(module).save(path) writes one, "
           "torch.save does not");
  }
}

/// Names in the order of the module; one entry where modules share a tensor.
void list_parameters(const ObjectiveOptions& options, ScriptModule& to) {
  std::vector<const void*> seen;
  std::size_t offset = 0;
  for (const auto& parameter : to.module.named_parameters()) {
    const at::Tensor& value = parameter.value;
    if (!value.requires_grad()) continue;
    if (value.scalar_type() != at::kFloat || !value.device().is_cpu() || value.numel() == 0) {
      refuse(options, "has the parameter " + parameter.name +
                          ", which is not fp32 numbers in memory. HINT: module.float().cpu()");
    }
    const auto known = std::find(seen.begin(), seen.end(), value.data_ptr());
    if (known != seen.end()) {
      to.places[static_cast<std::size_t>(known - seen.begin())].push_back(value);
      continue;
    }
    seen.push_back(value.data_ptr());
    const auto sizes = value.sizes();
    to.layout.push_back({parameter.name, {sizes.begin(), sizes.end()}, offset});
    to.places.push_back({value});
    offset += static_cast<std::size_t>(value.numel());
  }
  if (to.layout.empty()) {
    refuse(options, "has no parameters that need a gradient. HINT: do not freeze the module");
  }
}

std::vector<std::int64_t> input_shape(const ObjectiveOptions& options, const SampleShape& shape,
                                      const torch::jit::Module& module) {
  std::vector<std::int64_t> input{1};
  if (!options.input_shape.empty()) {
    input.insert(input.end(), options.input_shape.begin(), options.input_shape.end());
  } else if (module.hasattr("input_shape") && module.attr("input_shape").isIntList()) {
    for (const std::int64_t size : module.attr("input_shape").toIntVector()) input.push_back(size);
  } else {
    input.push_back(static_cast<std::int64_t>(shape.features));
  }
  const auto numbers = std::accumulate(input.begin(), input.end(), std::int64_t{1},
                                       std::multiplies<>());
  if (numbers != static_cast<std::int64_t>(shape.features)) {
    std::ostringstream text;
    text << "takes samples of shape " << at::IntArrayRef(input).slice(1) << ", expected "
         << shape.features << " numbers in all, as the data have. HINT: model.input_shape";
    refuse(options, text.str());
  }
  return input;
}

/// One sample of zeros, so that a module that does not fit the data is known before anything starts.
void probe(const ObjectiveOptions& options, const SampleShape& shape, ScriptModule& script) {
  const torch::NoGradGuard no_gradients;
  c10::IValue answer;
  try {
    answer = script.module.forward({at::zeros(script.input)});
  } catch (const std::exception& error) {
    refuse(options, "fails on a sample of the data: " + complaint(error) +
                        ". HINT: model.input_shape, and model.context of a text");
  }
  if (!answer.isTensor()) {
    refuse(options, "answers with a " + answer.tagKind() + ", expected one tensor of scores");
  }
  const at::Tensor scores = answer.toTensor();
  const auto classes = static_cast<std::int64_t>(shape.classes);
  const auto targets = static_cast<std::int64_t>(shape.targets);
  const bool scored = scores.dim() >= 2 && scores.size(-1) == classes &&
                      scores.scalar_type() == at::kFloat && scores.numel() == targets * classes;
  if (scored) return;
  std::ostringstream text;
  text << "answers one sample with " << scores.sizes() << " " << scores.dtype() << ", expected ["
       << targets << ", " << classes << "] float: a score for each class";
  refuse(options, text.str());
}

}  // namespace

std::string complaint(const std::exception& error) {
  std::istringstream lines(error.what());
  std::string last = "unknown error";
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Exception raised from")) break;  // here the back trace begins
    if (line.find_first_not_of(" \t~<-") != std::string::npos) last = line;
  }
  const std::string_view kind = "RuntimeError: ";
  return last.starts_with(kind) ? last.substr(kind.size()) : last;
}

ScriptModule load_script(const ObjectiveOptions& options, const SampleShape& shape) {
  // Each worker computes on one thread. The number is the process's; threads take it up when they first compute.
  static std::once_flag once;
  std::call_once(once, [] { at::set_num_threads(1); });
  ScriptModule script;
  script.module = read(options);
  script.module.eval();
  list_parameters(options, script);
  script.input = input_shape(options, shape, script.module);
  probe(options, shape, script);
  return script;
}

}  // namespace murm
