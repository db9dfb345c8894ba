#include "runtime/atomic_file.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <vector>

#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

using namespace murm;
using test::content_of;

namespace {

/// No file may grow beyond `bytes` while this lives: a full disk that needs no mount.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

ByteView bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

TEST_CASE("a file is written from its parts and replaces the old one") {
  const test::TemporaryFolder folder;
  test::put(folder / "a", "an older and longer content");
  const std::array<ByteView, 3> parts{bytes_of("one, "), bytes_of(""), bytes_of("two")};
  CHECK_FALSE(write_file_atomically(folder / "a", parts));
  CHECK(content_of(folder / "a") == "one, two");
  CHECK(test::entries_in(folder.path()) == 1);
  CHECK_FALSE(write_file_atomically(folder / "empty", std::span<const ByteView>{}));
  CHECK(content_of(folder / "empty").empty());
}

TEST_CASE("a write that meets a limit leaves the old file and no temporary one") {
  const test::TemporaryFolder folder;
  test::put(folder / "a", "old");
  const std::string large(20000, 'x');
  {
    const FileSizeLimit limit(5000);
    const auto error = write_file_atomically(folder / "a", large);
    REQUIRE(error);
    CHECK(error->text.find((folder / "a").string() + ": File too large. HINT: ") !=
          std::string::npos);
  }
  CHECK(content_of(folder / "a") == "old");
  CHECK(test::entries_in(folder.path()) == 1);
}

TEST_CASE("a full disk is told as such") {
  const Error error = file_error("write", "a/b", ENOSPC);
  CHECK(error.kind == ErrorKind::retry_later);
  CHECK(error.text ==
        "[runtime] cannot write a/b: No space left on device. "
        "HINT: the disk or quota is full, free some space.");
}

// A pipe of our own and no device of the system: broken code under test would replace that.
TEST_CASE("a pipe is written to and not replaced") {
  const test::TemporaryFolder folder;
  const auto pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  CHECK_FALSE(write_file_atomically(pipe, "text"));
  std::array<char, 8> received{};
  CHECK(::read(reader, received.data(), received.size()) == 4);
  ::close(reader);
  CHECK(std::string_view(received.data()) == "text");
  CHECK(std::filesystem::is_fifo(pipe));
}

TEST_CASE("a missing folder and a folder in the place of the file are told with a hint") {
  const test::TemporaryFolder folder;
  const auto missing = write_file_atomically(folder / "no/a", "x");
  REQUIRE(missing);
  CHECK(missing->text.find("No such file or directory. HINT: check that the folder") !=
        std::string::npos);
  std::filesystem::create_directory(folder / "sub");
  const auto occupied = write_file_atomically(folder / "sub", "x");
  REQUIRE(occupied);
  CHECK(occupied->text.find("Is a directory. HINT: a folder stands") != std::string::npos);
  CHECK(test::entries_in(folder.path()) == 1);
}

TEST_CASE("a link is followed: the file behind it is replaced") {
  const test::TemporaryFolder folder;
  test::put(folder / "real", "old");
  std::filesystem::create_symlink("real", folder / "link");
  CHECK_FALSE(write_file_atomically(folder / "link", "new"));
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(content_of(folder / "real") == "new");
}

TEST_CASE("a new file is not written over an old one") {
  const test::TemporaryFolder folder;
  test::put(folder / "a", "old");
  const ByteView part = bytes_of("new");
  CHECK(write_new_file(folder / "a", std::span(&part, 1)));
  CHECK(content_of(folder / "a") == "old");
}
