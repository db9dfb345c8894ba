// Tests of devices by name: which names there are, and what is said of a device that cannot be used.
#include "gpu/device_factory.hpp"

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"

namespace murm {
namespace {

TEST_CASE("a device is called auto, cpu or cuda:N, and nothing else") {
  CHECK(parse_device_name("auto")->kind == DeviceName::Kind::automatic);
  CHECK(parse_device_name("cpu")->kind == DeviceName::Kind::cpu);
  const auto third = parse_device_name("cuda:2");
  REQUIRE(third);
  CHECK(third->kind == DeviceName::Kind::cuda);
  CHECK(third->ordinal == 2);
  for (const char* name :
       {"", "CPU", "cuda", "cuda:", "cuda:-1", "cuda:1x", "cuda: 1", "cuda:99999999999"}) {
    INFO(name);
    CHECK_FALSE(parse_device_name(name));
    CHECK_THROWS_AS(require_device(name), InputError);
  }
}

TEST_CASE("auto and cpu make a device that computes") {
  for (const char* name : {"auto", "cpu"}) {
    const auto device = make_device({.name = name});
    const Tensor x = device->allocate(3);
    device->zero(x);
    CHECK(device->norm(x) == 0);
  }
}

TEST_CASE("a CUDA device that cannot be used is refused with the reason") {
  const std::string reason = why_not_cuda(900);
  REQUIRE_FALSE(reason.empty());
  try {
    make_device({.name = "cuda:900"});
    FAIL("a device was made");
  } catch (const InputError& error) {
    const std::string text = error.what();
    CHECK(text.find("cuda:900") != std::string::npos);
    CHECK(text.find(reason) != std::string::npos);
    CHECK(text.find("HINT") != std::string::npos);
  }
}

}  // namespace
}  // namespace murm
