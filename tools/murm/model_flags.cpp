#include "tools/murm/model_flags.hpp"

namespace murm {
namespace {

void add_set(CLI::App& command, std::vector<std::string>& set, const std::string& meaning) {
  command.add_option("--set", set, meaning)
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
}

}  // namespace

ModelFlags::ModelFlags(CLI::App& app) : app_(app) {
  add_evaluate();
  add_sample();
  add_model();
  add_bench();
}

void ModelFlags::add_model() {
  CLI::App* command = app_.add_subcommand("model",
                                          "layers of a job's model, its memory and arithmetic");
  command->add_option("job", model_.job_file, "job file (TOML); every key: docs/jobs.md")
      ->required()
      ->type_name("JOB.toml");
  add_set(*command, model_.set, "override a key: section.key=value, as often as you like");
  command->add_option("--report", model_.report, "write the numbers as JSON")
      ->type_name("FILE.json");
  command->footer(
      "Examples:\n  murm model examples/demo.toml\n"
      "  murm model examples/char.toml --set training.batch=128 --report model.json");
}

void ModelFlags::add_bench() {
  CLI::App* bench = app_.add_subcommand("bench", "this machine's numbers beside its limits");
  bench->require_subcommand(1);
  bench->footer("Example:\n  murm bench step --model mlp");
  CLI::App* step = bench->add_subcommand("step", "a training step, in samples per second");
  StepBenchOptions& options = step_.options;
  step->add_option("--model", options.model, "mlp, lenet, gpt or gpt-124m, on made-up data")
      ->required()
      ->type_name("NAME");
  step->add_option("--device", options.device, "cpu, cuda:N, or auto for the best there is")
      ->capture_default_str()
      ->type_name("NAME");
  step->add_option("--threads", options.threads, "threads of the products, on the cpu")
      ->capture_default_str()
      ->check(CLI::Range(1, 256))
      ->type_name("N");
  step->add_option("--precision", step_.precision, "fp32 or bf16: of the operands of products")
      ->capture_default_str()
      ->type_name("P");
  step->add_option("--batch", options.batch, "samples of a step (mlp, lenet 128; gpt, gpt-124m 16)")
      ->check(CLI::Range(1, 1 << 20))
      ->type_name("N");
  step->add_option("--seconds", options.seconds, "length of a window, about")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 3600.0))
      ->type_name("S");
  step->add_option("--windows", options.windows, "windows; their median is told")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000))
      ->type_name("N");
  step->add_option("--report", step_.report, "write the numbers as JSON")->type_name("FILE.json");
  step->footer(
      "Examples:\n  murm bench step --model mlp\n"
      "  murm bench step --model gpt --threads 2 --precision bf16 --report step.json");
}

void ModelFlags::add_evaluate() {
  CLI::App* command = app_.add_subcommand("evaluate",
                                          "loss and accuracy of a run's final parameters");
  command->add_option("run", evaluate_.run, "folder of the run")->required()->type_name("RUN_DIR");
  add_set(*command, evaluate_.set, "override a key of the run's job, as in data.path=DIR");
  command->add_flag("--confusion", evaluate_.confusion,
                    "how often each class is taken for each, as a table");
  command->add_option("--report", evaluate_.report, "write the result as JSON")
      ->type_name("FILE.json");
  command->footer(
      "Examples:\n  murm evaluate runs/demo\n  murm evaluate runs/mnist --confusion --set "
      "data.path=data/mnist");
}

void ModelFlags::add_sample() {
  CLI::App* command = app_.add_subcommand("sample", "text from a run's trained model");
  command->add_option("run", sample_.run, "folder of the run")->required()->type_name("RUN_DIR");
  command->add_option("--prompt", sample_.prompt, "the text to go on with (default: a new line)")
      ->type_name("TEXT");
  command->add_option("--tokens", sample_.tokens, "characters to write")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000))
      ->type_name("N");
  command
      ->add_option("--temperature", sample_.sampling.temperature,
                   "0: always the likeliest; 1: as the model says; above: wilder")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1000.0))
      ->type_name("T");
  command
      ->add_option("--top-k", sample_.sampling.top_k,
                   "draw among the K likeliest only; 0: among all")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000))
      ->type_name("K");
  command->add_option("--seed", sample_.sampling.seed, "of the draws")
      ->capture_default_str()
      ->type_name("N");
  add_set(*command, sample_.set, "override a key of the run's job, as in data.path=FILE");
  command->footer(
      "Examples:\n  murm sample runs/char --prompt \"the \"\n"
      "  murm sample runs/gpt --prompt ROMEO: --tokens 500 --temperature 0.8 --top-k 40");
}

int ModelFlags::run() const {
  if (app_.got_subcommand("sample")) return run_sample(sample_);
  if (app_.got_subcommand("model")) return run_model(model_);
  if (app_.got_subcommand("bench")) return run_step_bench(step_);
  return run_evaluate(evaluate_);
}

}  // namespace murm
