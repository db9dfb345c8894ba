#include "actors/recording_machine.hpp"

#include "actors/virtual/virtual_tensors.hpp"
#include "runtime/trace_file.hpp"
#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

using namespace murm;
using namespace murm::test;

namespace {

/// Counts what it is given, and how much of that stands in its trace by then.
class Witness final : public Machine {
 public:
  explicit Witness(std::filesystem::path trace, int* events)
      : trace_(std::move(trace)), events_(events) {}
  void on_start(Context& /*context*/) override { see(); }
  void on_lease(const Lease& /*lease*/, Context& /*context*/) override { see(); }
  void on_membership(const MembershipChange& /*change*/, Context& /*context*/) override { see(); }

 private:
  void see() {
    ++*events_;
    if (!std::filesystem::exists(trace_)) return;
    TraceReader reader(trace_);
    int records = 0;
    while (reader.next()) ++records;
    CHECK(records == *events_);
  }
  std::filesystem::path trace_;
  int* events_;
};

class Self final : public VirtualTensors {
 public:
  explicit Self(PeerId id) : VirtualTensors(nullptr), id_(id) {}
  PeerId self() const override { return id_; }
  std::chrono::nanoseconds now() const override { return {}; }
  void set_timer(std::chrono::nanoseconds /*delay*/, std::uint64_t /*cookie*/) override {}
  void collected() override {}
  void cancel() override {}
  void request_lease(std::uint32_t /*samples*/) override {}
  void compute(const Lease& /*lease*/, std::span<const Tensor> /*parameters*/) override {}
  bool admit(const Lease& /*lease*/) override { return false; }
  void applied(const Message& /*push*/, Version /*staleness*/) override {}
  void dropped(const Message& /*push*/) override {}
  Tensor initial_parameters() override { return {}; }
  void send(PeerId /*to*/, Message /*message*/) override {}
  void reject(const Message& /*message*/, std::string /*why*/) override {}

 private:
  PeerId id_;
};

std::shared_ptr<Recording> recording_in(const std::filesystem::path& folder, int* notices) {
  auto recording = std::make_shared<Recording>();
  recording->folder = folder;
  recording->algorithm = "asp";
  recording->clock = std::make_shared<SystemClock>();
  recording->notice = [notices](const std::string& text) {
    ++*notices;
    CHECK(text.find("recording ends here, the run goes on: ") == 0);
  };
  return recording;
}

void give_events(Machine& machine, Context& context) {
  machine.on_start(context);
  machine.on_lease(Lease{0, 0, 0, 1, 0, 32, true}, context);
  machine.on_membership({1, {PeerId::worker(0)}, {}}, context);
}

}  // namespace

TEST_CASE("every event is in the file before the machine acts on it") {
  const TemporaryFolder folder;
  int events = 0;
  int notices = 0;
  auto witness = std::make_unique<Witness>(folder / "worker-3-0.trace", &events);
  const auto machine = recorded(std::move(witness), recording_in(folder.path(), &notices));
  Self self(PeerId::worker(3));
  give_events(*machine, self);
  CHECK(events == 3);
  CHECK(notices == 0);
  CHECK(TraceReader(folder / "worker-3-0.trace").header().machine == PeerId::worker(3));
}

TEST_CASE("machines that cannot be recorded work on, and the user is told once") {
  const TemporaryFolder folder;
  int events = 0;
  int notices = 0;
  const auto recording = recording_in(folder / "not there", &notices);
  for (const std::uint64_t ordinal : {0U, 1U}) {
    const auto machine = recorded(std::make_unique<Witness>(folder / "none", &events), recording);
    Self self(PeerId::worker(ordinal));
    give_events(*machine, self);
  }
  CHECK(events == 6);
  CHECK(notices == 1);
}

TEST_CASE("without a recording a machine stays as it is") {
  int events = 0;
  auto machine = std::make_unique<Witness>("none", &events);
  const Machine* same = machine.get();
  CHECK(recorded(std::move(machine), nullptr).get() == same);
}
