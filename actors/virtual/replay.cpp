#include "actors/virtual/replay.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <set>

#include "actors/trace_events.hpp"
#include "actors/virtual/lease_book.hpp"
#include "algorithms/partition.hpp"
#include "gpu/host/host_device.hpp"
#include "runtime/trace_file.hpp"
#include "serialization/limits.hpp"

namespace murm {

namespace {

constexpr std::uint64_t kEventsPerLook = 64;  // between two calls of `progress`
constexpr std::chrono::nanoseconds kTimeMax{std::int64_t{1} << 61};

struct Track {
  std::unique_ptr<TraceReader> trace;
  std::unique_ptr<ReplayMachine> machine;
  TraceRecord next;
  std::uint64_t taken = 0;  // events
};

class Replay {
 public:
  explicit Replay(const ReplayOptions& options)
      : options_(options),
        book_(options.leases),
        world_{options.initial.empty() ? nullptr : &device_,
               options.gradient,
               options.algorithm.parameters,
               options.machines.replicas,
               options.machines.peers,
               {},
               ReplayAccount(options.algorithm.shards, options.evaluation_every)} {
    open_traces();
    for (auto& [peer, track] : tracks_) advance(peer, track);
    began_ = order_.empty() ? Nanoseconds{0} : order_.begin()->first;
  }

  ReplayResult run() {
    while (!order_.empty() && result_.difference.empty() && !result_.stopped) step();
    return finish();
  }

 private:
  using Turn = std::pair<Nanoseconds, PeerId>;

  [[noreturn]] static void refuse(const std::filesystem::path& file, const std::string& why) {
    throw InputError(file.string() + ": " + why +
                     ". HINT: the folder must be as `murm train --record` left it");
  }

  void open_traces() {
    std::error_code error;
    std::vector<std::filesystem::path> files;
    for (std::filesystem::directory_iterator entry(options_.traces, error), end;
         !error && entry != end; entry.increment(error)) {
      // An empty one is left by a process that could not write its first block.
      const bool whole = entry->is_regular_file(error) && entry->file_size(error) > 0;
      if (entry->path().extension() == ".trace" && whole) files.push_back(entry->path());
    }
    std::sort(files.begin(), files.end());
    if (files.empty()) {
      throw InputError(options_.traces.string() +
                       " holds no traces. HINT: record a run with `murm train --record`");
    }
    for (const auto& file : files) open(file);
    for (std::uint32_t shard = 0; shard < options_.algorithm.shards; ++shard) {
      if (tracks_.contains(PeerId::aggregator(shard))) continue;
      refuse(options_.traces, "the trace of aggregator-" + std::to_string(shard) + " is missing");
    }
  }

  void open(const std::filesystem::path& file) {
    Track track;
    track.trace = std::make_unique<TraceReader>(file);
    const TraceHeader& header = track.trace->header();
    const AlgorithmOptions& algorithm = options_.algorithm;
    if (header.algorithm != algorithm.name || header.parameters != algorithm.parameters ||
        header.shards != algorithm.shards) {
      refuse(file, "it was recorded with algorithm " + header.algorithm + ", " +
                       std::to_string(header.parameters) + " parameters and " +
                       std::to_string(header.shards) + " shards, which is not what job.toml says");
    }
    if (run_ && *run_ != header.run) refuse(file, "it belongs to another run than the others");
    run_ = header.run;
    const PeerId peer = header.machine;
    const bool worker = peer.role() == Role::worker && (peer.ordinal() & UINT32_MAX) < seats_max;
    const bool aggregator = peer.role() == Role::aggregator && peer.ordinal() < algorithm.shards;
    if (!worker && !aggregator) refuse(file, "it names a machine that no run has");
    if (tracks_.contains(peer)) refuse(file, "there are two traces of " + machine_name(peer));
    track.machine = worker ? make_worker(peer) : make_aggregator(peer);
    tracks_.emplace(peer, std::move(track));
  }

  std::unique_ptr<ReplayMachine> make_worker(PeerId peer) {
    return std::make_unique<ReplayMachine>(
        peer, murm::make_worker(options_.machines, options_.algorithm), Tensor(), world_);
  }

