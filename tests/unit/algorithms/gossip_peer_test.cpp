// Gossiping workers one at a time: what they hold, what they refuse, what their exchanges conserve.
#include <cmath>
#include <limits>
#include <numeric>

#include "algorithms/gossip/d_psgd.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/lone_context.hpp"

using namespace murm;
using namespace murm::test;

namespace {

constexpr std::size_t kLength = 2;

AlgorithmOptions options_of(const char* name) {
  AlgorithmOptions options;
  options.name = name;
  options.workers = 2;
  options.parameters = kLength;
  options.schedule.learning_rate = 0.5;
  return options;
}

/// Worker `self` of two.
class Peer {
 public:
  Peer(const AlgorithmOptions& options, std::uint64_t self)
      : context(PeerId::worker(self)), machine(make_worker(find_algorithm(options), options)) {
    machine->on_membership({1, {PeerId::worker(0), PeerId::worker(1)}, {}}, context);
    machine->on_start(context);
    context.sent.clear();
  }

  void start_at(const Numbers& replica) {
    Message message;
    message.kind = MessageKind::parameters;
    message.from = PeerId::aggregator(0);
    message.payload = tensor_of(replica);
    machine->on_message(message, context);
  }
  void lease(Step step) {
    machine->on_lease(
        {.id = step, .step = step, .index = index(), .quorum = 2, .samples = 1, .epoch = 1},
        context);
  }
  void gradient(const Numbers& numbers) {
    machine->on_gradient({context.computing.back().lease, tensor_of(numbers), 0}, context);
  }
  void exchange(std::uint64_t round, double weight, const Numbers& payload) {
    Message message;
    message.kind = MessageKind::exchange;
    message.from = PeerId::worker(1 - index());
    message.round = round;
    message.weight = weight;
    message.payload = tensor_of(payload);
    machine->on_message(message, context);
  }
  Numbers replica() const {
    MachineState state;
    machine->save(state);
    return numbers_of(state.tensor("parameters"));
  }
  /// What it has told the keepers.
  std::size_t leases_done() const {
    return static_cast<std::size_t>(
        std::count_if(context.sent.begin(), context.sent.end(),
                      [](const auto& sent) { return sent.message.kind == MessageKind::push; }));
  }

  LoneContext context;
  std::unique_ptr<Machine> machine;

 private:
  std::uint32_t index() const { return static_cast<std::uint32_t>(context.self().ordinal()); }
};

Message take_first(LoneContext& context, MessageKind kind) {
  const auto found = std::find_if(context.sent.begin(), context.sent.end(),
                                  [&](const auto& sent) { return sent.message.kind == kind; });
  REQUIRE(found != context.sent.end());
  const Message message = found->message;
  context.sent.erase(found);
  return message;
}

}  // namespace

TEST_CASE("overlapped push-sum keeps what comes before it has a replica, and goes on") {
  Peer peer(options_of("osgp"), 1);
  peer.exchange(0, 0.5, {2, 5});
  CHECK(peer.machine->mass() == 0);  // no replica, no weight
  peer.start_at({1, 1});
  CHECK(peer.machine->mass() == 1.5);
  CHECK(peer.replica() == Numbers{2, 4});
  peer.lease(0);
  peer.gradient({0, 0});
  peer.lease(1);
  peer.gradient({0, 0});  // waits while round 0 of its neighbour is missing
  CHECK(peer.leases_done() == 2);
}

TEST_CASE("overlapped push-sum keeps what comes before it has heard of any members") {
  const AlgorithmOptions options = options_of("osgp");
  LoneContext context(PeerId::worker(1));
  const auto machine = make_worker(find_algorithm(options), options);
  machine->on_start(context);
  for (std::uint64_t round = 0; round < 3; ++round) {
    Message message;
    message.kind = MessageKind::exchange;
    message.from = PeerId::worker(0);
    message.round = round;
    message.weight = 0.5;
    message.payload = tensor_of({2, 5});
    machine->on_message(message, context);
  }
  CHECK(context.rejected.empty());
}

