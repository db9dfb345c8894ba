#include "actors/trace_events.hpp"

#include <numeric>
#include <random>

#include "tests/catch.hpp"
#include "tests/unit/actors/scattered.hpp"

using namespace murm;

namespace {

Tensor tensor_of(std::vector<float> values, std::size_t pieces = 1) {
  const std::size_t length = values.size();
  return Tensor(std::make_shared<Scattered>(std::move(values), pieces), 0, length);
}

std::vector<float> random_numbers(std::size_t length, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> numbers(length);
  for (float& number : numbers) number = normal(random);
  return numbers;
}

}  // namespace

TEST_CASE("a fingerprint depends on the numbers, not on the frames they came in") {
  const std::size_t length = GENERATE(1U, 2U, 63U, 64U, 65U, 1000U, 100'003U);
  const auto numbers = random_numbers(length, 1);
  const std::uint32_t print = fingerprint(tensor_of(numbers));
  CHECK(print != 0);
  for (const std::size_t pieces : {2U, 3U, 7U}) {
    if (pieces <= length) CHECK(fingerprint(tensor_of(numbers, pieces)) == print);
  }
  auto changed = numbers;
  changed.back() = -changed.back();
  CHECK(fingerprint(tensor_of(changed)) != print);
  changed = numbers;
  changed.front() = -changed.front();
  CHECK(fingerprint(tensor_of(changed)) != print);
  CHECK(fingerprint(Tensor()) == 0);
}

TEST_CASE("short tensors are seen whole") {
  const auto numbers = random_numbers(64, 2);
  const std::uint32_t print = fingerprint(tensor_of(numbers));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    auto changed = numbers;
    changed[i] = std::nextafter(changed[i], 10.0F);
    REQUIRE(fingerprint(tensor_of(changed)) != print);
  }
}

TEST_CASE("a sum in another order has another fingerprint") {
  const std::size_t length = 10'000;
  std::vector<std::vector<float>> parts;
  for (std::uint64_t i = 0; i < 4; ++i) parts.push_back(random_numbers(length, i));
  const auto sum = [&](std::vector<std::size_t> order) {
    std::vector<float> total = parts[order[0]];
    for (std::size_t k = 1; k < order.size(); ++k) {
      for (std::size_t i = 0; i < length; ++i) total[i] += parts[order[k]][i];
    }
    return fingerprint(tensor_of(total));
  };
  CHECK(sum({0, 1, 2, 3}) == sum({1, 0, 2, 3}));
  CHECK(sum({0, 1, 2, 3}) != sum({0, 1, 3, 2}));
  CHECK(sum({0, 1, 2, 3}) != sum({3, 2, 1, 0}));
}

TEST_CASE("a lease and a change of members come back from their records") {
  const Lease lease{7, 3, 1, 4, 224, 32, false};
  const Lease back = lease_of(record_of(lease).lease);
  CHECK(back.id == 7);
  CHECK(back.step == 3);
  CHECK(back.index == 1);
  CHECK(back.quorum == 4);
  CHECK(back.position == 224);
  CHECK(back.samples == 32);
  CHECK_FALSE(back.requested);
  const MembershipChange change{5, {PeerId::worker(1)}, {PeerId::worker(2), PeerId::worker(3)}};
  const MembershipChange same = change_of(record_of(change));
  CHECK(same.epoch == 5);
  CHECK(same.joined == change.joined);
  CHECK(same.left == change.left);
}

TEST_CASE("a difference names the field and both values") {
  Message message;
  message.kind = MessageKind::push;
  message.from = PeerId::worker(2);
  message.lease.id = 9;
  message.version = 4;
  const TraceRecord recorded = record_of(message);
  CHECK(difference(recorded, recorded, true).empty());
  message.version = 5;
  CHECK(difference(recorded, record_of(message), true) == "version recorded 4, replayed 5");
  message.version = 4;
  message.loss_sum = 0.5;
  CHECK(difference(recorded, record_of(message), true) == "loss recorded 0, replayed 0.5");
  CHECK(describe(recorded) == "push of worker-2-0, lease 9");
}
