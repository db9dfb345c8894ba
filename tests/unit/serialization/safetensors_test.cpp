#include "serialization/safetensors.hpp"

#include <cstring>
#include <limits>

#include "tests/catch.hpp"
#include "tests/unit/serialization/samples.hpp"

using namespace murm;

namespace {

std::vector<std::byte> file_of(std::string json, std::size_t data_bytes, std::uint64_t length) {
  std::vector<std::byte> file(8 + json.size() + data_bytes);
  std::memcpy(file.data(), &length, 8);
  std::memcpy(file.data() + 8, json.data(), json.size());
  return file;
}

/// "ok", "rejected" or "unsupported".
std::string verdict(const std::vector<std::byte>& file) {
  const auto result = read_safetensors(file);
  if (result) return "ok";
  CHECK(result.error().text.starts_with("[safetensors] "));
  return result.error().kind == ErrorKind::unsupported ? "unsupported" : "rejected";
}

std::string verdict(const std::string& json, std::size_t data_bytes = 8) {
  return verdict(file_of(json, data_bytes, json.size()));
}

/// Why a file with this header and no data is refused.
std::string reason(const std::string& json) {
  const auto file = file_of(json, 0, json.size());
  const auto result = read_safetensors(file);
  return result ? "ok" : result.error().text;
}

std::string tensor(const std::string& shape, const std::string& offsets,
                   const std::string& dtype = "F32") {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

}  // namespace

TEST_CASE("a safetensors file comes back as it was written") {
  const auto matrix = samples::numbers(6);
  const auto vector = samples::numbers(3);
  const float scalar = -1.5F;
  const std::vector<SafetensorsSource> sources{{{"layer0.weight", {2, 3}}, matrix},
                                               {{"bias", {3}}, vector},
                                               {{"nothing", {0, 4}}, {}},
                                               {{"a scalar", {}}, {&scalar, 1}}};
  const SafetensorsMetadata metadata{{"format", "murmuration"}, {"step", "1200"}};
  std::vector<std::byte> file;
  write_safetensors(sources, metadata, [&](std::span<const std::byte> part) {
    file.insert(file.end(), part.begin(), part.end());
  });
  const auto read = read_safetensors(file);
  REQUIRE(read);
  CHECK(read->metadata == metadata);
  REQUIRE(read->tensors.size() == sources.size());
  for (const SafetensorsSource& source : sources) {
    const SafetensorsView* view = read->find(source.entry.name);
    REQUIRE(view != nullptr);
    CHECK(view->entry.shape == source.entry.shape);
    REQUIRE(view->elements == source.numbers.size());
    std::vector<float> copy(view->elements);
    copy_numbers(*view, copy);
    CHECK(std::equal(copy.begin(), copy.end(), source.numbers.begin()));
  }
  CHECK(read->find("weight") == nullptr);
}

TEST_CASE("the data of a safetensors file starts at a multiple of 8 bytes") {
  for (std::size_t length = 1; length < 20; ++length) {
    const std::vector<SafetensorsEntry> entries{{std::string(length, 'x'), {1}}};
    const std::string header = safetensors_header(entries, {});
    CHECK(header.size() % 8 == 0);
    std::uint64_t json_bytes = 0;
    std::memcpy(&json_bytes, header.data(), 8);
    CHECK(json_bytes == header.size() - 8);
    CHECK(header[8] == '{');
  }
}

TEST_CASE("files without tensors are files") {
  CHECK(verdict("{}", 0) == "ok");
  CHECK(verdict("{}      ", 0) == "ok");
  CHECK(verdict(R"({"__metadata__":{"a":"b"}})", 0) == "ok");
}

TEST_CASE("damaged safetensors files are refused") {
  CHECK(verdict("{\"x\":" + tensor("[2]", "[0,8]") + "}") == "ok");
  CHECK(verdict(std::vector<std::byte>(7)) == "rejected");
  CHECK(verdict(std::vector<std::byte>{}) == "rejected");
  CHECK(verdict(file_of("{}", 0, 3)) == "rejected");
  CHECK(verdict(file_of("{}", 0, std::numeric_limits<std::uint64_t>::max())) == "rejected");
  CHECK(verdict(file_of("{}", 0, safetensors_header_bytes_max + 1)) == "rejected");
  CHECK(verdict("", 0) == "rejected");
  CHECK(verdict(" {}", 0) == "rejected");
  CHECK(verdict("[]", 0) == "rejected");
  CHECK(verdict("{", 0) == "rejected");
  CHECK(verdict("{}{}", 0) == "rejected");
  CHECK(verdict("{\"\xff\":1}", 0) == "rejected");
  CHECK(verdict("{}", 1) == "rejected");
}

TEST_CASE("tensors that leave gaps, overlap or leave the file are refused") {
  const auto two = [](const std::string& a, const std::string& b) {
    return verdict("{\"x\":" + tensor("[1]", a) + ",\"y\":" + tensor("[1]", b) + "}");
  };
  CHECK(two("[0,4]", "[4,8]") == "ok");
  CHECK(two("[4,8]", "[0,4]") == "ok");
  CHECK(two("[0,4]", "[0,4]") == "rejected");
  CHECK(two("[0,4]", "[8,12]") == "rejected");
  CHECK(two("[0,4]", "[2,6]") == "rejected");
  CHECK(two("[4,0]", "[0,4]") == "rejected");
  CHECK(verdict("{\"x\":" + tensor("[3]", "[0,12]") + "}") == "rejected");
  CHECK(verdict("{\"x\":" + tensor("[1]", "[4,8]") + "}") == "rejected");
  CHECK(verdict("{\"x\":" + tensor("[1]", "[0,4]") + "}") == "rejected");
}

TEST_CASE("tensors described wrongly are refused") {
  const auto one = [](const std::string& text) { return verdict("{\"x\":" + text + "}"); };
  CHECK(one(tensor("[2]", "[0,8]", "F16")) == "unsupported");
  CHECK(one(tensor("[3]", "[0,8]")) == "rejected");
  CHECK(one(tensor("[-2]", "[0,8]")) == "rejected");
  CHECK(one(tensor("[2.0]", "[0,8]")) == "rejected");
  CHECK(one(tensor("2", "[0,8]")) == "rejected");
  CHECK(one(tensor("[2]", "[0,8,8]")) == "rejected");
  CHECK(one(tensor("[2]", "[8]")) == "rejected");
  CHECK(one(tensor("[2]", "\"08\"")) == "rejected");
  CHECK(one(tensor("[4294967296,4294967296,2]", "[0,8]")) == "rejected");
  CHECK(one(tensor("[4611686018427387906]", "[0,8]")) == "rejected");  // times 4 wraps around to 8
  CHECK(one(tensor("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2]", "[0,8]")) == "rejected");
  CHECK(one("[]") == "rejected");
  CHECK(one("{}") == "rejected");
  CHECK(one(R"({"dtype":1,"shape":[2],"data_offsets":[0,8]})") == "rejected");
  CHECK(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1})") == "rejected");
}

