// Facts about this process and its machine: its id, its host's name, its peak memory, its own program file.
// Room: runtime. Asks the operating system, keeps nothing.
// Caller: actors/training_node (Hello, report), tools/murm. Source: proc(5), getrusage(2).
#pragma once
#include <cstdint>
#include <string>

namespace murm {

std::uint64_t process_id();

/// What follows the first "key ... :" of a file of /proc, without the blanks before it; empty where there is none.
std::string proc_value(const char* file, const std::string& key);

/// "unknown" when the system does not say.
std::string host_name();

/// Largest resident size so far, in bytes; 0 when unknown.
std::uint64_t peak_rss_bytes();

/// Path of the running program, for starting it again. Throws RunError without /proc.
std::string own_executable();

}  // namespace murm
