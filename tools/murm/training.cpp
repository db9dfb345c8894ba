#include "tools/murm/training.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "actors/training_node.hpp"
#include "algorithms/registry.hpp"
#include "runtime/atomic_file.hpp"
#include "runtime/child_process.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/job_file.hpp"
#include "runtime/process_info.hpp"
#include "runtime/run_directory.hpp"
#include "tools/murm/run_files.hpp"
#include "tools/murm/run_outputs.hpp"

namespace murm {

namespace {

constexpr std::chrono::milliseconds kChildGoodbye{1000};
constexpr std::chrono::milliseconds kDeviceGoodbye{300};

std::string socket_without_file() { return "ipc://@murmuration-" + std::to_string(process_id()); }

/// Where the worker processes of `murm train` join: loopback, or a socket without a file.
std::string private_endpoint(const Job& job) {
  if (job.cluster.transport == "ipc") return socket_without_file();
  return "tcp://127.0.0.1:0";
}

/// Workers are dealt to the processes in turn.
std::vector<std::string> child_arguments(const Job& job, std::uint64_t child,
                                         const std::string& endpoint,
                                         const std::filesystem::path& traces) {
  std::string slots;
  for (std::uint64_t slot = child; slot < job.cluster.workers; slot += job.cluster.processes) {
    slots += (slots.empty() ? "" : ",") + std::to_string(slot);
  }
  std::vector<std::string> words{
      own_executable(), "worker", "--join",   endpoint,
      "--slots",        slots,    "--parent", std::to_string(process_id()),
      "--quiet"};
  if (!traces.empty()) words.insert(words.end(), {"--record", traces.string()});
  return words;
}

void check_record(const TrainingCommand& command, const Job& job) {
  if (command.record && !job.emulate.byzantine.empty()) {
    throw InputError(
        "--record: emulate.byzantine corrupts gradients, which a replay computes honestly. HINT: "
        "leave one of them out");
  }
  if (command.record && !job.algorithm.switches.empty()) {
    throw InputError(
        "--record: algorithm.switches changes the algorithm, and a recording is of one. HINT: "
        "leave "
        "one of them out");
  }
  if (command.record && needs_one_process(job)) {
    throw InputError("--record: a run of algorithm.name = \"" + job.algorithm.name +
                     "\" cannot be replayed, as its workers write to shared memory in no order. "
                     "HINT: leave --record out");
  }
  if (!command.record || !command.resume) return;
  throw InputError(
      "--record and --resume do not go together: a recording begins with its run. HINT: leave one "
      "of them out");
}

std::filesystem::path make_trace_folder(const RunDirectory& directory) {
  std::error_code error;
  std::filesystem::create_directory(directory.traces(), error);
  if (!error) return directory.traces();
  throw InputError("--record: the folder " + directory.traces().string() +
                   " cannot be created: " + error.message() + ". HINT: check its permissions");
}

/// Says where the run can be asked, as long as it is under way.
class EndpointFile {
 public:
  EndpointFile(std::filesystem::path file, const std::string& endpoint) : file_(std::move(file)) {
    if (const auto error = write_file_atomically(file_, endpoint + "\n")) {
      throw InputError(error->text);
    }
  }
  EndpointFile(const EndpointFile&) = delete;
  EndpointFile& operator=(const EndpointFile&) = delete;
  ~EndpointFile() {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
  }