TEST_CASE("names that occur twice, deep nesting and odd metadata are refused") {
  const std::string x = "\"x\":" + tensor("[2]", "[0,8]");
  CHECK(verdict("{" + x + "," + x + "}") == "rejected");
  CHECK(verdict(R"({"x":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})") ==
        "rejected");
  CHECK(verdict(R"({"__metadata__":{"a":"b","a":"c"}})", 0) == "rejected");
  CHECK(verdict(R"({"__metadata__":{"a":1}})", 0) == "rejected");
  CHECK(verdict(R"({"__metadata__":[]})", 0) == "rejected");
  CHECK(reason("{\"x\":{\"y\":" + std::string(100000, '[')).find("nested too deeply") !=
        std::string::npos);
  std::string many = "{\"x\":[0";
  for (std::size_t i = 0; i < safetensors_values_max; ++i) many += ",0";
  CHECK(reason(many + "]}").find("too many values") != std::string::npos);
}

TEST_CASE("a safetensors file cut off anywhere is refused") {
  const auto numbers = samples::numbers(4);
  const std::vector<SafetensorsSource> sources{{{"a", {2}}, std::span(numbers).first(2)},
                                               {{"b", {2}}, std::span(numbers).last(2)}};
  std::vector<std::byte> file;
  write_safetensors(sources, {{"k", "v"}}, [&](std::span<const std::byte> part) {
    file.insert(file.end(), part.begin(), part.end());
  });
  REQUIRE(verdict(file) == "ok");
  for (std::size_t length = 0; length < file.size(); ++length) {
    const std::vector<std::byte> cut(file.begin(), file.begin() + std::ptrdiff_t(length));
    REQUIRE(verdict(cut) == "rejected");
  }
}
