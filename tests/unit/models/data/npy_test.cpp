// Tests of the .npy reader.
#include "models/data/npy.hpp"

#include <cstring>

#include "tests/unit/models/data/refusal_of.hpp"
#include "tests/unit/models/sample_of.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

namespace murm {
namespace {

using test::contains;
using test::put;

std::string npy(const std::string& dict, const std::string& data, int version = 1) {
  std::string header = dict + "\n";
  const auto byte = [&](unsigned shift) { return static_cast<char>(header.size() >> shift); };
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  bytes += byte(0);
  bytes += byte(8);
  if (version == 2) bytes += std::string{byte(16), byte(24)};
  return bytes + header + data;
}

std::string dict(const std::string& type, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
}

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string refusal(const std::string& bytes) {
  return test::refusal_of([&] { parse_npy(bytes_of({bytes.begin(), bytes.end()}), "a.npy"); });
}

void put_labels(const test::TemporaryFolder& folder, const std::string& name,
                const std::vector<std::int64_t>& labels) {
  put(folder / name, npy(dict("<i8", "(" + std::to_string(labels.size()) + ",)"), raw(labels)));
}

TEST_CASE("every type reads as the same numbers, bytes as parts of white") {
  const test::TemporaryFolder folder;
  put_labels(folder, "y_train.npy", {0, 3});
  put(folder / "y_test.npy", npy(dict("|u1", "(1, 1)"), "\5"));
  const auto [type, data] = GENERATE(
      table<std::string, std::string>({{"<f4", raw<float>({1, 2, 3, 4})},
                                       {"<f8", raw<double>({1, 2, 3, 4})},
                                       {"<i4", raw<std::int32_t>({1, 2, 3, 4})},
                                       {"<i8", raw<std::int64_t>({1, 2, 3, 4})},
                                       {"|u1", std::string("\xFF\x33\0\x66", 4)}}));
  const int version = GENERATE(1, 2);
  put(folder / "x_train.npy", npy(dict(type, "(2, 2)"), data, version));
  put(folder / "x_test.npy", npy(dict(type, "(1, 2)"), data.substr(0, data.size() / 2), version));
  const DataSplits splits = load_npy(folder.path(), 1, 0.1);
  CHECK(splits.train->shape() == SampleShape{2, 6});
  const bool bytes = type == "|u1";
  CHECK(test::sample_of(*splits.train, 1) ==
        test::Sample{bytes ? std::vector<float>{0, 0.4F} : std::vector<float>{3, 4}, {3}});
  CHECK(test::sample_of(*splits.test, 0) ==
        test::Sample{bytes ? std::vector<float>{1, 0.2F} : std::vector<float>{1, 2}, {5}});
}

TEST_CASE("two or three further dimensions are a picture, and one pair of files is split") {
  const test::TemporaryFolder folder;
  put_labels(folder, "y.npy", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  const bool colour = GENERATE(false, true);
  put(folder / "x.npy",
      npy(dict("|u1", colour ? "(10, 1, 2, 3)" : "(10, 2, 3)"), std::string(60, '\1')));
  const DataSplits splits = load_npy(folder.path(), 1, 0.3);
  CHECK(splits.train->size() == 7);
  CHECK(splits.test->size() == 3);
  CHECK(splits.train->shape().features == 6);
  CHECK(splits.train->shape().picture == (colour ? PictureShape{1, 2, 3} : PictureShape{2, 3, 1}));
}

TEST_CASE("a header that cannot be trusted is refused, and nothing is allocated for it") {
  const std::string good = dict("<f4", "(2,)");
  const std::string data(8, '\0');
  CHECK(refusal(npy(good, data)) == "accepted");
  CHECK(refusal(npy("{\"shape\": (2,), \"descr\": \"<f4\", \"fortran_order\": False}", data)) ==
        "accepted");
  CHECK(contains(refusal("PK\3\4" + data), "does not begin as a .npy file does"));
  CHECK(contains(refusal("\x93NUM"), "does not begin"));
  CHECK(contains(refusal("\x93NUMPY"), "is of version 0"));
  CHECK(contains(refusal(npy(good, data, 3)), "is of version 3, expected 1 or 2"));
  CHECK(contains(refusal(std::string("\x93NUMPY\1\0\xFF\xFF", 10)), "announces a header of 65535"));
  CHECK(contains(refusal(std::string("\x93NUMPY\2\0\xFF\xFF\xFF\xFF", 12)),
                 "announces a header of 4294967295 bytes"));
  for (const std::string bad :
       {"", "{", "{}", "{'descr': '<f4', 'shape': (2,)}", "{'descr': <f4}", "[1]",
        "{'descr': '<f4', 'fortran_order': No, 'shape': (2,)}", "{'descr': '<f4",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}"}) {
    INFO(bad);
    CHECK(contains(refusal(npy(bad, data)), "a header that cannot be understood"));
  }
  CHECK(contains(refusal(npy(dict(">f4", "(2,)"), data)), "is of another type"));
  CHECK(contains(refusal(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}", data)),
                 "is in Fortran order"));
  CHECK(contains(refusal(npy(dict("<f4", "()"), data)), "a shape without numbers"));
  CHECK(contains(refusal(npy(dict("<f4", "(0,)"), "")), "a shape without numbers"));
  CHECK(contains(refusal(npy(dict("<f4", "(4294967296, 4294967296)"), data)), "more than 2^40"));
  CHECK(contains(refusal(npy(dict("<f4", "(1000000000,)"), data)),
                 "has 8 bytes of numbers, expected 4000000000"));
  CHECK(contains(refusal(npy(good, data + "x")), "has 9 bytes of numbers, expected 8"));
}

TEST_CASE("labels that are no classes, and files that do not belong together, are refused") {
  const test::TemporaryFolder folder;
  const auto load = [&] { return test::refusal_of([&] { load_npy(folder.path(), 1, 0.1); }); };
  CHECK(contains(load(), "x.npy: no such file"));
  put(folder / "x.npy", npy(dict("<f4", "(3, 1)"), std::string(12, '\0')));
  put_labels(folder, "y.npy", {0, 1});
  CHECK(contains(load(), "has 2 labels, expected 3, one for each sample of x.npy"));
  put_labels(folder, "y.npy", {0, -1, 1});
  CHECK(contains(load(), "label -1 at sample 1, expected 0 to 65535"));
  put_labels(folder, "y.npy", {0, 1, 1LL << 40});
  CHECK(contains(load(), "label 1099511627776 at sample 2"));
  put(folder / "y.npy", npy(dict("<f4", "(3,)"), std::string(12, '\0')));
  CHECK(contains(load(), "does not hold one whole number for each sample"));
  put_labels(folder, "y.npy", {0, 1, 2});
  CHECK(load() == "accepted");
}

}  // namespace
}  // namespace murm
