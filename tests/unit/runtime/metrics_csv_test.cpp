#include "runtime/metrics_csv.hpp"

#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

using namespace murm;

TEST_CASE("metrics are appended line by line below a header, and readable at once") {
  const test::TemporaryFolder folder;
  MetricsCsv metrics(folder / "metrics.csv");
  CHECK_FALSE(
      metrics.append({.seconds = 0.5, .samples = 3200, .updates = 100, .train_loss = 2.25}));
  CHECK_FALSE(metrics.append({.seconds = 1,
                              .samples = 6400,
                              .updates = 200,
                              .train_loss = 1.5,
                              .eval_loss = 1.25,
                              .eval_accuracy = 0.875,
                              .staleness_mean = 3,
                              .samples_per_second = 6400}));
  CHECK(test::content_of(folder / "metrics.csv") ==
        "seconds,samples,updates,train_loss,eval_loss,eval_accuracy,staleness_mean,samples_per_"
        "second\n"
        "0.5,3200,100,2.25,,,,\n"
        "1,6400,200,1.5,1.25,0.875,3,6400\n");
}

TEST_CASE("a full disk is told once and does not end the run") {
  MetricsCsv metrics("/dev/full");
  const auto error = metrics.append({});
  REQUIRE(error);
  CHECK(error->text.find("No space left on device") != std::string::npos);
  CHECK_FALSE(metrics.append({}));
}

TEST_CASE("a folder that is not there is told once") {
  MetricsCsv metrics("/proc/murm/metrics.csv");
  CHECK(metrics.append({}));
  CHECK_FALSE(metrics.append({}));
}
