// Tests of the buffer pool.
#include "gpu/host/buffer_pool.hpp"

#include <cstdint>
#include <optional>
#include <thread>

#include "tests/catch.hpp"

namespace murm {
namespace {

const float* address(const Tensor& tensor) { return host_span(tensor).data(); }

TEST_CASE("a buffer whose handles died is used again") {
  BufferPool pool;
  std::optional<Tensor> first = pool.take(1000);
  const float* memory = address(*first);
  first.reset();
  const Tensor second = pool.take(1000);
  CHECK(address(second) == memory);
  CHECK(pool.size() == 1);
}

TEST_CASE("a buffer with a living slice is not used again") {
  BufferPool pool;
  std::optional<Tensor> first = pool.take(1000);
  const Tensor slice = first->slice(10, 5);
  const float* memory = address(*first);
  first.reset();
  CHECK(address(pool.take(1000)) != memory);
  CHECK(pool.size() == 2);
}

TEST_CASE("a slightly larger buffer serves, a much larger one waits for its like") {
  BufferPool pool;
  pool.take(1000);
  CHECK(pool.take(900).length() == 900);
  CHECK(pool.size() == 1);
  pool.take(100);
  CHECK(pool.size() == 2);
}

TEST_CASE("the smallest buffer that fits is taken") {
  BufferPool pool;
  const float* small = nullptr;
  {
    const Tensor large = pool.take(1500);
    const Tensor medium = pool.take(1000);
    small = address(medium);
  }
  CHECK(address(pool.take(990)) == small);
}

TEST_CASE("buffers are aligned to cache lines, large ones to huge pages") {
  BufferPool pool;
  for (const std::size_t length : {1U, 17U, 100'000U, 600'000U}) {
    const Tensor tensor = pool.take(length);
    const auto bits = reinterpret_cast<std::uintptr_t>(address(tensor));
    CHECK(tensor.length() == length);
    CHECK(bits % 64 == 0);
    if (length * sizeof(float) >= (2U << 20U)) CHECK(bits % (2U << 20U) == 0);
  }
  CHECK(pool.take(0).length() == 0);
}

TEST_CASE("a handle may die on another thread and outlive its pool") {
  std::optional<BufferPool> pool(std::in_place);
  Tensor first = pool->take(64);
  const float* memory = address(first);
  std::thread other([tensor = std::move(first)]() mutable {
    host_span(tensor)[0] = 1.0F;
    tensor = Tensor();
  });
  other.join();
  Tensor second = pool->take(64);
  CHECK(address(second) == memory);
  pool.reset();
  host_span(second)[63] = 2.0F;
  CHECK(host_span(second)[63] == 2.0F);
}

}  // namespace
}  // namespace murm
