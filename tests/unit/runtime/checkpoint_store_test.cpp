#include "runtime/checkpoint_store.hpp"

#include <vector>

#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

using namespace murm;
using test::content_of;
using test::put;

namespace {

ByteView bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

CheckpointContent content_at(SampleCount samples) {
  static const std::string head = "header";
  static const std::string body(300000, 'p');
  return {.samples = samples,
          .job_hash = 0xFEDCBA9876543210U,
          .numbers = {{"epoch", 7}, {"large", ~std::uint64_t{0}}},
          .files = {{"parameters", {bytes_of(head), bytes_of(body)}}, {"empty", {}}}};
}

std::string name_at(int samples) { return "samples-00000000000" + std::to_string(samples); }

/// Two checkpoints, at 1 and 2 samples.
class TwoCheckpoints {
 public:
  TwoCheckpoints() {
    CheckpointStore store(folder_.path(), 2);
    REQUIRE(store.write(content_at(1)));
    REQUIRE(store.write(content_at(2)));
  }
  const std::filesystem::path& path() const { return folder_.path(); }
  std::filesystem::path newer(const std::string& name) const {
    return folder_ / (name_at(2) + "/" + name);
  }

  /// The note about the newer one, after checking that the older one is used.
  std::string note() const {
    const auto found = newest_checkpoint(folder_.path());
    REQUIRE(found);
    CHECK(found->samples == 1);
    REQUIRE(found->notes.size() == 1);
    return found->notes.front();
  }

 private:
  test::TemporaryFolder folder_;
};

std::string rejected(const std::string& why) {
  return "checkpoint " + name_at(2) + " rejected: " + why + "; using " + name_at(1);
}

}  // namespace

TEST_CASE("a checkpoint is read back as it was written") {
  const TwoCheckpoints two;
  const auto found = newest_checkpoint(two.path());
  REQUIRE(found);
  CHECK(found->samples == 2);
  CHECK(found->job_hash == 0xFEDCBA9876543210U);
  CHECK(found->numbers == content_at(2).numbers);
  CHECK(found->files == std::vector<std::string>{"parameters", "empty"});
  CHECK(content_of(found->file("parameters")) == "header" + std::string(300000, 'p'));
  CHECK(found->notes.empty());
  CHECK(content_of(two.path() / "LATEST") == name_at(2) + "\n");
}

TEST_CASE("only the newest generations stay") {
  const test::TemporaryFolder folder;
  CheckpointStore store(folder.path(), 2);
  for (const SampleCount samples : {1U, 2U, 3U, 4U}) REQUIRE(store.write(content_at(samples)));
  CHECK_FALSE(std::filesystem::exists(folder / name_at(2)));
  CHECK(std::filesystem::exists(folder / name_at(3)));
  CHECK(std::filesystem::exists(folder / name_at(4)));
  CHECK(test::entries_in(folder.path()) == 3);  // and LATEST
}

TEST_CASE("a checkpoint at the same sample count replaces the one that is there") {
  const TwoCheckpoints two;
  put(two.newer("parameters"), "spoilt");
  CheckpointStore store(two.path(), 2);
  REQUIRE(store.write(content_at(2)));
  const auto found = store.newest();
  REQUIRE(found);
  CHECK(found->samples == 2);
  CHECK(test::entries_in(two.path()) == 3);
}

TEST_CASE("a write after a fall back removes the generation that was rejected") {
  const test::TemporaryFolder folder;
  CheckpointStore store(folder.path(), 2);
  for (const SampleCount samples : {1U, 2U, 5U}) REQUIRE(store.write(content_at(samples)));
  put(folder / (name_at(5) + "/parameters"), "spoilt");
  REQUIRE(store.write(content_at(3)));
  CHECK_FALSE(std::filesystem::exists(folder / name_at(5)));
  CHECK(std::filesystem::exists(folder / name_at(2)));
}