TEST_CASE("GoSGD keeps the share that comes before it has a replica") {
  Peer peer(options_of("gosgd"), 1);
  peer.exchange(0, 0.25, {4, 7});
  peer.exchange(0, 0.25, {8, 1});
  CHECK(peer.machine->mass() == 0);
  peer.start_at({2, 0});  // with 1 / 2
  CHECK(peer.machine->mass() == 1);
  CHECK(peer.replica() == Numbers{4, 2});
}

TEST_CASE("push-sum has no weight before it has a replica, and none is lost") {
  Peer peer(options_of("sgp"), 1);
  peer.exchange(0, 0.5, {2, 5});
  CHECK(peer.machine->mass() == 0);
  peer.start_at({1, 1});
  CHECK(peer.machine->mass() == 1.5);
}

TEST_CASE("a replica of another length is refused") {
  for (const char* name :
       {"noloco", "d-psgd", "ad-psgd", "sgp", "osgp", "swarm", "gosgd", "moshpit", "gossip-pga"}) {
    INFO(name);
    Peer peer(options_of(name), 1);
    peer.start_at({1, 1});
    peer.exchange(0, 0.5, {1, 2, 3});
    peer.exchange(0, 0.5, {});
    CHECK(peer.context.rejected.size() == 2);
    CHECK(peer.replica() == Numbers{1, 1});
  }
}

TEST_CASE("a weight that is not above 0 is refused") {
  for (const char* name : {"sgp", "osgp", "gosgd"}) {
    INFO(name);
    Peer peer(options_of(name), 1);
    peer.start_at({1, 1});
    for (const double weight : {0.0, -1.0, std::numeric_limits<double>::infinity(),
                                std::numeric_limits<double>::quiet_NaN()}) {
      peer.exchange(0, weight, {1, 2});
    }
    CHECK(peer.context.rejected.size() == 4);
  }
}

TEST_CASE("rounds far ahead, and more than a round has, are not kept") {
  for (const char* name : {"d-psgd", "sgp", "noloco", "osgp"}) {
    INFO(name);
    Peer peer(options_of(name), 1);
    peer.start_at({1, 1});
    peer.lease(5);
    peer.exchange(6, 0.5, {1, 1});
    CHECK(peer.context.rejected.empty());
    peer.exchange(5000, 0.5, {1, 1});
    CHECK(peer.context.rejected.size() == 1);
  }
  Peer peer(options_of("d-psgd"), 1);
  for (std::uint64_t round = 0; round < 1000; ++round) peer.exchange(round, 0, {1, 1});
  CHECK(peer.context.rejected.size() > 900);  // before its first lease it cannot know where it is
  peer.exchange(3, 0, {1, 1});
  CHECK(peer.context.rejected.back() == "more than its round has");
}

TEST_CASE("an exchange of a pair keeps the sum of both replicas, whatever comes in between") {
  const AlgorithmOptions options = options_of("ad-psgd");
  for (const bool answer_first : {false, true}) {
    Peer a(options, 0);
    Peer b(options, 1);
    a.start_at({8, -3});
    b.start_at({2, 5});
    a.lease(0);
    b.lease(1);  // both ask the other while they compute
    const Message to_b = take_first(a.context, MessageKind::exchange);
    const Message to_a = take_first(b.context, MessageKind::exchange);
    a.gradient({1, 2});
    b.machine->on_message(to_b, b.context);
    b.gradient({4, -2});
    a.machine->on_message(to_a, a.context);
    const Message back_to_a = take_first(b.context, MessageKind::answer);
    const Message back_to_b = take_first(a.context, MessageKind::answer);
    if (answer_first) a.machine->on_message(back_to_a, a.context);
    b.machine->on_message(back_to_b, b.context);
    if (!answer_first) a.machine->on_message(back_to_a, a.context);
    // (8, -3) + (2, 5) - lr ((1, 2) + (4, -2)), exact in binary
    CHECK(a.replica()[0] + b.replica()[0] == 7.5F);
    CHECK(a.replica()[1] + b.replica()[1] == 2.0F);
    CHECK(a.replica()[0] != 7.5F);  // something was exchanged
  }
}

