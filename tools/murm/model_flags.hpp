// The commands about a model rather than a run: model, bench, evaluate, sample.
// Room: tools. Their flags, and who runs them.
// Caller: tools/murm/program.
#pragma once
#include <CLI/CLI.hpp>

#include "tools/murm/bench_command.hpp"
#include "tools/murm/evaluate_command.hpp"
#include "tools/murm/model_command.hpp"
#include "tools/murm/sample_command.hpp"

namespace murm {

class ModelFlags {
 public:
  /// Adds the commands to `app`, which must not outlive this.
  explicit ModelFlags(CLI::App& app);
  ModelFlags(const ModelFlags&) = delete;
  ModelFlags& operator=(const ModelFlags&) = delete;

  /// Runs the one that was given; returns the exit code. Throws InputError (2).
  int run() const;

 private:
  void add_model();
  void add_bench();
  void add_evaluate();
  void add_sample();

  CLI::App& app_;
  ModelCommand model_;
  StepBenchCommand step_;
  EvaluateCommand evaluate_;
  SampleCommand sample_;
};

}  // namespace murm
