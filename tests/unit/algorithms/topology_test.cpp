#include "algorithms/gossip/topology.hpp"

#include <algorithm>
#include <set>

#include "algorithms/gossip/mixing_matrix.hpp"
#include "algorithms/gossip/random_matching.hpp"
#include "tests/unit/algorithms/topology_samples.hpp"

using namespace murm;
using test::kTight;
using test::make;

namespace {

std::vector<PeerIndex> peers_of(const Shares& shares) {
  std::vector<PeerIndex> peers;
  for (const Share& share : shares.others) peers.push_back(share.peer);
  return peers;
}

std::vector<PeerIndex> receivers(const Topology& topology, PeerIndex peer,
                                 std::uint64_t round = 0) {
  Shares shares;
  topology.send(peer, round, shares);
  return peers_of(shares);
}

using Peers = std::vector<PeerIndex>;

}  // namespace

TEST_CASE("every kind has a name, and the name leads back to it") {
  for (const auto& [kind, name] : topology_names) {
    CHECK(to_text(kind) == name);
    CHECK(topology_kind(name) == kind);
  }
  CHECK_FALSE(topology_kind("rings"));
  CHECK(topology_name_list().starts_with("ring, directed-ring, torus"));
}

TEST_CASE("W is doubly stochastic in every round, of every kind, for every n from 1 to 40") {
  for (const auto& [kind, name] : topology_names) {
    for (std::size_t n = 1; n <= 40; ++n) {
      INFO(name << ", n = " << n);
      const Topology topology = make(kind, n);
      CHECK(topology.connected());
      for (std::uint64_t round = 0; round < 7; ++round) {
        const auto matrix = mixing_matrix(topology, round);
        CHECK(row_sum_error(matrix, n) < kTight);
        CHECK(column_sum_error(matrix, n) < kTight);
        CHECK(*std::ranges::min_element(matrix) >= 0);
        if (topology.period() > 0)
          CHECK(matrix == mixing_matrix(topology, round + topology.period()));
        const auto push = mixing_matrix(topology, round, Weights::push_sum);
        CHECK(column_sum_error(push, n) < kTight);
      }
    }
  }
}

TEST_CASE("what a peer sends is what the others receive, in order and never from itself") {
  for (const auto& [kind, name] : topology_names) {
    for (const std::size_t n : {1U, 2U, 3U, 4U, 7U, 8U, 12U, 25U, 33U}) {
      INFO(name << ", n = " << n);
      const Topology topology = make(kind, n);
      Shares shares;
      for (std::uint64_t round = 0; round < 3; ++round) {
        const auto matrix = mixing_matrix(topology, round);
        for (PeerIndex peer = 0; peer < n; ++peer) {
          topology.send(peer, round, shares);
          CHECK(shares.self == matrix[peer * n + peer]);
          CHECK(std::ranges::is_sorted(shares.others, {}, &Share::peer));
          std::vector<double> column(n, 0);
          column[peer] = shares.self;
          for (const Share& share : shares.others) {
            CHECK(share.peer != peer);
            CHECK(column[share.peer] == 0);  // not twice
            column[share.peer] = share.weight;
          }
          for (PeerIndex i = 0; i < n; ++i) CHECK(column[i] == matrix[i * n + peer]);
        }
      }
    }
  }
}

TEST_CASE("everybody's numbers reach everybody, for every kind and every n from 1 to 40") {
  for (const auto& [kind, name] : topology_names) {
    for (std::size_t n = 1; n <= 40; ++n) {
      INFO(name << ", n = " << n);
      const Topology topology = make(kind, n);
      std::vector<double> x(n, 0);
      x[0] = 1;
      Mixing mixing(topology);
      for (std::size_t round = 0; round < 2 * n + 20; ++round) mixing.step(x);
      CHECK(*std::ranges::min_element(x) > 0);
      CHECK(contraction(topology).per_period < 1);
    }
  }
}

TEST_CASE("a matching pairs everybody once, each pair as likely, another one each round and seed") {
  for (std::size_t n = 1; n <= 40; ++n) {
    INFO("n = " << n);
    std::size_t alone = 0;
    for (PeerIndex peer = 0; peer < n; ++peer) {
      const auto partner = matching_partner(9, 4, n, peer);
      if (!partner) {
        ++alone;
        continue;
      }
      REQUIRE(*partner < n);
      CHECK(*partner != peer);
      CHECK(matching_partner(9, 4, n, *partner) == peer);
    }
    CHECK(alone == n % 2);
  }
  for (const std::uint32_t n : {4U, 5U, 6U, 9U, 16U}) {
    constexpr std::uint64_t kRounds = 5000;
    std::vector<double> met(n * n, 0);
    for (std::uint64_t round = 0; round < kRounds; ++round) {
      for (PeerIndex peer = 0; peer < n; ++peer)
        met[peer * n + matching_partner(1, round, n, peer).value_or(peer)] += 1.0 / kRounds;
    }
    const double likely = 1.0 / (n % 2 == 0 ? n - 1 : n);
    for (PeerIndex i = 0; i < n; ++i) {
      for (PeerIndex j = 0; j < n; ++j) {
        INFO("n = " << n << ", " << i << " and " << j);
        const bool possible = i != j || n % 2 == 1;
        CHECK(met[i * n + j] == Approx(possible ? likely : 0).margin(0.03));
      }
    }
  }
}