TEST_CASE("CHOCO sends nothing of a replica that has diverged, and hears of it as of zero") {
  AlgorithmOptions options = options_of("choco");
  options.compression.name = "top-k";
  options.compression.ratio = 1;
  options.schedule.learning_rate = 300;
  Peer peer(options, 1);
  peer.start_at({1, 1});
  peer.lease(0);
  peer.gradient({3e38F, 1});
  CHECK(take_first(peer.context, MessageKind::exchange).payload.length() == 0);
  peer.exchange(0, 0, {});
  CHECK(peer.context.rejected.empty());
  CHECK(peer.leases_done() == 1);
}

TEST_CASE("in a graph from a file, who comes back has its old place") {
  AlgorithmOptions options;
  options.topology = "file";
  options.edges = {{0, 1}, {0, 2}, {0, 3}};  // a star around slot 0
  const PeerId again = PeerId::worker((std::uint64_t{1} << 32U) | 0U);
  const std::vector<PeerId> members{PeerId::worker(1), PeerId::worker(2), PeerId::worker(3), again};
  const Topology topology = topology_among(members, options, TopologyKind::ring);
  Shares row;
  topology.receive(3, 0, row);
  CHECK(row.others.size() == 3);
  for (const PeerIndex leaf : {0U, 1U, 2U}) {
    topology.receive(leaf, 0, row);
    REQUIRE(row.others.size() == 1);
    CHECK(row.others.front().peer == 3);
  }
}

TEST_CASE("groups of moshpit have at least two peers, and at most all") {
  CHECK(grid_group(1, 6, 0, ~std::uint64_t{0}).others.size() == 5);
  CHECK(grid_group(1, 6, 0, 1).others.size() == 1);
  CHECK(grid_group(0, 1, 3, 7).others.empty());
  AlgorithmOptions options = options_of("moshpit");
  options.group = 1;
  CHECK_THROWS_AS(check_options(options), InputError);
  options.group = 2;
  CHECK_NOTHROW(check_options(options));
}

TEST_CASE("a full grid of moshpit is exact after as many rounds as it has dimensions") {
  struct Grid {
    PeerIndex peers;
    std::uint64_t side, rounds;
  };
  for (const Grid& grid : {Grid{9, 3, 2}, Grid{8, 2, 3}, Grid{16, 4, 2}, Grid{27, 3, 3}}) {
    INFO(grid.peers << " peers in groups of " << grid.side);
    std::vector<double> x(grid.peers);
    for (PeerIndex i = 0; i < grid.peers; ++i) x[i] = static_cast<double>(i) * i;
    const double mean = std::accumulate(x.begin(), x.end(), 0.0) / grid.peers;
    for (std::uint64_t round = 0; round < grid.rounds; ++round) {
      CHECK(std::abs(x[0] - mean) > 0.1);
      std::vector<double> next(grid.peers, 0.0);
      for (PeerIndex i = 0; i < grid.peers; ++i) {
        const Shares group = grid_group(i, grid.peers, round, grid.side);
        next[i] = group.self * x[i];
        for (const Share& share : group.others) next[i] += share.weight * x[share.peer];
      }
      x = next;
    }
    for (const double value : x) CHECK(value == Approx(mean).epsilon(1e-12));
  }
}

TEST_CASE("CHOCO and deep gradient compression do not go together") {
  AlgorithmOptions options = options_of("choco");
  options.compression.name = "dgc";
  CHECK_THROWS_AS(check_options(options), InputError);
}

TEST_CASE("a staleness that no worker can have counted is not believed") {
  const AlgorithmOptions options = options_of("ad-psgd");
  LoneContext context(PeerId::aggregator(0), make_tensor(kLength));
  const auto keeper = make_aggregator(find_algorithm(options), options, 0);
  keeper->on_start(context);
  Message news;
  news.kind = MessageKind::push;
  news.from = PeerId::worker(0);
  news.lease = {.id = 0, .samples = 1};
  news.round = ~std::uint64_t{0};
  keeper->on_message(news, context);
  REQUIRE(context.staleness.size() == 1);
  CHECK(context.staleness[0] <= 1'000'000);
}
