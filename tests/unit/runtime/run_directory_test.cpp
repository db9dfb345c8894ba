#include "runtime/run_directory.hpp"

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

using namespace murm;
using test::put;

namespace {

std::string refusal(const std::filesystem::path& folder) {
  try {
    static_cast<void>(RunDirectory::create(folder, false));
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

void fill(const RunDirectory& run) {
  put(run.job(), "x");
  put(run.report(), "x");
  put(run.metrics(), "x");
  put(run.plot(), "x");
  put(run.parameters(), "x");
  put(run.replay(), "x");
  std::filesystem::create_directories(run.traces());
  put(run.traces() / "aggregator-0.trace", "x");
  std::filesystem::create_directories(run.checkpoints() / "samples-000000000001");
  put(run.path() / ".tmp-1-0-report.json", "x");
  put(run.path() / "notes.txt", "mine");
}

}  // namespace

TEST_CASE("a new folder is made with its parents") {
  const test::TemporaryFolder folder;
  const auto run = RunDirectory::create(folder / "runs/a", false);
  CHECK(RunDirectory::is_run(folder / "runs/a"));
  CHECK(run.report() == folder / "runs/a/report.json");
}

TEST_CASE("a folder is in use while its run lives, whoever else looks at it") {
  const test::TemporaryFolder folder;
  CHECK_FALSE(RunDirectory::is_in_use(folder / "a"));
  {
    const auto run = RunDirectory::create(folder / "a", false);
    CHECK(RunDirectory::is_in_use(folder / "a"));
    CHECK(RunDirectory::is_in_use(folder / "a"));
  }
  CHECK_FALSE(RunDirectory::is_in_use(folder / "a"));
}

TEST_CASE("the files of an earlier run are replaced, others stay") {
  const test::TemporaryFolder folder;
  fill(RunDirectory::create(folder / "a", false));
  const auto run = RunDirectory::create(folder / "a", false);
  CHECK(test::entries_in(run.path()) == 2);  // the marker and the notes
  CHECK(test::content_of(folder / "a/notes.txt") == "mine");
}

TEST_CASE("a resumed run keeps the checkpoints") {
  const test::TemporaryFolder folder;
  fill(RunDirectory::create(folder / "a", false));
  const auto run = RunDirectory::create(folder / "a", true);
  CHECK(std::filesystem::exists(run.checkpoints() / "samples-000000000001"));
  CHECK_FALSE(std::filesystem::exists(run.report()));
}

TEST_CASE("a foreign folder with something in it is refused and left alone") {
  const test::TemporaryFolder folder;
  put(folder / "report.json", "foreign");
  CHECK(refusal(folder.path()).find("is not empty and not from an earlier run. HINT: ") !=
        std::string::npos);
  CHECK(test::content_of(folder / "report.json") == "foreign");
  CHECK(test::entries_in(folder.path()) == 1);
}

TEST_CASE("a file in the place of the folder is refused") {
  const test::TemporaryFolder folder;
  put(folder / "a", "x");
  CHECK(refusal(folder / "a").find("is a file. HINT: ") != std::string::npos);
  CHECK(refusal(folder / "a/b").find("cannot be created: ") != std::string::npos);
  CHECK(refusal("/proc/murm/a").find("cannot be created: ") != std::string::npos);
}

TEST_CASE("a folder in use by a run is refused until that has ended") {
  const test::TemporaryFolder folder;
  {
    const auto run = RunDirectory::create(folder / "a", false);
    CHECK(refusal(folder / "a").find("is in use by another run") != std::string::npos);
  }
  CHECK(refusal(folder / "a") == "accepted");
}
