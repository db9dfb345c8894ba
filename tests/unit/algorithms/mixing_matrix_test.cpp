#include "algorithms/gossip/mixing_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "algorithms/random.hpp"
#include "tests/unit/algorithms/topology_samples.hpp"

using namespace murm;
using test::kTight;
using test::make;

namespace {

std::vector<double> random_start(std::size_t n, std::uint64_t seed) {
  Random random(seed, 99);
  std::vector<double> x(n);
  for (double& value : x) value = random.normal();
  return x;
}

/// What the last of many rounds left of the distance from the average; by then only the slowest mode is there.
double measured_contraction(const Topology& topology, int rounds) {
  auto x = random_start(topology.peers(), 7);
  Mixing mixing(topology);
  double ratio = 0;
  for (int round = 0; round < rounds; ++round) {
    const double before = distance_from_average(x);
    mixing.step(x);
    ratio = distance_from_average(x) / before;
    double mean = 0;
    for (const double value : x) mean += value / static_cast<double>(x.size());
    for (double& value : x) value = (value - mean) / before;  // far from underflow and rounding
  }
  return ratio;
}

double log2_of(std::size_t n) { return std::log2(static_cast<double>(n)); }

/// Closed forms for n = 2^t; not a number where there is none.
double closed_form(TopologyKind kind, std::size_t peers) {
  const auto n = static_cast<double>(peers);
  const double circle = 2 * std::numbers::pi / n;
  switch (kind) {
    case TopologyKind::complete:
      return 0;
    case TopologyKind::ring:
      return (1 + 2 * std::cos(circle)) / 3;
    case TopologyKind::directed_ring:
      return std::cos(circle / 2);
    case TopologyKind::torus:
      if (const double side = std::sqrt(n); side > 2 && side == std::floor(side))
        return (3 + 2 * std::cos(2 * std::numbers::pi / side)) / 5;
      return std::nan("");
    case TopologyKind::hypercube:
    case TopologyKind::exponential:
      return 1 - 2 / (1 + log2_of(peers));
    default:
      return std::nan("");
  }
}

/// What one round leaves of the square of the distance, in the mean over seeds.
template <class Round>
double mean_square_left(std::size_t n, const Round& round) {
  double left = 0;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    auto x = random_start(n, seed);
    const double before = distance_from_average(x);
    round(x, seed);
    left += std::pow(distance_from_average(x) / before, 2) / 1000;
  }
  return left;
}

}  // namespace

TEST_CASE("the spectral gap is that of the closed form and of the computed table") {
  struct Row {
    std::size_t n;
    double ring, directed_ring, torus, hypercube, exponential;  // 0: none
  };
  for (const Row& row : {Row{4, .333333, .707107, 0, .333333, .333333},
                         Row{8, .804738, .923880, 0, .500000, .500000},
                         Row{16, .949253, .980785, .600000, .600000, .600000},
                         Row{32, .987190, .995185, 0, .666667, .666667},
                         Row{64, .996790, .998795, .882843, .714286, .714286},
                         Row{256, .999799, .999925, .969552, .777778, .777778}}) {
    const auto check = [&](const std::string& name, double rho) {
      INFO(name << ", n = " << row.n);
      const Topology topology = make(name, row.n);
      const double found = contraction(topology).rho;
      if (rho > 0) CHECK(found == Approx(rho).margin(6e-7));
      if (const double form = closed_form(topology.kind(), row.n); !std::isnan(form))
        CHECK(found == Approx(form).epsilon(1e-9));
    };
    check("ring", row.ring);
    check("directed-ring", row.directed_ring);
    check("torus", row.torus);
    check("hypercube", row.hypercube);
    check("exponential", row.exponential);
  }
  CHECK(contraction(make("exponential", 5)).rho == Approx(.25).margin(1e-6));
  CHECK(contraction(make("exponential", 7)).rho == Approx(.353553).margin(1e-6));
  CHECK(contraction(make("exponential", 9)).rho == Approx(.441787).margin(1e-6));
  CHECK(contraction(make("exponential", 11)).rho == Approx(.489581).margin(1e-6));
}

TEST_CASE("iterating W shrinks the distance from the average by rho each round") {
  for (const char* name : {"ring", "directed-ring", "torus", "hypercube", "exponential"}) {
    for (const std::size_t n : {8U, 16U, 64U}) {
      INFO(name << ", n = " << n);
      const Topology topology = make(name, n);
      const double measured = measured_contraction(topology, 4000);
      CHECK(measured == Approx(contraction(topology).rho).epsilon(1e-3));
      if (const double form = closed_form(topology.kind(), n); !std::isnan(form))
        CHECK(measured == Approx(form).epsilon(0.02));
    }
  }
  CHECK(measured_contraction(make(TopologyKind::random_regular, 64, 3), 4000) ==
        Approx(contraction(make(TopologyKind::random_regular, 64, 3)).rho).epsilon(1e-3));
}

