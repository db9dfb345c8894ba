#include "actors/recording_machine.hpp"

#include <optional>
#include <utility>

#include "actors/trace_events.hpp"
#include "runtime/trace_file.hpp"

namespace murm {

namespace {

class RecordingMachine final : public Machine {
 public:
  RecordingMachine(std::unique_ptr<Machine> machine, std::shared_ptr<Recording> recording)
      : machine_(std::move(machine)), recording_(std::move(recording)) {}

  void on_start(Context& context) override {
    const PeerId self = context.self();
    writer_.emplace(recording_->folder / (machine_name(self) + ".trace"));
    judge(writer_->begin({self, recording_->run, recording_->parameters, recording_->shards,
                          recording_->algorithm}));
    keep(start_record(), context);
    machine_->on_start(context);
  }
  void on_lease(const Lease& lease, Context& context) override {
    keep(record_of(lease), context);
    machine_->on_lease(lease, context);
  }
  void on_gradient(const GradientReady& gradient, Context& context) override {
    keep(record_of(gradient), context);
    machine_->on_gradient(gradient, context);
  }
  void on_message(const Message& message, Context& context) override {
    keep(record_of(message), context);
    machine_->on_message(message, context);
  }
  void on_membership(const MembershipChange& change, Context& context) override {
    keep(record_of(change), context);
    machine_->on_membership(change, context);
  }
  void on_timer(std::uint64_t cookie, Context& context) override {
    keep(timer_record(cookie), context);
    machine_->on_timer(cookie, context);
  }
  void on_collect(Context& context) override {
    keep(collect_record(), context);
    machine_->on_collect(context);
  }
  void save(MachineState& state) const override {
    machine_->save(state);
    TraceRecord record = record_of(state);
    record.time = recording_->clock->now();
    keep(record);
  }
  void load(const MachineState& state, Context& context) override {
    machine_->load(state, context);
  }

 private:
  /// A replay gives the machine the recorded time as its own.
  void keep(TraceRecord record, const Context& context) const {
    record.time = context.now();
    keep(record);
  }
  void keep(const TraceRecord& record) const {
    if (writer_) judge(writer_->append(record));
  }
  void judge(const std::optional<Error>& error) const {
    if (!error || recording_->noticed.exchange(true)) return;
    recording_->notice("recording ends here, the run goes on: " + error->text);
  }

  std::unique_ptr<Machine> machine_;
  std::shared_ptr<Recording> recording_;
  mutable std::optional<TraceWriter> writer_;  // reading the state is an event, too
};

}  // namespace

std::unique_ptr<Machine> recorded(std::unique_ptr<Machine> machine,
                                  std::shared_ptr<Recording> recording) {
  if (!recording) return machine;
  return std::make_unique<RecordingMachine>(std::move(machine), std::move(recording));
}

}  // namespace murm
