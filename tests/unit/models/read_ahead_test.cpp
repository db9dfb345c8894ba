// Tests of reading ahead: the same bits with a reader and without one, whatever comes between them.
#include "models/read_ahead.hpp"

#include <atomic>
#include <future>
#include <numeric>
#include <thread>

#include "models/data/byte_samples.hpp"
#include "tests/catch.hpp"

namespace murm {
namespace {

/// Ten samples, each its own index; counts how often it is read, can be stopped in a read and can fail.
class Counted final : public Dataset {
 public:
  Counted() : Dataset(10, {1, 10}) {}
  mutable std::atomic<int> reads{0};
  mutable std::atomic<bool> fails{false};
  mutable std::promise<void> entered;
  std::shared_future<void> gate;  // not valid: open

 private:
  void read_sample(std::size_t index, float* features, std::int32_t* labels) const override {
    if (gate.valid() && reads == 0) {
      entered.set_value();
      gate.wait();
    }
    ++reads;
    if (fails) throw InputError("gone");
    *features = static_cast<float>(index);
    *labels = static_cast<std::int32_t>(index);
  }
};

struct Seen {
  std::vector<float> features;
  std::vector<std::int32_t> labels;
  bool operator==(const Seen&) const = default;
};

Seen taken(ReadAhead& ahead, SampleCount position, std::size_t count) {
  const Batch batch = ahead.take(position, count);
  CHECK(batch.position == position);
  return {{batch.features.begin(), batch.features.end()},
          {batch.labels.begin(), batch.labels.end()}};
}

Seen alone(SampleCount position, std::size_t count) {
  ReadAhead ahead(std::make_shared<Counted>(), 3, 4);
  return taken(ahead, position, count);
}

TEST_CASE("what was read ahead is taken without reading, in the order of the stream") {
  const auto data = std::make_shared<Counted>();
  ReadAhead ahead(data, 3, 4);
  int freed = 0;
  ahead.when_free([&] { ++freed; });
  ahead.expect(100, 11);
  ahead.fill();
  CHECK(data->reads == 8);
  CHECK(taken(ahead, 100, 4) == alone(100, 4));
  CHECK(freed == 0);
  CHECK(taken(ahead, 104, 4) == alone(104, 4));
  CHECK(freed == 1);
  CHECK(data->reads == 8);
  ahead.fill();
  CHECK(data->reads == 11);
  CHECK(taken(ahead, 108, 3) == alone(108, 3));
  ahead.release();
  CHECK(freed == 1);  // there is nothing to read
  CHECK(data->reads == 11);
}

TEST_CASE("a batch that nobody has begun is read when it is taken") {
  const auto data = std::make_shared<Counted>();
  ReadAhead ahead(data, 3, 4);
  CHECK(taken(ahead, 5, 4) == alone(5, 4));
  SECTION("the news that it will be asked for comes late") {
    ahead.expect(5, 8);
    ahead.fill();
    CHECK(data->reads == 8);
    CHECK(taken(ahead, 9, 4) == alone(9, 4));
    CHECK(data->reads == 8);
  }
  SECTION("the reader has heard of it and not begun") {
    ahead.expect(20, 8);
    CHECK(taken(ahead, 20, 4) == alone(20, 4));
    ahead.fill();
    CHECK(data->reads == 12);
    CHECK(taken(ahead, 24, 4) == alone(24, 4));
    CHECK(data->reads == 12);
  }
}

TEST_CASE("what is never asked for is given up when something behind it is") {
  const auto data = std::make_shared<Counted>();
  ReadAhead ahead(data, 3, 4);
  ahead.expect(0, 12);
  ahead.fill();
  ahead.expect(50, 4);
  ahead.expect(60, 4);
  ahead.fill();  // both buffers are full of what is not wanted any more
  CHECK(data->reads == 8);
  CHECK(taken(ahead, 50, 4) == alone(50, 4));
  ahead.fill();
  CHECK(data->reads == 16);
  CHECK(taken(ahead, 60, 4) == alone(60, 4));
  CHECK(data->reads == 16);
}

TEST_CASE("of more ranges than can be kept the oldest are forgotten, and read when taken") {
  const auto data = std::make_shared<Counted>();
  ReadAhead ahead(data, 3, 4);
  for (SampleCount i = 0; i < 20; ++i) ahead.expect(10 * i, 4);
  ahead.fill();
  CHECK(data->reads == 8);
  CHECK(taken(ahead, 120, 4) == alone(120, 4));
  CHECK(data->reads == 8);
  CHECK(taken(ahead, 0, 4) == alone(0, 4));
  CHECK(data->reads == 12);
}

TEST_CASE("a batch that is being read is waited for, not read again") {
  const auto data = std::make_shared<Counted>();
  std::promise<void> open;
  data->gate = open.get_future().share();
  ReadAhead ahead(data, 3, 4);
  ahead.expect(7, 4);
  std::thread reader([&] { ahead.fill(); });
  data->entered.get_future().wait();
  std::thread opener([&] { open.set_value(); });
  CHECK(taken(ahead, 7, 4) == alone(7, 4));
  reader.join();
  opener.join();
  CHECK(data->reads == 4);
}

TEST_CASE("an error of the reader is the lane's when it comes to that batch") {
  const auto data = std::make_shared<Counted>();
  ReadAhead ahead(data, 3, 4);
  data->fails = true;
  ahead.expect(0, 4);
  ahead.fill();
  REQUIRE_THROWS_AS(ahead.take(0, 4), InputError);
  data->fails = false;
  CHECK(taken(ahead, 0, 4) == alone(0, 4));
}

TEST_CASE("augmentation depends on the place in the stream, not on who reads it") {
  const SampleShape shape{64, 10, 1, {8, 8, 1}};
  std::vector<std::uint8_t> pixels(64);
  std::iota(pixels.begin(), pixels.end(), std::uint8_t{1});
  const auto data = std::make_shared<ByteSamples>(shape, bytes_of(std::move(pixels)),
                                                  std::vector<std::uint8_t>{0});
  const Augmentation augmentation({true, true}, shape.picture, 8);
  ReadAhead first(data, 3, 4, augmentation);
  ReadAhead second(data, 3, 3, augmentation);
  second.expect(0, 12);
  second.fill();
  std::vector<float> one, other;
  for (SampleCount position = 0; position < 12; position += 4) {
    const Seen batch = taken(first, position, 4);
    one.insert(one.end(), batch.features.begin(), batch.features.end());
  }
  for (SampleCount position = 0; position < 12; position += 3) {
    const Seen batch = taken(second, position, 3);
    other.insert(other.end(), batch.features.begin(), batch.features.end());
  }
  CHECK(one == other);
  CHECK(std::vector<float>(one.begin(), one.begin() + 64) !=
        std::vector<float>(one.begin() + 64, one.begin() + 128));
}

}  // namespace
}  // namespace murm
