#include "tools/murm/switch_command.hpp"

#include <cstdio>
#include <fstream>
#include <mutex>
#include <optional>

#include "actors/wire_connection.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/run_directory.hpp"
#include "runtime/zmq_transport.hpp"

namespace murm {

namespace {

constexpr std::chrono::seconds kConnectDeadline{5};
constexpr std::chrono::seconds kAnswerDeadline{600};  // the cut may evaluate and write a checkpoint

std::string endpoint_of(const std::string& run) {
  if (run.find("://") != std::string::npos) {
    (void)parse_endpoint("the run", run, EndpointUse::connect);
    return run;
  }
  const char* hint =
      "give the folder of a run that is under way, or its coordinator's tcp://host:port";
  if (!RunDirectory::is_run(run)) {
    throw InputError(run + " is not the folder of a run. HINT: " + hint);
  }
  std::ifstream file(RunDirectory::endpoint(run));
  std::string endpoint;
  if (!RunDirectory::is_in_use(run) || !std::getline(file, endpoint)) {
    throw InputError("the run in " + run + " is not under way. HINT: " + hint);
  }
  return endpoint;
}

/// What the transport's thread has heard; the main thread waits for it.
struct Conversation {
  std::mutex mutex;
  bool connected = false;
  std::string lost;
  std::optional<Frames> heard;
};

/// False when a signal or the deadline came first.
template <class Ready>
bool wait_until(SignalGate& signals, std::chrono::steady_clock::duration patience, Ready ready) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!ready()) {
    const auto woken = signals.wait(deadline);
    if (woken.signal != 0 || (!woken.notified && !ready())) return false;
  }
  return true;
}

}  // namespace

int run_switch(const SwitchCommand& command, SignalGate& signals) {
  const std::string endpoint = endpoint_of(command.run);
  Conversation talk;
  const auto note = [&](auto change) {
    {
      const std::lock_guard<std::mutex> guard(talk.mutex);
      change();
    }
    signals.notify();
  };
  TransportEvents events;
  events.connected = [&](ConnectionId) { note([&] { talk.connected = true; }); };
  events.disconnected = [&](ConnectionId, const std::string& why) {
    note([&] { talk.lost = "the run has ended: " + why; });
  };
  events.received = [&](ConnectionId, Channel, Frames frames) {
    note([&] { talk.heard = std::move(frames); });
  };
  const auto transport = connect_zmq(endpoint, std::move(events));
  const auto looks = [&](auto condition) {
    return [&talk, condition] {
      const std::lock_guard<std::mutex> guard(talk.mutex);
      return condition();
    };
  };
  if (!wait_until(signals, kConnectDeadline, looks([&] { return talk.connected; }))) {
    throw InputError("nobody answers at " + endpoint + ". HINT: is the run still under way?");
  }
  constexpr ConnectionId kOnly = 1;
  WireConnection wire(*transport, kOnly);
  wire.send(SwitchRequest{command.to});
  if (!wait_until(signals, kAnswerDeadline,
                  looks([&] { return talk.heard || !talk.lost.empty(); }))) {
    throw RunError("no answer from " + endpoint + "; the run may still change its algorithm");
  }
  const std::lock_guard<std::mutex> guard(talk.mutex);
  if (!talk.heard) throw RunError(talk.lost);
  const auto body = wire.take_control(*talk.heard);
  const auto* answer = body ? std::get_if<SwitchAnswer>(&*body) : nullptr;
  if (answer == nullptr) {
    throw InputError(endpoint + " does not understand. HINT: use the same murm on both sides");
  }
  if (!answer->done) throw InputError("not switched: " + answer->text);
  if (!command.quiet) std::printf("%s\n", answer->text.c_str());
  return 0;
}

}  // namespace murm
