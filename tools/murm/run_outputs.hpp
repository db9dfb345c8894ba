// What a run leaves behind: report, plot, final parameters, the table at its end.
// Room: tools. Turns a RunOutcome into the files of its folder.
// Caller: tools/murm/training.
#pragma once
#include <filesystem>
#include <string>

#include "actors/training_node.hpp"
#include "runtime/report.hpp"
#include "runtime/run_directory.hpp"

namespace murm {

/// `endpoint`: where worker processes joined; empty when there were none.
Report make_report(const RunOutcome& outcome, const JobPlan& plan, const TransportCounters& traffic,
                   const LinkCounts& refused, const std::string& endpoint);

/// Writes final.safetensors, loss.svg and report.json, and a copy of the report to `report_copy` unless
/// that is empty. Throws RunError when one cannot be written, after trying the others.
void write_outputs(const RunOutcome& outcome, const JobPlan& plan, const Report& report,
                   const RunDirectory& directory, const std::filesystem::path& report_copy);

}  // namespace murm
