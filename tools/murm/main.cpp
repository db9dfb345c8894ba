// The program: reads the command line, runs one command, turns errors into exit codes.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>

#include "algorithms/vocabulary.hpp"
#include "runtime/signals.hpp"
#include "tools/murm/evaluate_command.hpp"
#include "tools/murm/training.hpp"
#include "tools/murm/worker_command.hpp"

namespace murm {
namespace {

constexpr int kInternalError = 70;

/// A flag that stands for a key of the job file: --workers 8 is --set cluster.workers=8.
void add_key_flag(CLI::App& app, TrainingCommand& command, const std::string& flag,
                  const std::string& key, const std::string& meaning) {
  app.add_option_function<std::string>(
         flag,
         [&command, key](const std::string& value) { command.set.push_back(key + "=" + value); },
         meaning + " (" + key + ")")
      ->type_name("N");
}

void add_training_flags(CLI::App& app, TrainingCommand& command) {
  app.add_option("job", command.job_file, "job file (TOML); every key: docs/jobs.md")
      ->required()
      ->type_name("JOB.toml");
  app.add_option("--set", command.set, "override a key: section.key=value, as often as you like")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--out", command.out, "folder for the run's files (default runs/<name>)")
      ->type_name("DIR");
  app.add_option("--report", command.report, "write a copy of report.json")->type_name("FILE.json");
  app.add_flag("--resume", command.resume, "continue from the newest whole checkpoint in DIR");
  app.add_flag("--quiet", command.quiet, "print nothing but errors");
  add_key_flag(app, command, "--seed", "job.seed", "seed of all randomness");
  add_key_flag(app, command, "--workers", "cluster.workers", "number of workers");
  add_key_flag(app, command, "--aggregators", "cluster.aggregators", "number of parameter shards");
}

void add_train(CLI::App& app, TrainingCommand& command) {
  CLI::App* train = app.add_subcommand("train", "train on this machine");
  add_training_flags(*train, command);
  add_key_flag(*train, command, "--processes", "cluster.processes",
               "worker processes; 0: all actors in this one");
  add_key_flag(*train, command, "--transport", "cluster.transport",
               "tcp or ipc, between processes");
  train->footer(
      "Examples:\n  murm train examples/demo.toml\n"
      "  murm train examples/demo.toml --workers 8 --set algorithm.name=bsp\n"
      "  murm train examples/mnist.toml --processes 4 --transport ipc --out runs/mnist");
}

void add_coordinator(CLI::App& app, TrainingCommand& command) {
  CLI::App* coordinator = app.add_subcommand("coordinator",
                                             "coordinate a run whose workers join by themselves");
  add_training_flags(*coordinator, command);
  coordinator
      ->add_option("--listen", command.listen, "where workers join: tcp://host:port or ipc://path")
      ->required()
      ->type_name("ENDPOINT");
  coordinator->add_flag("--insecure", command.insecure,
                        "listen beyond loopback without authentication");
  coordinator->footer(
      "Example:\n  murm coordinator examples/demo.toml --listen tcp://127.0.0.1:7070\n"
      "  murm worker --join tcp://127.0.0.1:7070     (in other terminals, any time)");
}

void add_worker(CLI::App& app, WorkerCommand& command) {
  CLI::App* worker = app.add_subcommand("worker", "work for a coordinator, here or elsewhere");
  worker->add_option("--join", command.join, "the coordinator: tcp://host:port or ipc://path")
      ->required()
      ->type_name("ENDPOINT");
  worker->add_flag("--quiet", command.quiet, "print nothing but errors");
  worker->add_option("--slots", command.slots)
      ->delimiter(',')
      ->group("");                                            // of `murm train` for its
  worker->add_option("--parent", command.parent)->group("");  // children
  worker->footer("Example:\n  murm worker --join tcp://127.0.0.1:7070");
}

struct EvaluateArguments {
  std::filesystem::path run;
  std::filesystem::path report;
  std::vector<std::string> set;
};

void add_evaluate(CLI::App& app, EvaluateArguments& arguments) {
  CLI::App* evaluate = app.add_subcommand("evaluate",
                                          "loss and accuracy of a run's final parameters");
  evaluate->add_option("run", arguments.run, "folder of the run")->required()->type_name("RUN_DIR");
  evaluate
      ->add_option("--set", arguments.set, "override a key of the run's job, as in data.path=DIR")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  evaluate->add_option("--report", arguments.report, "write the result as JSON")
      ->type_name("FILE.json");
  evaluate->footer("Example:\n  murm evaluate runs/demo");
}

int run(int argc, char** argv) {
  SignalGate signals;
  CLI::App app("murm: actor-based asynchronous training", "murm");
  app.set_version_flag("--version", std::string("murm ") + MURM_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  TrainingCommand training;
  TrainingCommand coordinating;
  WorkerCommand working;
  EvaluateArguments evaluating;
  add_train(app, training);
  add_coordinator(app, coordinating);
  add_worker(app, working);
  add_evaluate(app, evaluating);
  app.footer("`murm COMMAND --help` shows the flags of a command, with examples.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (app.got_subcommand("train")) return run_training(training, signals);
  if (app.got_subcommand("coordinator")) return run_training(coordinating, signals);
  if (app.got_subcommand("worker")) return run_worker(working, signals);
  return run_evaluate(evaluating.run, evaluating.set, evaluating.report);
}

}  // namespace
}  // namespace murm

int main(int argc, char** argv) {
  // Received tensors come and go in buffers of a chunk's size. By default glibc gives each back to the
  // kernel, and faulting it in anew costs more than reading it.
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  try {
    return murm::run(argc, argv);
  } catch (const murm::InputError& error) {
    std::fprintf(stderr, "murm: %s\n", error.what());
    return 2;
  } catch (const murm::RunError& error) {
    std::fprintf(stderr, "murm: %s\n", error.what());
    return 1;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "murm: out of memory. HINT: fewer workers, a smaller model or batch\n");
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "murm: internal error: %s\n", error.what());
    return murm::kInternalError;
  }
}
