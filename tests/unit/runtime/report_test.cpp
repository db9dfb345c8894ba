#include "runtime/report.hpp"

#include <nlohmann/json.hpp>

#include "runtime/human_units.hpp"
#include "tests/catch.hpp"

using namespace murm;

namespace {

Report example() {
  Report report;
  report.job = "digits-asp";
  report.algorithm = "asp";
  report.seed = 7;
  report.workers = 4;
  report.aggregators = 2;
  report.processes = 4;
  report.transport = "tcp";
  report.parameters = 235146;
  report.updates = 15000;
  report.samples = 480000;
  report.epochs = 8;
  report.seconds = 125;
  report.samples_per_second = 3840;
  report.final.train_loss = 0.0312;
  report.final.eval_loss = 0.0745;
  report.final.eval_accuracy = 0.9783;
  report.staleness = {.mean = 2.97, .max = 9, .histogram = {10, 20, 30}};
  report.bytes = {.sent = 15 << 20, .received = 900};
  report.ledger.issued = 15001;
  report.ledger.applied = 15001;
  report.ledger.reissued = 1;
  report.refused = {{"checksum", 3}};
  report.parameters_hash = "0123abcd";
  report.peak_rss_bytes = 200 << 20;
  report.per_worker = {{.id = 0,
                        .pid = 42,
                        .device = "host",
                        .steps = 3750,
                        .samples = 120000,
                        .wait_fraction = 0.1,
                        .data_wait_fraction = 0.002,
                        .peak_rss_bytes = 90 << 20}};
  report.data_wait_fraction = 0.0015;
  report.evaluations = {{.samples = 60000, .seconds = 15.5, .loss = 0.2, .accuracy = 0.94}};
  return report;
}

}  // namespace

TEST_CASE("report.json has the promised keys") {
  const auto json = nlohmann::json::parse(report_json(example()));
  CHECK(json.at("schema") == "murmuration.report/1");
  for (const char* key : {"job", "algorithm", "workers", "processes", "transport", "updates",
                          "samples", "epochs", "seconds", "samples_per_second", "parameters_hash",
                          "peak_rss_bytes", "interrupted", "status", "seed", "refused"}) {
    INFO(key);
    CHECK(json.contains(key));
  }
  CHECK(json.at("final").at("eval_accuracy") == 0.9783);
  CHECK(json.at("final").at("train_loss") == 0.0312);
  CHECK(json.at("final").contains("eval_loss"));
  CHECK(json.at("staleness").at("histogram") == nlohmann::json{10, 20, 30});
  CHECK(json.at("staleness").at("max") == 9);
  CHECK(json.at("bytes").at("received") == 900);
  for (const char* key : {"issued", "applied", "reissued", "refused_duplicate", "lost",
                          "samples_skipped", "samples_repeated"}) {
    INFO(key);
    CHECK(json.at("ledger").at(key).is_number_unsigned());
  }
  REQUIRE(json.at("per_worker").is_array());
  CHECK(json.at("per_worker").at(0).at("peak_rss_bytes") == 90 << 20);
  for (const char* key : {"id", "pid", "device", "steps", "samples", "wait_fraction",
                          "data_wait_fraction", "peak_rss_bytes"}) {
    INFO(key);
    CHECK(json.at("per_worker").at(0).contains(key));
  }
  CHECK(json.at("data_wait_fraction") == 0.0015);
  CHECK(json.at("per_worker").at(0).at("data_wait_fraction") == 0.002);
  CHECK(json.at("evaluations").at(0).at("accuracy") == 0.94);
  CHECK(json.at("refused").at("checksum") == 3);
}

TEST_CASE("what was not measured is null, and empty lists stay lists") {
  const auto json = nlohmann::json::parse(report_json(Report{}));
  CHECK(json.at("final").at("eval_accuracy").is_null());
  CHECK(json.at("per_worker").is_array());
  CHECK(json.at("evaluations").is_array());
  CHECK(json.at("refused").is_object());
}

TEST_CASE("a name that is no UTF-8 does not cost the report") {
  Report report;
  report.job = "\xff";
  CHECK(nlohmann::json::parse(report_json(report)).at("job").is_string());
}

