// Everything that crosses a process boundary, as plain structs (what actors see).
// Room: serialization. Fields only; bounds are judged by the codec, bytes are in murmuration.capnp.
// Caller: actors/wire_connection on one side, codec on the other. Wire reference: docs/protocol.md.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "algorithms/machine.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {

/// Worker node -> coordinator, first message of a connection.
struct Hello {
  std::string build;  // program version, for the log
  std::uint64_t process_id = 0;
  std::vector<std::uint32_t>
      slots;  // worker numbers asked for (children of `murm train`); empty: any one
};

/// One worker admitted by a Welcome.
struct WorkerSeat {
  PeerId peer;             // fresh at every join
  std::uint32_t slot = 0;  // worker number in reports and in per-worker job keys
};

/// Coordinator -> worker node: admitted.
struct Welcome {
  std::string job;            // the resolved job as TOML
  std::string bulk_endpoint;  // where tensors go
  std::vector<WorkerSeat> seats;
  std::uint32_t shards = 1;
  std::uint64_t parameters =
      0;  // length of the flat vector; shard s owns shard_range(parameters, shards, s)
  SampleCount samples = 0;   // of the whole run; 0: without a known end
  std::uint32_t course = 0;  // changes of algorithm so far
};

/// Coordinator -> worker node: not admitted; `reason` is a sentence for the user.
struct Refusal {
  std::string reason;
};

/// Both ways on the control socket, every heartbeat interval.
struct Heartbeat {
  std::uint64_t count = 0;
};

/// Worker -> data steward.
struct LeaseRequest {
  PeerId worker;
  std::uint32_t samples = 0;  // the longest lease it can use; 0: of any length
  std::uint32_t course = 0;   // changes of algorithm that it has heard of
};

/// Data steward -> worker.
struct LeaseGrant {
  PeerId worker;
  Lease lease;
};

/// Receiver -> sender of bulk: so many payload bytes have been consumed and may be sent anew.
struct Credit {
  std::uint64_t bytes = 0;
};

/// Worker -> coordinator, with its last message and at every heartbeat: for the report.
struct WorkerReport {
  PeerId worker;
  std::uint64_t steps = 0;
  std::uint64_t samples = 0;
  std::uint64_t busy_ns = 0;     // computing
  std::uint64_t elapsed_ns = 0;  // since its first lease
  std::uint64_t bytes_sent = 0;  // of its process; equal in all workers of a process
  std::uint64_t bytes_received = 0;
  std::uint64_t peak_rss_bytes = 0;
  std::uint64_t data_wait_ns = 0;  // of busy_ns: waiting for samples
  std::string device{};            // "cpu", "cuda:0"
};

/// Worker -> coordinator: this run cannot go on (loss not finite), or not with this worker (device lost).
struct Failure {
  PeerId worker;
  std::string reason;
  bool of_worker_alone = false;  // others can do its work
};

/// Coordinator -> worker node: report and leave.
struct Stop {
  std::string reason;
};

/// Worker node -> coordinator: leaves on purpose; its leases go to others.
struct Leave {
  std::uint64_t process_id = 0;
};

/// Data steward -> worker, where workers talk to each other: who takes part. The first one names all members,
/// the worker itself among them, and comes before any lease of its epoch.
struct Members {
  PeerId worker;
  MembershipChange change;
};

/// Coordinator -> worker, at a cut: send your replica to the aggregators.
struct Collect {
  PeerId worker;
};

/// Coordinator -> worker, at a cut: the run goes on with another algorithm.
struct Course {
  PeerId worker;
  std::uint32_t course = 0;  // changes of algorithm so far, this one included
  std::string to;
};

/// `murm switch` -> coordinator, first message of a connection; answered once it is done, or refused.
struct SwitchRequest {
  std::string to;
};
struct SwitchAnswer {
  bool done = false;
  std::string text;
};

/// A message of the algorithm (bulk socket), addressed to a peer.
/// `message.payload` is filled by the receiving link from the tensor chunks that follow.
struct Routed {
  PeerId to;
  Message message;
};

/// One part of a Routed message's payload. A payload of n bytes travels in chunks of at most
/// chunk_bytes_max, each in its own multipart message together with the complete Routed header.
struct ChunkInfo {
  std::uint64_t transfer = 0;          // counts Routed messages of this sender's connection, from 0
  std::uint64_t payload_elements = 0;  // fp32, whole payload
  std::uint64_t offset_elements = 0;   // of this chunk
  std::uint32_t elements = 0;          // of this chunk
};

using ControlBody =
    std::variant<Hello, Welcome, Refusal, Heartbeat, LeaseRequest, LeaseGrant, Credit, WorkerReport,
                 Failure, Stop, Leave, Members, Collect, Course, SwitchRequest, SwitchAnswer>;

/// Stands in front of every message.
struct Envelope {
  std::uint64_t run =
      0;  // drawn at start of the run; 0 only with strangers: Hello, Refusal, SwitchRequest, SwitchAnswer
  Epoch epoch = 0;             // membership epoch known to the sender
  std::uint64_t sequence = 0;  // of this sender on this socket, from 0, without gaps
};

}  // namespace murm
