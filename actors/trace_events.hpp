// Events of a machine <-> records of a trace, and the fingerprints that stand for tensors in it.
// Room: actors. Translation only: no actor, no file.
// Caller: actors/recording_machine, actors/virtual/replay.
#pragma once
#include <string>

#include "algorithms/machine.hpp"
#include "runtime/trace_record.hpp"

namespace murm {

/// Of at most 64 numbers at equal distances and the last one; 0 for no numbers. Numbers that were added
/// in another order differ in some last bit, and so does the fingerprint, but for rare luck that does
/// not last. Requires: host memory (asserted).   Cost: about a microsecond, whatever the length.
std::uint32_t fingerprint(const Tensor& tensor);

/// Records without their time.
TraceRecord start_record();
TraceRecord timer_record(std::uint64_t cookie);
TraceRecord collect_record();
TraceRecord record_of(const Lease& lease);
TraceRecord record_of(const GradientReady& gradient);
TraceRecord record_of(const Message& message);
TraceRecord record_of(const MembershipChange& change);
TraceRecord record_of(const MachineState& state);

TraceLease trace_lease(const Lease& lease);
Lease lease_of(const TraceLease& lease);
MembershipChange change_of(const TraceRecord& record);

/// "push of worker-1-0, lease 57", for texts.
std::string describe(const TraceRecord& record);
/// The first field in which the two differ but for their times, as "version recorded 7, replayed 6";
/// empty: none. Without `numbers` fingerprints are not looked at.
std::string difference(const TraceRecord& recorded, const TraceRecord& replayed, bool numbers);

}  // namespace murm
