# Everything that crosses a process boundary. The comments are the reference of the protocol:
# sender -> receiver, unit, bound. How the messages play together: docs/protocol.md.
#
# A message is one ZeroMQ multipart message. Frame 0 is a prefix of 16 bytes followed by one Wire
# struct in Cap'n Proto's stream framing (segment table, then segments); the frame is a multiple of
# 8 bytes and at most 64 KiB. Bulk messages carry the chunk's numbers in frame 1: raw fp32, little
# endian, at most 1 MiB.
#
# Prefix: bytes 0-3 "MURM"; 4-7 protocolVersion, UInt32 little endian; 8-15 XXH3-64 (seed 0) of all
# bytes of frame 0 after the prefix, UInt64 little endian.
#
# Fields are never renumbered, retyped or reused. A new optional field or arm goes at the end;
# anything an old peer must not misread raises protocolVersion, which must be equal on both sides.
#
# Ids of peers: role (1 coordinator, 2 aggregator, 3 worker) in the top byte, ordinal below it.

@0xa5fcdd57e8f12f7d;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("murm::wire");

const protocolVersion :UInt32 = 3;

struct Wire {
  run @0 :UInt64;       # All -> all. Drawn at the start of the run; 0 only with strangers: hello, refusal, switch.
  epoch @1 :UInt64;     # All -> all. Membership epoch known to the sender; old ones are refused.
  sequence @2 :UInt64;  # All -> all. Counts this sender's messages on this socket, from 0, no gaps.

  body :union {
    unset @3 :Void;                  # What a zeroed message reads as: refused.
    hello @4 :Hello;                 # Worker node -> coordinator, control: first message.
    welcome @5 :Welcome;             # Coordinator -> worker node, control: answers hello.
    refusal @6 :Refusal;             # Coordinator -> worker node, control: answers hello.
    heartbeat @7 :Heartbeat;         # Both ways, control: every heartbeat interval.
    leaseRequest @8 :LeaseRequest;   # Worker -> data steward, control.
    leaseGrant @9 :LeaseGrant;       # Data steward -> worker, control.
    credit @10 :Credit;              # Receiver of bulk -> its sender, control.
    workerReport @11 :WorkerReport;  # Worker -> coordinator, control: every heartbeat.
    failure @12 :Failure;            # Worker -> coordinator, control: the run cannot go on.
    stop @13 :Stop;                  # Coordinator -> worker node, control: report and leave.
    leave @14 :Leave;                # Worker node -> coordinator, control: leaves on purpose.
    bulk @15 :Bulk;                  # Worker <-> aggregator, worker <-> worker, bulk: a chunk.
    members @16 :Members;            # Data steward -> worker, control: before leases of its epoch.
    collect @17 :Collect;            # Coordinator -> worker, control: at a cut.
    course @18 :Course;              # Coordinator -> worker, control: at a cut.
    switchRequest @19 :SwitchRequest;  # `murm switch` -> coordinator, control: first message.
    switchAnswer @20 :SwitchAnswer;    # Coordinator -> `murm switch`, control.
  }
}

struct Hello {
  build @0 :Text;          # Program version, for the log. At most 256 bytes.
  processId @1 :UInt64;    # Of the operating system, for the log.
  slots @2 :List(UInt32);  # Worker numbers asked for, below 1024; empty: any. At most 1024.
}

struct Seat {
  peer @0 :UInt64;  # A worker id, fresh at every join.
  slot @1 :UInt32;  # Worker number in reports and per-worker job keys, below 1024.
}

struct Welcome {
  job @0 :Text;           # The resolved job as TOML. At most 32 KiB.
  bulkEndpoint @1 :Text;  # ZeroMQ endpoint of the bulk socket. At most 256 bytes.
  seats @2 :List(Seat);   # Workers admitted. 1 to 1024.
  shards @3 :UInt32;      # Parts of the flat parameter vector, each with one aggregator. 1 to 1024.
  parameters @4 :UInt64;  # Elements of the flat vector. At least `shards`, at most 2^40.
  samples @5 :UInt64;     # Samples of the whole run, 0: without a known end. Below 2^62.
  course @6 :UInt32;      # Changes of algorithm so far.
}

struct Refusal {
  reason @0 :Text;  # A sentence for the user. At most 1 KiB.
}

struct Heartbeat {
  count @0 :UInt64;  # Heartbeats sent before this one on this connection.
}

struct LeaseRequest {
  worker @0 :UInt64;   # A worker id: who asks.
  samples @1 :UInt32;  # The longest lease it can use; 0: of any length. At most 2^24.
  course @2 :UInt32;   # Changes of algorithm that the sender has heard of.
}

struct Lease {
  id @0 :UInt64;        # Place in the run's sequence of leases, dense from 0. Below 2^32.
  step @1 :UInt64;      # The step it belongs to; asynchronous: counts the grants of its worker.
  index @2 :UInt32;     # Place among the leases of its step: the order of reduction. Below quorum.
  quorum @3 :UInt32;    # Leases of its step. 1 to 65536.
  position @4 :UInt64;  # First sample in the run's stream of samples. Below 2^62.
  samples @5 :UInt32;   # Length of the lease. 1 to 2^24.
  requested @6 :Bool;   # Answers a request of this worker; false: taken over from a lost one.
  epoch @7 :UInt64;     # Membership epoch in which its step was planned.
}

