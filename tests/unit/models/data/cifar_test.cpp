// Tests of the reader of CIFAR-10.
#include "models/data/cifar.hpp"

#include "tests/unit/models/data/refusal_of.hpp"
#include "tests/unit/models/sample_of.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

namespace murm {
namespace {

using test::contains;

/// Red is 1 everywhere, green the row, blue the column.
std::string record(std::uint8_t label) {
  std::string bytes(1, static_cast<char>(label));
  bytes += std::string(1024, '\1');
  for (int i = 0; i < 1024; ++i) bytes += static_cast<char>(i / 32);
  for (int i = 0; i < 1024; ++i) bytes += static_cast<char>(i % 32);
  return bytes;
}

void write_set(const std::filesystem::path& folder) {
  for (int file = 1; file <= 5; ++file) {
    const auto label = static_cast<std::uint8_t>(file);
    test::put(folder / ("data_batch_" + std::to_string(file) + ".bin"), record(label) + record(9));
  }
  test::put(folder / "test_batch.bin", record(7));
}

std::string refusal(const std::filesystem::path& folder) {
  return test::refusal_of([&] { load_cifar(folder); });
}

TEST_CASE("planes of a record become channels, and files follow each other") {
  const test::TemporaryFolder folder;
  const bool inside = GENERATE(false, true);
  const auto home = inside ? folder / "cifar-10-batches-bin" : folder.path();
  std::filesystem::create_directories(home);
  write_set(home);
  const DataSplits splits = load_cifar(folder.path());
  CHECK(splits.train->shape() == SampleShape{3072, 10, 1, {32, 32, 3}});
  CHECK(test::labels_of(*splits.train) == std::vector<std::int32_t>{1, 9, 2, 9, 3, 9, 4, 9, 5, 9});
  CHECK(test::labels_of(*splits.test) == std::vector<std::int32_t>{7});
  const test::Sample sample = test::sample_of(*splits.train, 4);
  const std::size_t place = (5 * 32 + 17) * 3;
  CHECK(sample.features[place] == 1.0F / 255.0F);
  CHECK(sample.features[place + 1] == 5.0F / 255.0F);
  CHECK(sample.features[place + 2] == 17.0F / 255.0F);
}

TEST_CASE("missing, truncated, foreign and damaged files are refused by name") {
  const test::TemporaryFolder folder;
  CHECK(contains(refusal(folder / "none"), "no such folder"));
  CHECK(contains(refusal(folder.path()), "data_batch_1.bin: no such file"));
  write_set(folder.path());
  CHECK(refusal(folder.path()) == "accepted");
  test::put(folder / "data_batch_3.bin", record(1).substr(1));
  CHECK(contains(refusal(folder.path()), "has 3072 bytes, expected a multiple of 3073"));
  test::put(folder / "data_batch_3.bin", record(1) + record(10));
  CHECK(contains(refusal(folder.path()), "label 10 at byte 3073, expected 0 to 9"));
  test::put(folder / "data_batch_3.bin", "");
  CHECK(contains(refusal(folder.path()), "data_batch_3.bin: is empty"));
}

}  // namespace
}  // namespace murm
