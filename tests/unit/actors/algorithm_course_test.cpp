#include "actors/algorithm_course.hpp"

#include "tests/catch.hpp"

using namespace murm;

namespace {

/// Trains a quadratic: its epoch is one sample. asp, then bsp from 10 on and d-psgd from 20 on.
Job job_with_switches() {
  Job job;
  job.model.kind = "quadratic";
  job.job.samples = 100;
  job.cluster.workers = 2;
  job.algorithm.switches = {{10, "bsp"}, {20, "d-psgd"}};
  return job;
}

AlgorithmCourse course(const Job& job, std::uint32_t done = 0) {
  return AlgorithmCourse(job, DataShape{1, 0, 0}, done);
}

}  // namespace

TEST_CASE("a change is due at the first cut at or behind its place, once") {
  AlgorithmCourse changes = course(job_with_switches());
  CHECK(changes.next_after(0) == SampleCount{10});
  CHECK(changes.next_after(10) == SampleCount{20});
  CHECK(changes.next_after(20) == std::nullopt);
  CHECK_FALSE(changes.due(9));
  REQUIRE(changes.due(12));
  CHECK(changes.advance(12).algorithm.name == "bsp");
  CHECK(changes.number() == 1);
  CHECK_FALSE(changes.due(12));
  CHECK(changes.job().algorithm.name == "bsp");
}

TEST_CASE("of two changes at one cut only the later one is made") {
  AlgorithmCourse changes = course(job_with_switches());
  CHECK(changes.advance(25).algorithm.name == "d-psgd");
  CHECK(changes.number() == 2);
}

TEST_CASE("a restored run goes on with the changes that are left") {
  const AlgorithmCourse changes = course(job_with_switches(), 1);
  CHECK(changes.job().algorithm.name == "bsp");
  CHECK_FALSE(changes.due(10));
  CHECK(changes.due(20));
}

TEST_CASE("what was asked for becomes part of the job, in its place") {
  AlgorithmCourse changes = course(job_with_switches());
  CHECK(changes.ask("ssp", true) == std::nullopt);
  CHECK_FALSE(changes.due(0));  // nothing has been trained yet
  REQUIRE(changes.due(5));
  CHECK(changes.advance(5).algorithm.name == "ssp");
  CHECK_FALSE(changes.asked());
  const auto& switches = changes.whole().algorithm.switches;
  REQUIRE(switches.size() == 3);
  CHECK(switches[0].epoch == 5);
  CHECK(switches[0].to == "ssp");
  CHECK(switches[1].to == "bsp");
  CHECK(changes.number() == 1);
  CHECK(changes.due(10));
}

TEST_CASE("a request wins over a plan for the same cut, and takes its place") {
  AlgorithmCourse changes = course(job_with_switches());
  CHECK(changes.ask("ssp", true) == std::nullopt);
  CHECK(changes.advance(10).algorithm.name == "ssp");
  CHECK(changes.number() == 1);
  CHECK(changes.whole().algorithm.switches.size() == 2);
  CHECK(changes.whole().algorithm.switches[0].to == "ssp");
}

TEST_CASE("a change that cannot be is refused with a reason, and nothing is asked for") {
  Job job = job_with_switches();
  job.compression.name = "qsgd";
  job.algorithm.switches.clear();
  AlgorithmCourse changes = course(job);
  CHECK(changes.ask("asp", true).value_or("").find("runs already") != std::string::npos);
  CHECK(changes.ask("nonsense", true).value_or("").find("not known") != std::string::npos);
  CHECK(changes.ask("d-psgd", true).value_or("").find("cannot be used") != std::string::npos);
  CHECK(changes.ask("hogwild", false).value_or("").find("cannot be used") != std::string::npos);
  CHECK_FALSE(changes.asked());
  CHECK(changes.ask("bsp", true) == std::nullopt);
  CHECK(changes.ask("ssp", true).value_or("").find("under way") != std::string::npos);
}

TEST_CASE("a job that changes to an algorithm it cannot have is refused before it begins") {
  Job job = job_with_switches();
  job.compression.name = "qsgd";
  CHECK_THROWS_AS(plan_job(job, DataShape{1, 0, 0}), InputError);
}

TEST_CASE("workers in other processes cannot change to an algorithm that shares memory") {
  AlgorithmCourse changes = course(job_with_switches());
  CHECK(changes.ask("hogwild", false).value_or("").find("share memory") != std::string::npos);
  CHECK(changes.ask("hogwild", true) == std::nullopt);
}
