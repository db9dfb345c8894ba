// A disk that fills up in the middle of a run.
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

/// A disk of one megabyte while it lives.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path at) : at_(std::move(at)) {
    std::filesystem::create_directory(at_);
    mounted_ = ::mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=1m") == 0;
    error_ = errno;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  std::string reason() const { return std::strerror(error_); }

 private:
  std::filesystem::path at_;
  bool mounted_ = false;
  int error_ = 0;
};

}  // namespace

TEST_CASE("a full disk costs checkpoints, not the run, and never hangs it") {
  const Trial trial;
  const SmallDisk disk(trial / "disk");
  if (!disk.mounted()) {  // ctest counts the test as skipped when it sees this line
    std::cout << "SKIPPED: no small disk can be mounted here: " << disk.reason() << std::endl;
    return;
  }
  const Words job = set(
      {"checkpoint.every=1000", "training.optimizer=momentum", "training.lr=0.05"});
  SECTION("the first checkpoint fits, the next ones do not") {
    // 160,000 parameters: 0.3 MB each for them and their momentum.
    Program program = trial.train(job + set({"model.hidden=[96]"}), "disk/run");
    const int code = program.wait();
    INFO(program.errors());
    CHECK(program.says("checkpoint not written, training goes on"));
    REQUIRE((code == 0 || code == 1));
    CHECK(program.says("evaluation at 4000 samples"));
    if (code == 1) CHECK(program.says("murm: "));
    // What was written before the disk was full is whole, and a run can go on from it.
    std::filesystem::copy(trial / "disk" / "run", trial / "larger",
                          std::filesystem::copy_options::recursive);
    const Words larger = job + set({"model.hidden=[96]"});
    CHECK(trial.hash_of(larger + Words{"--resume"}, "larger") == trial.hash_of(larger, "whole"));
  }
  SECTION("not even the parameters fit at the end") {
    Program program = trial.train(set({"model.hidden=[512]"}), "disk/run");
    require_exit(program, 1);
    CHECK(program.says("murm: "));
    CHECK(program.says("space"));
    CHECK_FALSE(std::filesystem::exists(trial / "disk" / "run" / "final.safetensors"));
  }
}
