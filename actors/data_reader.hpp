// The data reader: reads the batches of one lane before its device asks for them.
// Room: actors. Knows places in the run's stream; no model, no parameters. Own thread: a file may be slow.
// Caller: actors/device_actor spawns one for each lane that reads data; actors/worker tells it of leases.
#pragma once
#include <memory>

#include "actors/cast.hpp"
#include "models/read_ahead.hpp"

namespace murm {

/// In: ReadLease from the worker, as soon as it has one; BufferFree from the device, in the midst of a lease. Out: nothing, batches
/// pass through memory that both share. State: none of its own.
/// The device is lost: linked, it ends with it. A lease that is never computed: its batches are given up when a later one is taken.
DataReader::behavior_type data_reader(DataReader::pointer self, std::shared_ptr<ReadAhead> batches);

}  // namespace murm
