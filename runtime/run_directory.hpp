// The folder of one run: what may stand in it, who may replace it, where its files are.
// Room: runtime. Knows names of files, not their content.
// Caller: tools/murm, actors/training_node.
#pragma once
#include <filesystem>
#include <optional>

namespace murm {

/// Holds a lock on the folder while it lives, so that two runs cannot write to the same one; the
/// lock ends with the process, also when that is killed. Not copied to child processes.
class RunDirectory {
 public:
  /// Creates `folder`, or takes over that of an earlier run, recognised by its marker file: files a
  /// run writes are removed (checkpoints stay when `resume`), other files there stay.
  /// Errors: InputError when it is a file, a foreign non-empty folder, in use, or not writable.
  static RunDirectory create(const std::filesystem::path& folder, bool resume);

  /// The same for a folder that nobody asked for by name: while `folder` is in use, the next free one of
  /// folder-2, folder-3, ...
  static RunDirectory create_beside(const std::filesystem::path& folder);

  /// True when `folder` is one that `create` made.
  static bool is_run(const std::filesystem::path& folder);

  /// True while a run writes to `folder`.
  static bool is_in_use(const std::filesystem::path& folder);

  RunDirectory(RunDirectory&& other) noexcept;
  RunDirectory& operator=(RunDirectory&&) = delete;
  ~RunDirectory();

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path job() const { return job(folder_); }
  std::filesystem::path report() const { return report(folder_); }
  std::filesystem::path endpoint() const { return endpoint(folder_); }
  std::filesystem::path metrics() const { return folder_ / "metrics.csv"; }
  std::filesystem::path plot() const { return folder_ / "loss.svg"; }
  std::filesystem::path parameters() const { return parameters(folder_); }
  std::filesystem::path checkpoints() const { return checkpoints(folder_); }
  std::filesystem::path alphabet() const { return alphabet(folder_); }
  std::filesystem::path scenario() const { return folder_ / "scenario.toml"; }
  std::filesystem::path page() const { return folder_ / "compare.html"; }
  std::filesystem::path traces() const { return traces(folder_); }
  std::filesystem::path replay() const { return replay(folder_); }

  // The same names for who only reads a run.
  static std::filesystem::path job(const std::filesystem::path& run) { return run / "job.toml"; }
  static std::filesystem::path parameters(const std::filesystem::path& run) {
    return run / "final.safetensors";
  }
  /// Which characters the tokens of a model of text are.
  static std::filesystem::path alphabet(const std::filesystem::path& run) {
    return run / "alphabet.json";
  }
  static std::filesystem::path checkpoints(const std::filesystem::path& run) {
    return run / "checkpoints";
  }
  /// Where the run that is under way can be asked.
  static std::filesystem::path endpoint(const std::filesystem::path& run) {
    return run / "endpoint";
  }
  static std::filesystem::path report(const std::filesystem::path& run) {
    return run / "report.json";
  }
  static std::filesystem::path traces(const std::filesystem::path& run) { return run / "trace"; }
  static std::filesystem::path replay(const std::filesystem::path& run) {
    return run / "replay.json";
  }

 private:
  static std::optional<RunDirectory> create_unless_in_use(const std::filesystem::path& folder,
                                                          bool resume);
  RunDirectory(std::filesystem::path folder, int marker)
      : folder_(std::move(folder)), marker_(marker) {}

  std::filesystem::path folder_;
  int marker_;  // descriptor that holds the lock
};

}  // namespace murm