TEST_CASE("the complete graph is exact after one round, whatever n") {
  for (std::size_t n = 1; n <= 64; ++n) {
    const Topology topology = make("complete", n);
    CHECK(contraction(topology).exact);
    auto x = random_start(n, 3);
    Mixing(topology).step(x);
    CHECK(distance_from_average(x) < kTight);
    CHECK(rounds_to_shrink(topology, 1e-6, 1, 1'000'000) == (n == 1 ? 0 : 1));
  }
}

TEST_CASE("the one-peer exponential graph is exact after log2 n rounds, if n is a power of two") {
  for (std::size_t n = 2; n <= 64; ++n) {
    INFO("n = " << n);
    const Topology topology = make("one-peer-exponential", n);
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<double>(i * i);  // halves stay exact
    Mixing mixing(topology);
    for (std::size_t round = 0; round + 1 < topology.period(); ++round) {
      mixing.step(x);
      CHECK(distance_from_average(x) > 0.1);
    }
    mixing.step(x);
    const bool power_of_two = (n & (n - 1)) == 0;
    if (power_of_two) CHECK(std::ranges::all_of(x, [&](double value) { return value == x[0]; }));
    if (!power_of_two) CHECK(distance_from_average(x) > 0.1);
    CHECK(contraction(topology).exact == power_of_two);
    CHECK(std::pow(2.0, topology.period()) >= static_cast<double>(n));
  }
  // Without exactness the period still contracts as its norm says.
  const Topology twelve = make("one-peer-exponential", 12);
  auto x = random_start(12, 5);
  Mixing mixing(twelve);
  for (int round = 0; round < 40; ++round) mixing.step(x);
  const double before = distance_from_average(x);
  for (std::size_t round = 0; round < twelve.period(); ++round) mixing.step(x);
  CHECK(distance_from_average(x) / before == Approx(contraction(twelve).per_period).epsilon(1e-3));
}

TEST_CASE("a random matching leaves of the square what theory expects, over 1,000 seeds") {
  for (const std::size_t n : {2U, 3U, 4U, 7U, 8U, 16U, 17U, 64U}) {
    INFO("n = " << n);
    const double expected = std::pow(contraction(make("random-matching", n)).rho, 2);
    const double left = mean_square_left(n, [n](std::vector<double>& x, std::uint64_t seed) {
      Mixing(make(TopologyKind::random_matching, n, seed)).step(x);
    });
    CHECK(left == Approx(expected).epsilon(0.04).margin(1e-12));
  }
  CHECK(std::pow(contraction(make("random-matching", 16)).rho, 2) == Approx(.4667).margin(1e-4));
}

TEST_CASE(
    "a random pair of the complete graph leaves 1 - 1/(n-1) of the square, over 1,000 seeds") {
  for (const std::size_t n : {8U, 16U, 64U}) {
    INFO("n = " << n);
    const Topology topology = make("complete", n);
    const double left = mean_square_left(n, [&](std::vector<double>& x, std::uint64_t seed) {
      Random random(seed, 5);
      Shares scratch;
      const PeerIndex one = random.below(static_cast<std::uint32_t>(n));
      const auto other = topology.random_neighbour(one, 0, random, scratch);
      REQUIRE(other);
      REQUIRE(*other != one);
      x[one] = x[*other] = (x[one] + x[*other]) / 2;
    });
    CHECK(left == Approx(1 - 1 / static_cast<double>(n - 1)).epsilon(0.01));
  }
}

TEST_CASE("the gap of random regular graphs is nearly the best there can be") {
  // Friedman: nearly (1 + 2 sqrt(d - 1)) / (d + 1), for most of them.
  double rho = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed)
    rho += contraction(make(TopologyKind::random_regular, 256, seed, 4)).rho / 5;
  CHECK(rho == Approx((1 + 2 * std::sqrt(3.0)) / 5).epsilon(0.02));
}

TEST_CASE("the contraction of directed graphs is the largest modulus of their eigenvalues") {
  // Circulants: eigenvalue m is the mean of 1 and the powers w^(m h) over the hops h.
  for (std::size_t n = 2; n <= 40; ++n) {
    INFO("n = " << n);
    double largest = 0;
    for (std::size_t m = 1; m < n; ++m) {
      double real = 1;
      double imaginary = 0;
      double hops = 0;
      for (std::size_t hop = 1; hop < n; hop *= 2, hops += 1) {
        const double angle = 2 * std::numbers::pi * static_cast<double>(m * hop) /
                             static_cast<double>(n);
        real += std::cos(angle);
        imaginary += std::sin(angle);
      }
      largest = std::max(largest, std::hypot(real, imaginary) / (hops + 1));
    }
    CHECK(contraction(make("exponential", n)).rho == Approx(largest).margin(1e-9));
  }
}

TEST_CASE("a negative eigenvalue counts by its modulus") {
  TopologyOptions options{.kind = TopologyKind::edges, .edges = {}};  // two threes, all across
  for (PeerIndex left = 0; left < 3; ++left) {
    for (PeerIndex right = 3; right < 6; ++right) options.edges.emplace_back(left, right);
  }
  const Topology bipartite(options, 6);  // eigenvalues 1, 1/4 four times, -1/2
  CHECK(contraction(bipartite).rho == Approx(0.5));
  CHECK(measured_contraction(bipartite, 200) == Approx(0.5).epsilon(1e-6));
}
