// A folder with a small job in it, in which tests run murm and look at what it leaves.
// Room: tests. Knows the command line and report.json.
// Caller: tests/integration. Source: docs/jobs.md.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/program.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

namespace murm::test {

using Words = std::vector<std::string>;

/// Both lists, one after the other.
Words operator+(Words left, const Words& right);

/// Each as --set section.key=value.
Words set(const Words& settings);

class Trial {
 public:
  /// Writes job.toml: an mlp with 32 hidden neurons, 4000 samples in leases of 16, 4 workers, bsp.
  Trial();
  ~Trial();

  std::filesystem::path operator/(const std::string& name) const { return folder() / name; }
  const std::filesystem::path& folder() const { return folder_; }

  Program start(const Words& arguments) const;                          // murm ARGUMENTS
  Program train(const Words& arguments, const std::string& out) const;  // murm train job.toml ...

  /// Runs `murm train`, requires exit code 0 and gives the report.
  nlohmann::json report_of(const Words& arguments, const std::string& out = "run") const;
  std::string hash_of(const Words& arguments, const std::string& out = "run") const;

  nlohmann::json report(const std::string& out = "run") const;
  /// Lines of metrics.csv beyond its header: a run with one is in the middle of its work.
  bool is_under_way(const std::string& out = "run") const;
  /// Files and folders below the trial's folder, with their contents' sizes, as one text.
  std::string listing() const;
  bool has_sockets() const;

 private:
  TemporaryFolder base_;
  std::filesystem::path folder_;
};

/// Waits for the end of the program and requires this exit code; shows what it said otherwise.
void require_exit(Program& program, int code, Duration deadline = 20s);

/// Requires that the run is in the middle of its work before long; shows what it said otherwise.
void require_under_way(const Trial& trial, const Program& program);

/// Every lease applied exactly once, every sample too.
void require_whole_ledger(const nlohmann::json& report, std::uint64_t samples);

/// Requires exit code 2, each of `texts` on standard error, and an untouched folder.
void require_refused(const Trial& trial, const Words& arguments, const Words& texts);

/// A tcp port on loopback that nobody listens on.
std::string free_endpoint();

}  // namespace murm::test
