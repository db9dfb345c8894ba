// What a worker keeps back counts as much with a short lease as with a long one.
#include "tests/catch.hpp"
#include "tests/unit/algorithms/lone_context.hpp"

using namespace murm;
using namespace murm::test;

namespace {

constexpr std::size_t kLength = 8;

/// A worker that sends the largest of eight numbers.
struct Sender {
  Sender() {
    options.name = "asp";
    options.parameters = kLength;
    options.compression.name = "top-k";
    options.compression.ratio = 1.0 / kLength;
    machine = make_worker(find_algorithm(options), options);
    machine->on_start(context);
  }

  /// The index and the value that travel for a lease.
  std::pair<std::uint32_t, float> push(std::uint32_t samples, const Numbers& gradient) {
    const Lease lease{.id = next, .step = next, .samples = samples};
    ++next;
    machine->on_lease(lease, context);
    if (context.computing.size() < next) answer(0, false);
    machine->on_gradient({lease, tensor_of(gradient), 0}, context);
    const Numbers payload = numbers_of(context.sent.back().message.payload);
    return {std::bit_cast<std::uint32_t>(payload.at(0)), payload.at(1)};
  }
  void answer(LeaseId lease, bool dropped) {
    Message message;
    message.kind = MessageKind::parameters;
    message.from = PeerId::aggregator(0);
    message.round = lease;
    message.dropped = dropped;
    message.payload = make_tensor(kLength);
    machine->on_message(message, context);
  }

  AlgorithmOptions options;
  LoneContext context{PeerId::worker(0)};
  std::unique_ptr<Machine> machine;
  LeaseId next = 0;
};

using Sent = std::pair<std::uint32_t, float>;

}  // namespace

TEST_CASE("what was left out of a long lease is no more with a short one") {
  Sender sender;
  CHECK(sender.push(256, {2560, 1280, 0, 0, 0, 0, 0, 0}) == Sent{0, 2560});
  CHECK(sender.push(1, {0, 0, 1, 0, 0, 0, 0, 0}) == Sent{1, 5});
  CHECK(sender.push(256, Numbers(kLength, 0)) == Sent{2, 256});
}

TEST_CASE("what is sent again counts as it would have") {
  Sender sender;
  CHECK(sender.push(256, {2560, 1280, 0, 0, 0, 0, 0, 0}) == Sent{0, 2560});
  sender.answer(0, true);
  CHECK(sender.push(2, Numbers(kLength, 0)) == Sent{0, 20});
}
