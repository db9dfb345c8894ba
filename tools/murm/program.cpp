#include "tools/murm/program.hpp"

#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>

#include "algorithms/gossip/topology_names.hpp"
#include "algorithms/registry.hpp"
#include "algorithms/vocabulary.hpp"
#include "models/objective_factory.hpp"
#include "runtime/job_keys.hpp"
#include "runtime/signals.hpp"
#include "tools/murm/compare_command.hpp"
#include "tools/murm/devices_command.hpp"
#include "tools/murm/model_flags.hpp"
#include "tools/murm/replay_command.hpp"
#include "tools/murm/shell_text.hpp"
#include "tools/murm/simulate_command.hpp"
#include "tools/murm/switch_command.hpp"
#include "tools/murm/topology_command.hpp"
#include "tools/murm/training.hpp"
#include "tools/murm/worker_command.hpp"

namespace murm {
namespace {

constexpr int kInternalError = 70;

/// A flag that stands for a key of the job file: --workers 8 is --set cluster.workers=8.
void add_key_flag(CLI::App& app, std::vector<std::string>& set, const std::string& flag,
                  const std::string& key, const std::string& meaning) {
  app.add_option_function<std::string>(
         flag, [&set, key](const std::string& value) { set.push_back(key + "=" + value); },
         meaning + " (" + key + ")")
      ->type_name("N");
}

/// What every command that runs a job understands.
template <class Command>
void add_run_flags(CLI::App& app, Command& command, const std::string& out = "runs/<name>") {
  app.add_option("job", command.job_file, "job file (TOML); every key: docs/jobs.md")
      ->required()
      ->type_name("JOB.toml");
  app.add_option("--set", command.set, "override a key: section.key=value, as often as you like")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--out", command.out, "folder for the run's files (default " + out + ")")
      ->type_name("DIR");
  app.add_option("--report", command.report, "write a copy of report.json")->type_name("FILE.json");
  app.add_flag("--quiet", command.quiet, "print nothing but errors");
  add_key_flag(app, command.set, "--seed", "job.seed", "seed of all randomness");
  add_key_flag(app, command.set, "--workers", "cluster.workers", "number of workers");
  add_key_flag(app, command.set, "--aggregators", "cluster.aggregators",
               "number of parameter shards");
}

void add_training_flags(CLI::App& app, TrainingCommand& command) {
  add_run_flags(app, command);
  app.add_flag("--resume", command.resume, "continue from the newest whole checkpoint in DIR");
}

void add_train(CLI::App& app, TrainingCommand& command) {
  CLI::App* train = app.add_subcommand("train", "train on this machine");
  add_training_flags(*train, command);
  add_key_flag(*train, command.set, "--processes", "cluster.processes",
               "worker processes; 0: all actors in this one");
  add_key_flag(*train, command.set, "--transport", "cluster.transport",
               "tcp or ipc, between processes");
  add_key_flag(*train, command.set, "--device", "cluster.device",
               "what workers compute on: auto, cpu or cuda:N; `murm devices` lists them");
  train->add_flag("--record", command.record, "record every event, for `murm replay`");
  train->footer(
      "Examples:\n  murm train examples/demo.toml\n"
      "  murm train examples/demo.toml --workers 8 --set algorithm.name=bsp\n"
      "  murm train examples/mnist.toml --processes 4 --transport ipc --out runs/mnist");
}

void add_simulate(CLI::App& app, SimulateCommand& command) {
  CLI::App* simulate = app.add_subcommand("simulate", "run a job in virtual time");
  add_run_flags(*simulate, command, "runs/<name>-simulated");
  simulate
      ->add_option(
          "--scenario", command.scenario_file,
          "the world (TOML); every key: docs/scenarios.md; default: equal workers, free links")
      ->type_name("S.toml");
  simulate->add_flag("--phantom", command.phantom, "no numbers: only time and bytes");
  simulate->add_option("--until", command.until, "end at this virtual time: 90s, 5m, 1h")
      ->type_name("DURATION");
  simulate->footer(
      "Examples:\n  murm simulate examples/demo.toml --scenario examples/scenarios/one-slow.toml\n"
      "  murm simulate examples/demo.toml --phantom --workers 10000 --until 10m\n"
      "  murm simulate examples/demo.toml --set scenario.compute.mean_ms=5 --set "
      "algorithm.name=bsp");
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
  worker->add_option("--record", command.record)->group("");
  worker->footer("Example:\n  murm worker --join tcp://127.0.0.1:7070");
}

void add_replay(CLI::App& app, ReplayCommand& command) {
  CLI::App* replay = app.add_subcommand("replay", "repeat a recorded run, to the bit");
  replay->add_option("run", command.run, "folder of a run of `murm train --record`")
      ->required()
      ->type_name("RUN_DIR");
  replay->add_option("--set", command.set, "override a key of the run's job, as in data.path=DIR")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  replay
      ->add_option("--against", command.against,
                   "take only the times of the run: how would this algorithm have done?")
      ->type_name("ALGORITHM");
  replay->add_option("--report", command.report, "write a copy of the report")
      ->type_name("FILE.json");
  replay->add_flag("--quiet", command.quiet, "print nothing but errors");
  replay->footer(
      "Examples:\n  murm train examples/demo.toml --record\n"
      "  murm replay runs/demo\n  murm replay runs/demo --against bsp");
}

void add_compare(CLI::App& app, CompareCommand& command) {
  CLI::App* compare = app.add_subcommand(
      "compare", "simulate several algorithms in one world: a table and a page of figures");
  add_run_flags(*compare, command);
  compare->get_option("--out")->description("folder for the files (default runs/<name>-compare)");
  compare->get_option("--seed")->description("the first seed (job.seed)");
  compare
      ->add_option("--algorithms", command.algorithms,
                   "what to compare: names, each with keys of its own, as in asp,ssp:staleness=8")
      ->required()
      ->type_name("A,B,...");
  compare
      ->add_option(
          "--scenario", command.scenario,
          "the world (TOML); every key: docs/scenarios.md (default: equal workers, free links)")
      ->type_name("SCENARIO.toml");
  compare->add_option("--seeds", command.seeds, "runs per algorithm: job.seed and those after it")
      ->capture_default_str()
      ->type_name("N");
  compare
      ->add_option("--jobs", command.jobs, "simulations at a time (default: the cores there are)")
      ->type_name("N");
  compare->add_flag("--phantom", command.phantom, "compute nothing: only time and bytes");
  compare->add_option("--until", command.until, "end of each run in virtual time: 90s, 2m, 1h")
      ->type_name("DURATION");
  compare->footer(
      "Examples:\n  murm compare examples/demo.toml --algorithms bsp,asp,ssp\n"
      "  murm compare examples/demo.toml --algorithms ssp:staleness=1,ssp:staleness=8 --seeds 5 "
      "\\\n"
      "      --scenario examples/scenarios/one-slow.toml --workers 16\n"
      "The page is runs/<name>-compare/compare.html: open it in any browser.");
}

void add_topology(CLI::App& app, TopologyCommand& command) {
  CLI::App* topology = app.add_subcommand(
      "topology", "who talks to whom in gossip: degree, spectral gap, a drawing");
  topology
      ->add_option("name", command.name,
                   topology_name_list() + "; or all: a table; docs/topologies.md tells them apart")
      ->required()
      ->type_name("NAME");
  topology->add_option("--nodes", command.nodes, "number of peers, 2 to 1024")->type_name("N");
  topology->add_option("--degree", command.degree, "neighbours of each, in random-regular (3)")
      ->type_name("D");
  topology->add_option("--seed", command.seed, "of random graphs and of the random start (1)")
      ->type_name("N");
  topology->add_option("--file", command.file, "edges of the topology file: two peers a line")
      ->type_name("EDGES");
  topology->add_option("--svg", command.svg, "the drawing (default topology-NAME-N.svg)")
      ->type_name("FILE.svg");
  topology->add_option("--report", command.report, "write the numbers as JSON")
      ->type_name("FILE.json");
  topology->add_flag("--quiet", command.quiet, "print nothing but errors");
  const auto not_negative = [](const std::string& value) {  // or it would wrap around
    return value.starts_with('-') ? value + ": expected a whole number from 0" : std::string();
  };
  for (const char* flag : {"--nodes", "--degree", "--seed"})
    topology->get_option(flag)->check(not_negative);
  topology->footer(
      "Examples:\n  murm topology all --nodes 16\n  murm topology ring --nodes 16\n"
      "  murm topology random-regular --nodes 64 --degree 4 --seed 7\n"
      "  murm topology file --file edges.txt --svg mine.svg");
}

void add_switch(CLI::App& app, SwitchCommand& command) {
  CLI::App* change = app.add_subcommand("switch",
                                        "change the algorithm of a run that is under way");
  change->add_option("run", command.run, "folder of the run, or its coordinator's endpoint")
      ->required()
      ->type_name("RUN_DIR");
  change->add_option("algorithm", command.to, "algorithm.name from now on; docs/switching.md")
      ->required()
      ->type_name("NAME");
  change->add_flag("--quiet", command.quiet, "print nothing but errors");
  change->footer(
      "Examples:\n  murm switch runs/demo ad-psgd\n"
      "  murm switch tcp://127.0.0.1:7070 diloco     (a coordinator's --listen)\n"
      "Planned changes stand in the job file: algorithm.switches.");
}

void add_devices(CLI::App& app, DevicesCommand& command) {
  CLI::App* devices = app.add_subcommand(
      "devices", "what can compute on this machine, how fast, and why something cannot");
  devices->add_option("--report", command.report, "write the same as JSON")->type_name("FILE");
  devices->footer("Examples:\n  murm devices\n  murm devices --report devices.json");
}

int run(int argc, char** argv) {
  SignalGate signals;
  CLI::App app("murm: actor-based asynchronous training", "murm");
  app.set_version_flag("--version", std::string("murm ") + MURM_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  TrainingCommand training;
  TrainingCommand coordinating;
  SimulateCommand simulating;
  WorkerCommand working;
  ReplayCommand replaying;
  CompareCommand comparing;
  TopologyCommand looking_at_topology;
  SwitchCommand switching;
  DevicesCommand listing;
  comparing.command_line = shell_text({argv, argv + argc});
  add_train(app, training);
  add_simulate(app, simulating);
  add_coordinator(app, coordinating);
  add_worker(app, working);
  ModelFlags models(app);
  add_replay(app, replaying);
  add_compare(app, comparing);
  add_topology(app, looking_at_topology);
  add_switch(app, switching);
  add_devices(app, listing);
  app.footer("`murm COMMAND --help` shows the flags of a command, with examples.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (app.got_subcommand("train")) return run_training(training, signals);
  if (app.got_subcommand("simulate")) return run_simulate(simulating, signals);
  if (app.got_subcommand("coordinator")) return run_training(coordinating, signals);
  if (app.got_subcommand("worker")) return run_worker(working, signals);
  if (app.got_subcommand("replay")) return run_replay(replaying, signals);
  if (app.got_subcommand("compare")) return run_compare(comparing, signals);
  if (app.got_subcommand("topology")) return run_topology(looking_at_topology);
  if (app.got_subcommand("switch")) return run_switch(switching, signals);
  if (app.got_subcommand("devices")) return run_devices(listing);
  return models.run();
}

}  // namespace

int run_program(int argc, char** argv, const OwnParts& own) {
  // Received tensors come and go in buffers of a chunk's size. By default glibc gives each back to the
  // kernel, and faulting it in anew costs more than reading it.
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  try {
    for (const Algorithm& algorithm : own.algorithms) {
      add_algorithm(algorithm);
      add_algorithm_name(algorithm.name);
    }
    for (const ObjectiveKind& model : own.models) {
      add_objective(model);
      add_model_name(model.name, model.needs_data);
    }
    return run(argc, argv);
  } catch (const InputError& error) {
    std::fprintf(stderr, "murm: %s\n", error.what());
    return 2;
  } catch (const RunError& error) {
    std::fprintf(stderr, "murm: %s\n", error.what());
    return 1;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "murm: out of memory. HINT: fewer workers, a smaller model or batch\n");
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "murm: internal error: %s\n", error.what());
    return kInternalError;
  }
}

}  // namespace murm
