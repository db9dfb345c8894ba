// Tests of what a model costs, against numbers counted by hand.
#include "tools/murm/model_facts.hpp"

#include <nlohmann/json.hpp>

#include "tests/catch.hpp"
#include "tools/murm/model_command.hpp"

using namespace murm;

namespace {

Job mlp() {
  Job job;
  job.job.name = "digits";
  job.job.epochs = 1;
  job.model.hidden = {5};
  job.training.batch = 8;
  return job;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("parameters and operations of a perceptron are those of its matrices") {
  const ModelFacts facts = model_facts(mlp());
  CHECK(facts.parameters == 784 * 5 + 5 + 5 * 10 + 10);
  REQUIRE(facts.layers.size() == 2);
  CHECK(facts.layers[0].parameters == 784 * 5 + 5);
  CHECK(facts.layers[1].output == std::vector<std::size_t>{10});
  CHECK(facts.forward_operations == 2 * (784 * 5 + 5 * 10));
  CHECK(facts.step_operations() == 3 * 8 * facts.forward_operations);
  CHECK(facts.workspace_bytes == 8 * (5 + 10 + 2 * 5) * sizeof(float));
  CHECK(facts.sent_bytes == facts.parameters * 4);
  CHECK(facts.received_bytes == facts.parameters * 4);
}

TEST_CASE("optimizer state lies where the algorithm steps") {
  Job job = mlp();
  CHECK(model_facts(job).state_tensors == 0);
  job.training.optimizer = "adam";
  CHECK(model_facts(job).state_tensors == 2);
  for (const std::string name : {"asp", "bsp", "ssp"}) {
    job.algorithm.name = name;
    CHECK_FALSE(model_facts(job).state_on_workers);
  }
  for (const std::string name : {"local-sgd", "diloco", "ad-psgd", "ring"}) {
    job.algorithm.name = name;
    INFO(name);
    CHECK(model_facts(job).state_on_workers);
  }
}

TEST_CASE("what a worker sends shrinks with a code, and how often with local steps") {
  Job job = mlp();
  const std::uint64_t whole = model_facts(job).sent_bytes;
  job.compression.name = "fp16";
  CHECK(model_facts(job).sent_bytes < whole * 6 / 10);
  job.compression.name = "none";
  job.training.accumulate = 3;
  CHECK(model_facts(job).batches_per_exchange == 3);
  job.algorithm.name = "local-sgd";
  job.algorithm.local_steps = 4;
  CHECK(model_facts(job).batches_per_exchange == 12);
}

TEST_CASE("a model without layers has its totals") {
  Job job = mlp();
  job.model.kind = "quadratic";
  job.model.dim = 5000;
  const ModelFacts facts = model_facts(job);
  CHECK(facts.layers.empty());
  CHECK(facts.parameters == 5000);
  CHECK(facts.batch == 1);
  const std::string text = model_text(job, facts);
  CHECK(contains(text, "5,000 parameters"));
  CHECK_FALSE(contains(text, "operations"));
  CHECK(contains(text, "19.5 KiB sent"));
}

TEST_CASE("the memory of a process grows with parameters, batch, data and optimizer") {
  Job job = mlp();
  const ModelFacts small = model_facts(job);
  job.data.train = 120000;  // twice the default
  const ModelFacts more_data = model_facts(job);
  CHECK(more_data.worker_bytes - small.worker_bytes == 60000 * 784);
  job.model.hidden = {500};
  const ModelFacts wide = model_facts(job);
  CHECK(wide.worker_bytes > more_data.worker_bytes + wide.parameter_bytes());
  CHECK(wide.coordinator_bytes > more_data.coordinator_bytes + wide.parameter_bytes());
  job.training.optimizer = "adam";
  const ModelFacts adam = model_facts(job);
  CHECK(adam.coordinator_bytes == wide.coordinator_bytes + 2 * wide.parameter_bytes());
  CHECK(adam.worker_bytes == wide.worker_bytes);
}

TEST_CASE("the report has every number of the page") {
  const Job job = mlp();
  const ModelFacts facts = model_facts(job);
  const auto json = nlohmann::json::parse(model_json(job, facts));
  CHECK(json.at("schema") == "murmuration.model/1");
  CHECK(json.at("layers").size() == 2);
  CHECK(json.at("operations").at("per_step") == facts.step_operations());
  CHECK(json.at("bytes").at("optimizer_on") == "aggregators");
  CHECK(json.at("peak_bytes").at("worker") == facts.worker_bytes);
  const std::string text = model_text(job, facts);
  for (const char* part : {"mlp of digits", "layer0", "3,925", "in all", "aggregators"}) {
    INFO(part);
    CHECK(contains(text, part));
  }
}
