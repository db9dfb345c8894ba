// Elastic averaging: the step of easgd under losses, and forces that come while a gradient is computed.
#include "tests/catch.hpp"
#include "tests/unit/algorithms/lone_context.hpp"

using namespace murm;
using namespace murm::test;

namespace {

constexpr std::size_t kLength = 2;
constexpr PeerId kOne = PeerId::worker(0);
constexpr PeerId kOther = PeerId::worker(1);

AlgorithmOptions options_of(const char* name) {
  AlgorithmOptions options;
  options.name = name;
  options.workers = 2;
  options.parameters = kLength;
  options.elasticity = 0.5;  // a quarter of the way for each of two
  return options;
}

Message push(PeerId from, const Lease& lease, const Numbers& replica) {
  Message message;
  message.kind = MessageKind::push;
  message.from = from;
  message.lease = lease;
  message.payload = tensor_of(replica);
  return message;
}

}  // namespace

TEST_CASE("easgd keeps its step when a lost worker's replica comes a second time") {
  const AlgorithmOptions options = options_of("easgd");
  LoneContext context(PeerId::aggregator(0), tensor_of({0, 0}));
  const auto machine = make_aggregator(find_algorithm(options), options, 0);
  machine->on_start(context);
  const Lease first{.id = 0, .step = 0, .index = 0, .quorum = 2, .samples = 1};
  const Lease second{.id = 1, .step = 0, .index = 1, .quorum = 2, .samples = 1};
  const Lease next{.id = 2, .step = 1, .index = 0, .quorum = 2, .samples = 1};
  machine->on_message(push(kOne, first, {4, 8}), context);
  machine->on_message(push(kOther, first, {4, 8}), context);  // kOne is lost, its lease taken over
  CHECK(context.sent.empty());                                // the step is not over
  machine->on_message(push(kOther, next, {1, 1}), context);
  CHECK(context.rejected == std::vector<std::string>{"replica of a step that has not begun"});
  machine->on_message(push(kOther, second, {8, 0}), context);
  REQUIRE(context.sent.size() == 3);  // two forces, and the centre for the one that came twice
  CHECK(numbers_of(context.sent[0].message.payload) == Numbers{1, 2});
  CHECK(numbers_of(context.sent[1].message.payload) == Numbers{2, 0});
  CHECK(context.sent[2].to == kOther);
  CHECK(context.sent[2].message.weight == 0);
  CHECK(numbers_of(context.sent[2].message.payload) == Numbers{3, 2});
  machine->on_message(push(kOther, next, {1, 1}), context);
  CHECK(context.rejected.size() == 1);
}

TEST_CASE("easgd refuses replicas that have no place in its step") {
  const AlgorithmOptions options = options_of("easgd");
  LoneContext context(PeerId::aggregator(0), tensor_of({0, 0}));
  const auto machine = make_aggregator(find_algorithm(options), options, 0);
  machine->on_start(context);
  Lease lease{.id = 0, .step = 0, .index = 2, .quorum = 2, .samples = 1};
  machine->on_message(push(kOne, lease, {1, 1}), context);
  CHECK(context.rejected.size() == 1);
  lease.index = 0;
  machine->on_message(push(kOne, lease, {1, 1}), context);
  lease = {.id = 1, .step = 0, .index = 5, .quorum = 6, .samples = 1};
  machine->on_message(push(kOther, lease, {1, 1}), context);
  CHECK(context.rejected.size() == 2);
}

TEST_CASE("a version that the centre has not reached is no staleness") {
  const AlgorithmOptions options = options_of("aeasgd");
  LoneContext context(PeerId::aggregator(0), tensor_of({0, 0}));
  const auto machine = make_aggregator(find_algorithm(options), options, 0);
  machine->on_start(context);
  Message message = push(kOne, {.id = 0, .samples = 1}, {1, 1});
  message.version = 7;
  machine->on_message(message, context);
  CHECK(context.staleness == std::vector<Version>{0});
}

TEST_CASE("an elastic force waits while a gradient is computed at the replica") {
  const AlgorithmOptions options = options_of("aeasgd");
  LoneContext context(kOne);
  const auto machine = make_worker(find_algorithm(options), options);
  const auto answer = [&](double weight, const Numbers& numbers) {
    Message message;
    message.kind = MessageKind::parameters;
    message.from = PeerId::aggregator(0);
    message.weight = weight;
    message.payload = tensor_of(numbers);
    machine->on_message(message, context);
  };
  const auto gradient = [&](const Numbers& numbers) {
    machine->on_gradient({context.computing.back().lease, tensor_of(numbers), 0}, context);
  };
  machine->on_start(context);
  machine->on_lease({.id = 0, .samples = 1}, context);
  answer(0, {1, 1});  // the centre
  gradient({0, 0});
  machine->on_lease({.id = 5, .samples = 1, .requested = false}, context);  // of a lost worker
  REQUIRE(context.computing.size() == 2);
  const Tensor read = context.computing[1].parameters.front();
  answer(1, {0.25F, 0.5F});  // to the push of lease 0
  CHECK(numbers_of(read) == Numbers{1, 1});
  gradient({0, 0});
  CHECK(numbers_of(context.sent.back().message.payload) == Numbers{0.75F, 0.5F});
}
