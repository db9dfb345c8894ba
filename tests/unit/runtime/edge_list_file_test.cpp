#include "runtime/edge_list_file.hpp"

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

using namespace murm;
using Edges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

namespace {

EdgeList list_in(const std::string& text, std::uint32_t peers = 0) {
  const test::TemporaryFolder folder;
  test::put(folder / "edges.txt", text);
  return read_edge_list(folder / "edges.txt", peers);
}

/// Without the folder.
std::string refusal(const std::string& text, std::uint32_t peers = 0) {
  try {
    static_cast<void>(list_in(text, peers));
  } catch (const InputError& error) {
    const std::string what = error.what();
    return what.substr(what.find("edges.txt"));
  }
  return "";
}

}  // namespace

TEST_CASE("an edge list is pairs of peers, with comments, blanks and any kind of line end") {
  const auto list = list_in("# who with whom\n0 1\n\n  2\t1   # a comment\r\n0 2");
  CHECK(list.peers == 3);
  CHECK(list.edges == Edges{{0, 1}, {2, 1}, {0, 2}});
  CHECK(list_in("0 1\n1 2\n", 3).peers == 3);
  CHECK(list_in("# nobody to talk to\n", 1).peers == 1);
}

TEST_CASE("an edge that names the same two peers again is none the worse") {
  CHECK(list_in("0 1\n1 0\n0 1\n").peers == 2);
}

TEST_CASE("a line that is no edge is refused with file, line and what was expected") {
  CHECK(refusal("0 1\n2\n") == "edges.txt:2: expected two peers that are linked, as in 0 1.");
  CHECK(refusal("0 1 2\n") == "edges.txt:1: expected two peers that are linked, as in 0 1.");
  CHECK(refusal("0 -1\n") ==
        "edges.txt:1: the peer is -1, expected a whole number from 0 to 999999.");
  CHECK(refusal("0 1.5\n").starts_with("edges.txt:1: the peer is 1.5"));
  CHECK(refusal("one 1\n").starts_with("edges.txt:1: the peer is one"));
  CHECK(refusal("0 99999999999\n").starts_with("edges.txt:1: the peer is 99999999999"));
  CHECK(refusal("0 1\n1 1000000\n").starts_with("edges.txt:2: the peer is 1000000"));
  CHECK(refusal("0 1\n# fine\n3 3\n") == "edges.txt:3: peer 3 is linked with itself.");
  CHECK(refusal("0 1\n1 4\n", 4) ==
        "edges.txt:2: the peer is 4, expected a whole number from 0 to 3.");
  CHECK(refusal("0 1\n" + std::string(5000, '1') + "\n") ==
        "edges.txt:2: longer than 1023 characters.");
}

TEST_CASE("a graph in which a peer cannot be reached is refused by naming it") {
  CHECK(refusal("0 1\n2 3\n")
            .starts_with("edges.txt: peer 2 cannot be reached from peer 0, expected paths between "
                         "all 4 peers"));
  CHECK(refusal("0 1\n1 3\n").starts_with("edges.txt: peer 2 has no edge, expected paths"));
  CHECK(refusal("0 1\n", 3).starts_with("edges.txt: peer 2 has no edge"));
  CHECK(refusal("1 2\n").starts_with("edges.txt: peer 1 cannot be reached from peer 0"));
  CHECK(refusal("").starts_with("edges.txt: holds no edge"));
  CHECK(refusal("", 2).starts_with("edges.txt: peer 1 has no edge"));
}

TEST_CASE("an edge list that is not there, or no file, is refused") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_AS(read_edge_list(folder / "missing", 4), InputError);
  CHECK_THROWS_AS(read_edge_list(folder.path(), 4), InputError);
}