struct LeaseGrant {
  worker @0 :UInt64;  # A worker id: who shall compute it.
  lease @1 :Lease;
}

struct Credit {
  bytes @0 :UInt64;  # Payload bytes consumed, which may be sent anew. At most 2^34.
}

struct WorkerReport {
  worker @0 :UInt64;         # A worker id. All counts since it joined.
  steps @1 :UInt64;          # Gradients computed.
  samples @2 :UInt64;        # Samples in them.
  busyNs @3 :UInt64;         # Nanoseconds computing.
  elapsedNs @4 :UInt64;      # Nanoseconds since its first lease.
  bytesSent @5 :UInt64;      # Of its process, equal in all its workers.
  bytesReceived @6 :UInt64;  # Likewise.
  peakRssBytes @7 :UInt64;   # Likewise.
  dataWaitNs @8 :UInt64;     # Nanoseconds of busyNs waiting for samples.
  device @9 :Text;           # "cpu", "cuda:0". At most 256 bytes.
}

struct Failure {
  worker @0 :UInt64;  # A worker id: who found out.
  reason @1 :Text;    # A sentence for the user. At most 1 KiB.
  ofWorkerAlone @2 :Bool;  # Others can do its work.
}

struct Stop {
  reason @0 :Text;  # A sentence for the log. At most 1 KiB.
}

struct Leave {
  processId @0 :UInt64;  # As in hello.
}

struct Members {
  # Only where workers talk to each other. The first one a worker gets names all members, itself
  # among them; later ones name the change.
  worker @0 :UInt64;         # A worker id: who is told.
  epoch @1 :UInt64;          # Membership epoch that begins.
  joined @2 :List(UInt64);   # Worker ids. At most 1024.
  left @3 :List(UInt64);     # Worker ids, lost or gone. At most 1024.
}

struct Collect {
  worker @0 :UInt64;  # A worker id: who shall send its replica to the aggregators.
}

struct Course {
  worker @0 :UInt64;  # A worker id: who is told.
  course @1 :UInt32;  # Changes of algorithm so far, this one included.
  to @2 :Text;        # Name of the algorithm from now on. At most 256 bytes.
}

struct SwitchRequest {
  to @0 :Text;  # Name of an algorithm. At most 256 bytes.
}

struct SwitchAnswer {
  done @0 :Bool;  # False: refused, and nothing has changed.
  text @1 :Text;  # What was done, or why not: a sentence for the user. At most 1 KiB.
}

enum MessageKind {
  unset @0;       # Refused.
  pull @1;        # Worker -> aggregator: send me your shard; -> worker: your replica. No payload.
  push @2;        # Worker -> aggregator: what came of a lease, this shard's part. Without payload:
                  # only that it is done.
  parameters @3;  # Aggregator -> worker: the shard; answers one pull or push. Worker -> worker: the
                  # replica; answers a pull.
  exchange @4;    # Worker -> worker: (part of) the sender's replica, or a share of it.
  answer @5;      # Worker -> worker: answers an exchange.
  decline @6;     # Worker -> worker: the exchange does not take place. No payload.
  replica @7;     # Worker -> aggregator, at a cut: the sender's replica, this shard's range. Without
                  # payload: it has none.
}

struct Bulk {
  # The header is complete in every chunk of a payload and equal in all of them but for offset,
  # elements and checksum.
  to @0 :UInt64;               # Aggregator `shard` (pull, push, replica) or a worker (the others).
  kind @1 :MessageKind;
  from @2 :UInt64;             # Aggregator `shard` (parameters) or a worker (all kinds).
  shard @3 :UInt32;            # Below the number of shards. Between workers: which part of the
                               # vector, as the algorithm counts; below 1024.
  version @4 :UInt64;          # Updates applied. Pull, push: when read. Parameters: when sent.
  lease @5 :Lease;             # Push: what this came of. Pull: only its step counts, the clock
                               # asked for. Judged in a push only. Parameters: absent.
  lossSum @6 :Float64;         # Push: loss summed over the samples of the lease. Finite.
  learningRate @7 :Float64;    # Parameters: rate of the next update. Finite.
  transfer @8 :UInt64;         # Counts this sender's messages on this socket, strictly growing.
  payloadElements @9 :UInt64;  # Numbers in the whole payload, at most 2^32. Parameters: 1 up to
                               # the shard. Replica: as the shard, or 0. Push: at most 1024 more than the
                               # shard. Between workers: at most 1024 more than the vector. Pull,
                               # decline: 0.
  offsetElements @10 :UInt64;  # Of this chunk's first number. offset + elements <= payloadElements.
  elements @11 :UInt32;        # Of this chunk, 4 bytes each in frame 1. 1 to 2^18; 0 where there is
                               # no payload.
  checksum @12 :UInt64;        # XXH3-64 (seed 0) of frame 1.
  round @13 :UInt64;           # Of the algorithm: a round, an exchange, a staleness.
  weight @14 :Float64;         # Of the algorithm: push-sum weight, share, tokens. Finite.
  dropped @15 :Bool;           # Parameters: the push they answer was not applied; or they are old.
                               # Push without payload: the workers do without its lease.
  course @16 :UInt32;          # Changes of algorithm that the sender had heard of.
}
