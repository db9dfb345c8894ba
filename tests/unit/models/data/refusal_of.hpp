// The sentence with which something is refused.
// Room: tests. Every refusal of a file has a hint, which is checked here.
// Caller: the tests of file formats in tests/unit/models/data.
#pragma once
#include <string>

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"

namespace murm::test {

template <class Action>
std::string refusal_of(const Action& action) {
  try {
    action();
  } catch (const InputError& error) {
    const std::string text = error.what();
    CHECK(text.find("HINT: ") != std::string::npos);
    return text;
  }
  return "accepted";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace murm::test