TEST_CASE("the graphs are those of the table") {
  CHECK(receivers(make("ring", 6), 0) == Peers{1, 5});
  CHECK(receivers(make("directed-ring", 6), 5) == Peers{0});
  CHECK(make("torus", 12).sides() == std::pair<std::size_t, std::size_t>{3, 4});
  CHECK(receivers(make("torus", 12), 0) == Peers{1, 3, 4, 8});
  CHECK(receivers(make("torus", 8), 0) == Peers{1, 3, 4});  // 2 x 4: up and down are one
  CHECK(receivers(make("torus", 7), 0) == Peers{1, 6});     // a prime leaves a ring
  CHECK(receivers(make("hypercube", 8), 5) == Peers{1, 4, 7});
  CHECK(receivers(make("hypercube", 6), 5) == Peers{1, 4});
  CHECK(receivers(make("exponential", 10), 9) == Peers{0, 1, 3, 7});
  CHECK(receivers(make("one-peer-exponential", 10), 9, 2) == Peers{3});
  CHECK(receivers(make("one-peer-exponential", 10), 9, 4) == Peers{0});
  CHECK(receivers(make("complete", 4), 2) == Peers{0, 1, 3});
  CHECK(receivers(make("file", 5), 4) == Peers{1, 3});
}

TEST_CASE("Metropolis weights look at both ends, push-sum only at its own") {
  const Topology star({.kind = TopologyKind::edges, .edges = {{0, 1}, {0, 2}, {3, 0}, {1, 0}}}, 4);
  Shares row;
  star.receive(1, 0, row);
  CHECK(peers_of(row) == Peers{0});
  CHECK(row.others[0].weight == Approx(1.0 / 4));
  CHECK(row.self == Approx(3.0 / 4));
  star.push(1, 0, row);
  CHECK(row.others[0].weight == 0.5);
  CHECK(row.self == 0.5);
  CHECK(row_sum_error(mixing_matrix(star, 0, Weights::push_sum), 4) > 0.1);
}

TEST_CASE("a random regular graph is connected, regular where it can be, and its seed's alone") {
  for (std::size_t n = 1; n <= 40; ++n) {
    for (const std::size_t degree : {1U, 2U, 3U, 4U, 7U, 50U}) {
      INFO("n = " << n << ", degree " << degree);
      const auto graph = random_regular_graph(n, degree, n + degree);
      const std::size_t d = feasible_degree(degree, n);
      CHECK(graph.connected());
      CHECK(n * d % 2 == 0);
      CHECK(d <= std::max<std::size_t>(degree, 2));
      CHECK(d < n);
      for (PeerIndex peer = 0; peer < n; ++peer) CHECK(graph.neighbours(peer).size() == d);
    }
  }
  for (std::uint64_t seed = 0; seed < 3000; ++seed)  // not two cliques of four
    CHECK(random_regular_graph(8, 3, seed).connected());
  CHECK(feasible_degree(3, 8) == 3);
  CHECK(feasible_degree(3, 7) == 2);
  CHECK(feasible_degree(9, 9) == 8);
  CHECK(feasible_degree(1, 2) == 1);
  const auto row = [](std::uint64_t seed) {
    return receivers(make(TopologyKind::random_regular, 64, seed), 0);
  };
  CHECK(row(1) == row(1));
  CHECK((row(1) != row(2) || row(1) != row(3)));
}

TEST_CASE("a random neighbour is each of them sooner or later, and nobody else") {
  for (const auto& [kind, name] : topology_names) {
    INFO(name);
    const Topology topology = make(kind, 9);
    Shares scratch;
    Random random(2, 2);
    for (PeerIndex peer = 0; peer < 9; ++peer) {
      std::set<PeerIndex> seen;
      for (int i = 0; i < 300; ++i) {
        if (const auto other = topology.random_neighbour(peer, 3, random, scratch))
          seen.insert(*other);
      }
      const auto expected = receivers(topology, peer, 3);
      CHECK(seen == std::set<PeerIndex>(expected.begin(), expected.end()));
    }
    CHECK_FALSE(make(kind, 1).random_neighbour(0, 0, random, scratch));
  }
}

TEST_CASE("when peers leave, the edges among the living remain and parts are linked again") {
  const std::vector<Edge> edges{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}};
  const std::vector<PeerIndex> all{0, 1, 2, 3, 4, 5};
  CHECK(surviving_edges(edges, all) == edges);
  const std::vector<PeerIndex> some{0, 1, 3, 4, 9};  // 2 and 5 are gone, 9 is new
  CHECK(surviving_edges(edges, some) == std::vector<Edge>{{0, 1}, {2, 3}, {0, 2}, {2, 4}});
  CHECK(NeighbourGraph(surviving_edges(edges, some), 5).connected());
  CHECK_FALSE(NeighbourGraph(edges, 7).connected());
  CHECK(surviving_edges(edges, {}).empty());
}

TEST_CASE("ten thousand peers and more ask without a dense matrix") {
  constexpr std::size_t kPeers = 20'000;
  for (const auto& [kind, name] : topology_names) {
    INFO(name);
    const Topology topology = make(kind, kPeers);
    Shares row;
    Shares column;
    for (PeerIndex peer = 0; peer < kPeers; peer += kind == TopologyKind::complete ? 9'999 : 199) {
      topology.receive(peer, 12345, row);
      double sum = row.self;
      for (const Share& share : row.others) sum += share.weight;
      CHECK(sum == Approx(1).epsilon(1e-9));
      topology.send(peer, 12345, column);
      if (!topology.directed()) CHECK(peers_of(row) == peers_of(column));
    }
  }
}