TEST_CASE("the summary is aligned and speaks in human units") {
  CHECK(summary_table(example()) ==
        "  job         digits-asp (finished)\n"
        "  algorithm   asp, 4 workers, 2 aggregators, 4 worker processes over tcp\n"
        "  accuracy    97.83 %\n"
        "  loss        0.0745 on the test set, 0.0312 in training\n"
        "  samples     480,000 = 8.00 epochs, 15,000 updates\n"
        "  time        2:05 min, 3.84k samples/s\n"
        "  staleness   2.97 on average, 9 at most\n"
        "  waiting     10 % to 10 % of the workers' time; for samples 0.15 % of their steps\n"
        "  network     15.0 MiB sent, 900 B received\n"
        "  ledger      15,001 leases issued, 15,001 applied, 0 lost, 1 reissued\n"
        "  refused     3 messages: checksum\n"
        "  memory      200 MiB at peak\n"
        "  parameters  235,146, hash 0123abcd\n");
}

TEST_CASE("a model without accuracy and epochs is summed up by its loss") {
  Report report = example();
  report.final.eval_accuracy = not_measured;
  report.final.eval_loss = 1.5e-7;
  report.epochs = static_cast<double>(report.samples);
  report.evaluations[0].accuracy = not_measured;
  const std::string text = summary_table(report);
  CHECK(text.find("accuracy") == std::string::npos);
  CHECK(text.find("nan") == std::string::npos);
  CHECK(text.find("loss        1.50e-07 at the last evaluation, 0.0312 in training\n") !=
        std::string::npos);
  CHECK(text.find("samples     480,000, 15,000 updates\n") != std::string::npos);
  const auto json = nlohmann::json::parse(report_json(report));
  CHECK(json.at("final").at("eval_accuracy").is_null());
  CHECK(json.at("data_wait_fraction") == 0.0015);
  CHECK(json.at("per_worker").at(0).at("data_wait_fraction") == 0.002);
  CHECK(json.at("evaluations").at(0).at("accuracy").is_null());
  CHECK(json.at("data_wait_fraction") == 0.0015);
  CHECK(json.at("per_worker").at(0).at("data_wait_fraction") == 0.002);
  CHECK(json.at("evaluations").at(0).at("loss") == 0.2);
}

TEST_CASE("a model of text is summed up by its perplexity as well") {
  Report report = example();
  CHECK(nlohmann::json::parse(report_json(report)).at("final").at("eval_perplexity").is_null());
  report.final.eval_perplexity = 4.53123;
  CHECK(summary_table(report).find("  perplexity  4.531 on the test set\n") != std::string::npos);
  CHECK(nlohmann::json::parse(report_json(report)).at("final").at("eval_perplexity") == 4.53123);
}

TEST_CASE("the summary is silent about what was not measured") {
  Report report = example();
  report.final = {};
  const std::string text = summary_table(report);
  CHECK(text.find("accuracy") == std::string::npos);
  CHECK(text.find("loss") == std::string::npos);
}

TEST_CASE("numbers are written for people") {
  CHECK(human_loss(0.07449) == "0.0745");
  CHECK(human_loss(0) == "0.0000");
  CHECK(human_loss(123.4) == "123.4000");
  CHECK(human_loss(1.234e-7) == "1.23e-07");
  CHECK(human_loss(2e30) == "2.00e+30");
  CHECK(human_loss(not_measured) == "-");
  CHECK(with_separators(0) == "0");
  CHECK(with_separators(999) == "999");
  CHECK(with_separators(1234567) == "1,234,567");
  CHECK(human_count(950) == "950");
  CHECK(human_count(999.7) == "1.00k");
  CHECK(human_count(1250000) == "1.25M");
  CHECK(human_bytes(1536) == "1.50 KiB");
  CHECK(human_duration(0.424) == "0.42 s");
  CHECK(human_duration(59.99) == "1:00 min");
  CHECK(human_duration(3725) == "1:02:05 h");
  CHECK(human_percent(not_measured, 2) == "-");
}