  std::unique_ptr<ReplayMachine> make_aggregator(PeerId peer) {
    const auto shard = static_cast<std::uint32_t>(peer.ordinal());
    const Range range = shard_range(options_.algorithm.parameters, options_.algorithm.shards,
                                    shard);
    Tensor numbers;
    if (world_.device != nullptr) {
      numbers = device_.allocate(range.length);
      std::copy_n(options_.initial.begin() + static_cast<std::ptrdiff_t>(range.offset),
                  range.length, host_span(numbers).begin());
    }
    return std::make_unique<ReplayMachine>(
        peer, murm::make_aggregator(options_.machines, options_.algorithm, shard),
        VirtualTensors::wrap(std::move(numbers), range.length, Provenance{}), world_);
  }

  void advance(PeerId peer, Track& track) {
    auto record = track.trace->next();
    if (!record) return;
    if (record->time < track.next.time || record->time > kTimeMax) {
      refuse(track.trace->file(), "time runs backwards at event " + std::to_string(track.taken));
    }
    if (record->kind == TraceKind::lease) {
      const std::string why = book_.objection(lease_of(record->lease));
      if (!why.empty()) {
        refuse(track.trace->file(),
               "event " + std::to_string(track.taken) + ", " + describe(*record) + ": " + why);
      }
    }
    track.next = std::move(*record);
    order_.insert({track.next.time, peer});
  }

  /// Events in the order of time, as far as messages have been sent: what is late is looked at again.
  void step() {
    const auto turn = std::find_if(order_.begin(), order_.end(), [this](const Turn& each) {
      const Track& track = tracks_.at(each.second);
      return track.machine->can_take(track.next);
    });
    if (turn == order_.end()) return differ(order_.begin()->second, missing());
    const PeerId peer = turn->second;
    Track& track = tracks_.at(peer);
    const std::string text = track.machine->take(track.next);
    if (!text.empty()) {
      // An earlier event that still waits for its message is where the two runs parted.
      return turn == order_.begin() ? differ(peer, text)
                                    : differ(order_.begin()->second, missing());
    }
    order_.erase(turn);
    ++track.taken;
    if (++result_.events % kEventsPerLook == 0 && options_.progress) look(track.next.time);
    advance(peer, track);
  }

  std::string missing() const {
    const TraceRecord& record = tracks_.at(order_.begin()->second).next;
    const std::string sender = machine_name(record.from);
    const auto track = tracks_.find(record.from);
    if (track == tracks_.end()) return "there is no trace of " + sender;
    const std::string event = std::to_string(track->second.taken);
    if (std::none_of(order_.begin(), order_.end(),
                     [&](const Turn& turn) { return turn.second == record.from; })) {
      return "the trace of " + sender + " ends before it sent this, after " + event + " events";
    }
    return "the replayed " + sender + " has not sent it, " + event + " events on";
  }

  void differ(PeerId peer, const std::string& text) {
    const Track& track = tracks_.at(peer);
    char time[32];
    std::snprintf(time, sizeof time, "%.6f",
                  std::chrono::duration<double>(track.next.time - began_).count());
    result_.difference = machine_name(peer) + ", event " + std::to_string(track.taken) + " at " +
                         time + " s, " + describe(track.next) + ": " + text;
  }

  void look(Nanoseconds now) {
    const ReplayAccount::Glance glance = world_.account.glance();
    ProgressState state;
    state.samples = glance.samples;
    state.samples_total = options_.leases.total;
    state.seconds = std::chrono::duration<double>(now - began_).count();
    state.loss = glance.loss;
    state.staleness_mean = glance.staleness_mean;
    result_.stopped = !options_.progress(state);
  }

  ReplayResult finish() {
    result_.machines = tracks_.size();
    for (const auto& [peer, track] : tracks_) {
      result_.bytes += track.trace->bytes();
      if (track.trace->torn()) result_.torn.push_back(machine_name(peer));
    }
    result_.report = world_.account.report();
    result_.timing = world_.account.timing();
    if (world_.device == nullptr || !result_.difference.empty() || result_.stopped) return result_;
    for (std::uint32_t shard = 0; shard < options_.algorithm.shards; ++shard) {
      const auto part = tracks_.at(PeerId::aggregator(shard)).machine->parameters();
      result_.parameters.insert(result_.parameters.end(), part.begin(), part.end());
    }
    return result_;
  }

  const ReplayOptions& options_;
  LeaseBook book_;
  HostDevice device_;
  ReplayWorld world_;
  std::map<PeerId, Track> tracks_;
  std::set<Turn> order_;  // of each machine with an event left: its time
  std::optional<std::uint64_t> run_;
  Nanoseconds began_{0};
  ReplayResult result_;
};

}  // namespace

ReplayResult replay(const ReplayOptions& options) { return Replay(options).run(); }

}  // namespace murm
