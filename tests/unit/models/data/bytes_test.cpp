// Tests of mapped files: what may be mapped, and that nothing else is waited for.
#include "models/data/bytes.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/unit/models/data/refusal_of.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

namespace murm {
namespace {

using test::contains;
using test::refusal_of;

std::string refusal(const std::filesystem::path& path, std::uint64_t bytes_max = 1U << 30U) {
  return refusal_of([&] { map_file(path, {"a map", "draw one", bytes_max}); });
}

TEST_CASE("a mapped file reads as it is, also when its name is gone") {
  const test::TemporaryFolder folder;
  test::put(folder / "a", "abc");
  const Bytes bytes = map_file(folder / "a", {});
  std::filesystem::remove(folder / "a");
  REQUIRE(bytes.size() == 3);
  CHECK(bytes.view[2] == 'c');
}

TEST_CASE("what is no file with something in it is refused at once") {
  const test::TemporaryFolder folder;
  CHECK(contains(refusal(folder / "none"), "none: no such file, expected a map. HINT: draw one."));
  CHECK(contains(refusal(folder.path()), "is no regular file, expected a map"));
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(contains(refusal(folder / "pipe"), "is no regular file"));
  std::filesystem::create_symlink("/dev/zero", folder / "device");
  CHECK(contains(refusal(folder / "device"), "is no regular file"));
  test::put(folder / "empty", "");
  CHECK(contains(refusal(folder / "empty"), "is empty, expected a map"));
  test::put(folder / "large", "x");
  std::filesystem::resize_file(folder / "large", (1U << 30U) + 1);  // sparse
  CHECK(contains(refusal(folder / "large"),
                 "is larger than 1 GiB, expected a map of at most that. HINT: cut it."));
}

TEST_CASE("a vector of bytes outlives who made it") {
  Bytes bytes;
  {
    std::vector<std::uint8_t> values{1, 2, 3};
    bytes = bytes_of(std::move(values));
  }
  CHECK(bytes.view[1] == 2);
}

}  // namespace
}  // namespace murm
