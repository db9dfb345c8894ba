// How fast a device of its own memory is, by a quick look: products, and copies from place to place.
// Room: tools/murm. Knows a device; no model, no job.
// Caller: tools/murm/devices_command.
#pragma once
#include "gpu/device.hpp"

namespace murm {

/// Operations per second of the best of square products, the largest of them a few milliseconds long.
double probe_products(Device& device);
/// Bytes per second, read and written, of a copy within the device's memory.
double probe_copies(Device& device);

}  // namespace murm