TEST_CASE("a damaged checkpoint is rejected with the reason and the one before it used") {
  const TwoCheckpoints two;
  const auto parameters = two.newer("parameters");
  const auto manifest = two.newer("MANIFEST.json");
  SECTION("truncated file") {
    std::filesystem::resize_file(parameters, 4096);
    CHECK(two.note() == rejected("parameters size mismatch"));
  }
  SECTION("flipped bit") {
    std::string bytes = content_of(parameters);
    bytes[123456] = static_cast<char>(bytes[123456] ^ 4);
    put(parameters, bytes);
    CHECK(two.note() == rejected("parameters hash mismatch"));
  }
  SECTION("missing file") {
    std::filesystem::remove(two.newer("empty"));
    CHECK(two.note() == rejected("empty missing"));
  }
  SECTION("missing manifest") {
    std::filesystem::remove(manifest);
    CHECK(two.note() == rejected("MANIFEST.json missing"));
  }
  SECTION("truncated manifest") {
    std::filesystem::resize_file(manifest, 100);
    CHECK(two.note() == rejected("MANIFEST.json not readable as JSON"));
  }
  SECTION("manifest of another checkpoint") {
    put(manifest, content_of(two.path() / name_at(1) / "MANIFEST.json"));
    CHECK(two.note() == rejected("MANIFEST.json belongs to another checkpoint"));
  }
  SECTION("manifest with a changed number") {
    std::string text = content_of(manifest);
    text.replace(text.find("\"epoch\": 7"), 10, "\"epoch\": 8");
    put(manifest, text);
    CHECK(two.note() == rejected("MANIFEST.json hash mismatch"));
  }
}

TEST_CASE("no flipped bit of a manifest changes what is read from it") {
  const TwoCheckpoints two;
  const auto manifest = two.newer("MANIFEST.json");
  const std::string text = content_of(manifest);
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < text.size() * 8; bit += 3) {
    std::string damaged = text;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    put(manifest, damaged);
    const auto found = newest_checkpoint(two.path());
    REQUIRE(found);
    if (found->samples == 1) continue;
    // White space may change: the content is the same.
    ++accepted;
    REQUIRE(found->numbers == content_at(2).numbers);
    REQUIRE(found->job_hash == content_at(2).job_hash);
    REQUIRE(found->files.size() == 2);
  }
  CHECK(accepted < text.size() / 4);
}

TEST_CASE("no checkpoint and no whole checkpoint are told apart") {
  const test::TemporaryFolder folder;
  CheckpointStore store(folder / "checkpoints", 2);
  const auto none = store.newest();
  REQUIRE_FALSE(none);
  CHECK(none.error().kind == ErrorKind::unsupported);
  REQUIRE(store.write(content_at(1)));
  put(folder / ("checkpoints/" + name_at(1) + "/parameters"), "spoilt");
  const auto damaged = store.newest();
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().kind == ErrorKind::rejected);
  CHECK(damaged.error().text.find("parameters size mismatch") != std::string::npos);
}

TEST_CASE("what a killed writer left is swept and never read") {
  const TwoCheckpoints two;
  std::filesystem::rename(two.path() / name_at(2), two.path() / (".tmp-" + name_at(2) + "-99"));
  CHECK(newest_checkpoint(two.path())->samples == 1);
  const CheckpointStore store(two.path(), 2);
  CHECK_FALSE(std::filesystem::exists(two.path() / (".tmp-" + name_at(2) + "-99")));
}

TEST_CASE("a failed write leaves the earlier checkpoints and nothing else") {
  const TwoCheckpoints two;
  CheckpointStore store(two.path(), 2);
  CheckpointContent twice = content_at(3);
  twice.files.push_back(twice.files.front());  // cannot be created a second time
  const auto failed = store.write(twice);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().text.find("File exists") != std::string::npos);
  CHECK(store.newest()->samples == 2);
  CHECK(test::entries_in(two.path()) == 3);
}
