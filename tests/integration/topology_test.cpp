// murm topology: what a newcomer sees of a topology, the drawing and the report beside it.
#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

std::string said_by(const Trial& trial, const Words& arguments) {
  Program program = trial.start(Words{"topology"} + arguments);
  require_exit(program, 0);
  return program.output();
}

std::size_t count_of(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

bool contains(const std::string& text, const std::string& word) {
  return text.find(word) != std::string::npos;
}

}  // namespace

TEST_CASE("topology prints degree, spectral gap, measured rounds, and leaves a drawing") {
  const Trial trial;
  const std::string text = said_by(trial, {"ring", "--nodes", "16", "--report", "ring.json"});
  for (const char* word : {"ring, 16 peers", "neighbours", "2 models", "32 models in all",
                           "0.949253", "0.050747", "252 rounds", "topology-ring-16.svg"}) {
    INFO(word);
    CHECK(contains(text, word));
  }
  const std::string svg = content_of(trial / "topology-ring-16.svg");
  CHECK(svg.starts_with("<svg"));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(count_of(svg, "<circle") == 16);
  CHECK_FALSE(contains(svg, "class=\"head\""));  // no arrows
  const auto report = nlohmann::json::parse(content_of(trial / "ring.json"));
  CHECK(report.at("schema") == "murmuration.topology/1");
  const auto& ring = report.at("topologies").at(0);
  CHECK(ring.at("name") == "ring");
  CHECK(ring.at("sends_to").at("max") == 2);
  CHECK(ring.at("rho").get<double>() == Approx(0.949253).margin(1e-6));
  CHECK(ring.at("spectral_gap").get<double>() == Approx(0.050747).margin(1e-6));
  CHECK(ring.at("rounds_to_a_millionth") == 252);
  CHECK(ring.at("models_per_round") == 32);
}

TEST_CASE("every topology is drawn in its own way, for a number of peers that suits none") {
  const Trial trial;
  const auto drawing = [&](const std::string& name) {
    said_by(trial, {name, "--nodes", "12", "--svg", name + ".svg"});
    return content_of(trial / (name + ".svg"));
  };
  CHECK(contains(drawing("torus"), "link around"));
  CHECK(contains(drawing("directed-ring"), "class=\"head\""));
  CHECK(contains(drawing("exponential"), "class=\"head\""));
  CHECK(count_of(drawing("one-peer-exponential"), ">round ") == 4);
  CHECK(count_of(drawing("random-matching"), ">round ") == 3);
  CHECK(count_of(drawing("complete"), "<circle") == 12);
  CHECK(count_of(drawing("hypercube"), "<circle") == 12);
  CHECK(drawing("random-regular") == drawing("random-regular"));
  CHECK_FALSE(std::filesystem::exists(trial / "topology-torus-12.svg"));
}

TEST_CASE("what is exact after some rounds is said to be") {
  const Trial trial;
  CHECK(contains(said_by(trial, {"one-peer-exponential", "--nodes", "8"}), "3 rounds"));
  CHECK(contains(said_by(trial, {"one-peer-exponential", "--nodes", "8"}), "exact after"));
  CHECK(contains(said_by(trial, {"complete", "--nodes", "5"}), "exact after"));
  CHECK_FALSE(contains(said_by(trial, {"one-peer-exponential", "--nodes", "6"}), "exact after"));
}

TEST_CASE("all topologies stand side by side in one table, without a drawing") {
  const Trial trial;
  const std::string before = trial.listing();
  const std::string text = said_by(trial, {"all", "--nodes", "16"});
  for (const char* name :
       {"ring", "directed-ring", "torus", "hypercube", "exponential", "one-peer-exponential",
        "complete", "random-regular", "random-matching", "0.600000", "0.980785"}) {
    INFO(name);
    CHECK(contains(text, name));
  }
  CHECK(trial.listing() == before);
}

TEST_CASE("a topology from a file has as many peers as the file names") {
  const Trial trial;
  put(trial / "edges.txt", "# a square with a tail\n0 1\n1 2\n2 3\n3 0\n3 4\n");
  const std::string text = said_by(trial, {"file", "--file", "edges.txt"});
  CHECK(contains(text, "file, 5 peers"));
  CHECK(contains(text, "1 to 3"));
  CHECK(std::filesystem::exists(trial / "topology-file-5.svg"));
}

TEST_CASE("a degree that cannot be, or is not used, gets a note") {
  const Trial trial;
  Program odd = trial.start({"topology", "random-regular", "--nodes", "7", "--degree", "3"});
  require_exit(odd, 0);
  CHECK(odd.says("note: no connected graph of 7 peers has degree 3 everywhere; 2 is used"));
  Program unused = trial.start({"topology", "ring", "--nodes", "7", "--degree", "3"});
  require_exit(unused, 0);
  CHECK(unused.says("note: --degree is only used with random-regular"));
  Program quiet = trial.start(
      {"topology", "random-regular", "--nodes", "7", "--degree", "3", "--quiet"});
  require_exit(quiet, 0);
  CHECK(quiet.errors().empty());
  CHECK(quiet.output().empty());
}

TEST_CASE("a topology that cannot be is refused in one sentence, and nothing is written") {
  const Trial trial;
  put(trial / "parts.txt", "0 1\n2 3\n");
  put(trial / "bad.txt", "0 1\n1 x\n");
  const std::string before = trial.listing();
  const auto refuse = [&](const Words& arguments, const std::string& text) {
    Program program = trial.start(Words{"topology"} + arguments);
    const int code = program.wait();
    INFO(program.errors());
    CHECK(code == 2);
    CHECK(program.says(text));
    CHECK(program.output().empty());
    CHECK(trial.listing() == before);
  };
  refuse({}, "name is required");
  refuse({"rings", "--nodes", "8"}, "topology rings: expected one of ring, directed-ring");
  refuse({"ring"}, "expected --nodes");
  refuse({"all"}, "expected --nodes");
  refuse({"ring", "--nodes", "1"}, "--nodes 1: expected 2 to 1024 peers");
  refuse({"ring", "--nodes", "1025"}, "--nodes 1025: expected 2 to 1024 peers");
  refuse({"ring", "--nodes", "-3"}, "--nodes: -3: expected a whole number from 0");
  refuse({"ring", "--nodes", "many"}, "--nodes");
  refuse({"file", "--nodes", "8"}, "expected --file");
  refuse({"ring", "--nodes", "4", "--file", "parts.txt"}, "is not for the topology ring");
  refuse({"file", "--file", "missing.txt"}, "missing.txt: cannot be read");
  refuse({"file", "--file", "bad.txt"}, "bad.txt:2: the peer is x");
  refuse({"file", "--file", "parts.txt"}, "peer 2 cannot be reached from peer 0");
  refuse({"file", "--file", "parts.txt", "--nodes", "3"}, "parts.txt:2: the peer is 3");
  refuse({"all", "--nodes", "8", "--svg", "all.svg"}, "--svg");
  refuse({"ring", "--nodes", "8", "--svg", "nowhere/ring.svg"}, "there is no folder nowhere");
  refuse({"ring", "--nodes", "8", "--report", "nowhere/r.json"}, "there is no folder nowhere");
  refuse({"ring", "--nodes", "8", "--svg", "/dev/full"}, "/dev/full");
  refuse({"ring", "--nodes", "8", "--svg", "."}, "--svg .: is a folder");
}
