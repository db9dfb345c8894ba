// Devices from the command line: the list of them, and jobs that name one.
#include <filesystem>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;
using Json = nlohmann::json;

TEST_CASE("murm devices lists the processor with its rates, and says what CUDA lacks") {
  const Trial trial;
  Program listing = trial.start({"devices", "--report", "devices.json"});
  require_exit(listing, 0);
  CHECK(listing.output().find("GFLOP/s in fp32") != std::string::npos);
  const Json json = Json::parse(content_of(trial / "devices.json"));
  const Json& devices = json.at("devices");
  REQUIRE(devices.size() >= 2);
  CHECK(devices[0].at("name") == "cpu");
  CHECK(devices[0].at("usable") == true);
  CHECK(devices[0].at("gflops_fp32") > 0);
  CHECK(devices[1].at("name").get<std::string>().starts_with("cuda"));
  CHECK(devices[1].at("usable") == false);
  CHECK_FALSE(devices[1].at("reason").get<std::string>().empty());
  CHECK(listing.output().find(devices[1].at("reason").get<std::string>()) != std::string::npos);
}

TEST_CASE("a job that names a device this machine cannot use starts nothing") {
  const Trial trial;
  require_refused(trial, {"train", "job.toml", "--device", "cuda:99"},
                  {"cuda:99", "cannot be used", "murm devices"});
  require_refused(trial, Words{"simulate", "job.toml"} + set({"cluster.device=cuda:99"}),
                  {"cuda:99", "cannot be used"});
  require_refused(trial, {"train", "job.toml", "--device", "gpu"},
                  {"cluster.device", "gpu", "cuda:N"});
  require_refused(
      trial, {"train", "job.toml", "--device", "[\"cpu\", \"cpu\", \"cpu\"]", "--workers", "2"},
      {"cluster.device", "3 entries", "2 workers"});
}

TEST_CASE("a device for each worker, or the best there is, trains like the processor by name") {
  const Trial trial;
  CHECK(trial.hash_of({"--workers", "2", "--device", "[\"auto\", \"cpu\"]"}, "named") ==
        trial.hash_of({"--workers", "2"}, "plain"));
}

TEST_CASE("a worker without the job's device says so, and the run ends") {
  const Trial trial;
  const std::string endpoint = free_endpoint();
  Program coordinator = trial.start({"coordinator", "job.toml", "--out", "run", "--listen",
                                     endpoint, "--workers", "1", "--set",
                                     "cluster.device=cuda:99"});
  Program worker = trial.start({"worker", "--join", endpoint});
  require_exit(worker, 1);
  require_exit(coordinator, 1);
  CHECK(worker.says("\"cuda:99\" cannot be used"));
  CHECK(coordinator.says("\"cuda:99\" cannot be used"));
}