 private:
  std::filesystem::path file_;
};

void check_listen(const TrainingCommand& command) {
  if (command.listen.empty()) return;
  (void)parse_endpoint("--listen", command.listen, EndpointUse::listen);
  if (is_loopback(command.listen)) return;
  if (!command.insecure) {
    throw InputError("--listen " + command.listen +
                     " can be reached from other machines, and peers are not authenticated. HINT: "
                     "listen on 127.0.0.1, or add --insecure on a network you trust");
  }
  std::fprintf(stderr, "murm: warning: %s accepts anyone who can reach it (--insecure)\n",
               command.listen.c_str());
}

int exit_code(const RunOutcome& outcome) {
  switch (outcome.status) {
    case RunStatus::finished:
      return 0;
    case RunStatus::interrupted:
      return 128 + outcome.signal;
    case RunStatus::failed:
      return 1;
  }
  return 1;
}

/// Waits for the outcome; the first signal asks for a clean stop, the second one leaves at once.
RunOutcome wait_for_outcome(TrainingNode& node, SignalGate& signals, ChildWatcher& children) {
  bool asked = false;
  for (;;) {
    const SignalGate::Woken woken = signals.wait();
    if (auto outcome = node.outcome()) return std::move(*outcome);
    if (woken.signal == 0) continue;
    if (asked) {
      children.kill_all(SIGKILL);
      std::_Exit(128 + woken.signal);
    }
    asked = true;
    node.interrupt(woken.signal);
  }
}

/// After an interrupt nobody waits for a device in the middle of a long step: it cannot be called back.
void leave_soon(int code) {
  std::thread([code] {
    std::this_thread::sleep_for(kDeviceGoodbye);
    std::_Exit(code);
  }).detach();
}

/// Children leave by themselves when they are told that the run is over.
void see_off(ChildWatcher& children) {
  const auto deadline = std::chrono::steady_clock::now() + kChildGoodbye;
  while (children.running() > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

/// Everything that can be wrong is found here, before a file of an earlier run is touched.
TrainingNodeOptions node_options(const TrainingCommand& command, const Job& job,
                                 const std::filesystem::path& folder) {
  TrainingNodeOptions options;
  options.prepared = prepare_job(job, !command.listen.empty() || job.cluster.processes > 0);
  if (command.listen.empty()) require_devices(job);  // else they are those of other machines
  options.workers_can_come = !command.listen.empty();
  options.listen = command.listen;
  if (options.listen.empty() && job.cluster.processes > 0) options.listen = private_endpoint(job);
  if (options.listen.empty()) options.control = socket_without_file();
  options.checkpoints = RunDirectory::checkpoints(folder);
  options.progress = progress_style_for(STDERR_FILENO, command.quiet);
  if (command.resume) {
    options.restored = restore_checkpoint(options.checkpoints, job);
  }
  return options;
}

}  // namespace

int run_training(const TrainingCommand& command, SignalGate& signals) {
  const LoadedJob loaded = load_job(command.job_file, command.set);
  const Job& job = loaded.job;
  check_listen(command);
  check_report_folder(command.report);
  check_record(command, job);
  if (!command.quiet) {
    for (const std::string& note : loaded.notes)
      std::fprintf(stderr, "murm: note: %s\n", note.c_str());
  }
  const auto folder = command.out.empty() ? std::filesystem::path("runs") / job.job.name
                                          : command.out;
  TrainingNodeOptions options = node_options(command, job, folder);
  const RunDirectory directory = RunDirectory::create(folder, command.resume);
  options.metrics_file = directory.metrics();
  options.job_file = directory.job();
  if (const auto error = write_file_atomically(directory.job(), to_toml(job))) {
    throw InputError(error->text);
  }
  write_alphabet(job, directory);
  if (options.restored && !command.quiet) {
    for (const std::string& note : options.restored->notes) {
      std::fprintf(stderr, "murm: note: %s\n", note.c_str());
    }
    std::fprintf(stderr, "murm: resuming at %llu samples\n",
                 static_cast<unsigned long long>(options.restored->view.position));
  }
  if (command.record) options.traces = make_trace_folder(directory);
  const std::filesystem::path traces = options.traces;
  options.finished = [&signals] { signals.notify(); };
  TrainingNode node(std::move(options));
  const EndpointFile where(directory.endpoint(), node.control());
  if (!command.listen.empty() && !command.quiet) {
    std::fprintf(stderr, "murm: coordinator at %s, waiting for %llu worker(s)\n",
                 node.endpoint().c_str(), static_cast<unsigned long long>(job.cluster.workers));
  }
  ChildWatcher children([&node](pid_t pid, ExitStatus status) {
    node.process_lost(static_cast<std::uint64_t>(pid),
                      "process " + std::to_string(pid) + " ended, " + to_string(status));
  });
  if (command.listen.empty()) {
    for (std::uint64_t child = 0; child < job.cluster.processes; ++child) {
      children.add(ChildProcess(child_arguments(job, child, node.endpoint(), traces)));
    }
  }
  const RunOutcome outcome = wait_for_outcome(node, signals, children);
  const Report report = make_report(outcome, node.plan(), node.traffic(), node.link_counts(),
                                    node.endpoint());
  write_outputs(outcome, node.plan(), report, directory, command.report);
  if (!command.quiet) {
    std::printf("%s  files        %s\n", summary_table(report).c_str(), directory.path().c_str());
  }
  if (outcome.status == RunStatus::interrupted) {
    std::fflush(stdout);
    children.kill_all(SIGKILL);  // they have reported
    leave_soon(exit_code(outcome));
  }
  see_off(children);
  if (outcome.status == RunStatus::failed) throw RunError(outcome.reason);
  return exit_code(outcome);
}

}  // namespace murm
