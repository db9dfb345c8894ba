// Tests of the files that who uses a trained run reads.
#include "tools/murm/trained_run.hpp"

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

using namespace murm;

TEST_CASE("an alphabet of any bytes is read back as it was") {
  const test::TemporaryFolder folder;
  std::string alphabet;
  for (int byte = 0; byte < 256; ++byte) alphabet.push_back(static_cast<char>(byte));
  test::put(folder / "alphabet.json", alphabet_json(alphabet));
  CHECK(read_alphabet(folder / "alphabet.json") == alphabet);
}

TEST_CASE("what is no alphabet is refused by name") {
  const test::TemporaryFolder folder;
  const auto refuse = [&](const std::string& text) {
    test::put(folder / "a.json", text);
    try {
      (void)read_alphabet(folder / "a.json");
    } catch (const InputError& error) {
      return std::string(error.what()).find("a.json is no list of the bytes") != std::string::npos;
    }
    return false;
  };
  CHECK(refuse(""));
  CHECK(refuse("[]"));
  CHECK(refuse("{\"schema\": 1, \"bytes\": [97]}"));
  CHECK(refuse("{\"schema\": \"murmuration.alphabet/1\"}"));
  CHECK(refuse("{\"schema\": \"murmuration.alphabet/1\", \"bytes\": []}"));
  CHECK(refuse("{\"schema\": \"murmuration.alphabet/1\", \"bytes\": [97, 256]}"));
  CHECK(refuse("{\"schema\": \"murmuration.alphabet/1\", \"bytes\": [97, -1]}"));
  CHECK(refuse("{\"schema\": \"murmuration.alphabet/1\", \"bytes\": [97, \"b\"]}"));
  REQUIRE_THROWS_AS(read_alphabet(folder / "missing.json"), InputError);
  REQUIRE_THROWS_AS(job_of_run(folder.path(), {}), InputError);
}
