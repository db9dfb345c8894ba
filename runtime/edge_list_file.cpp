#include "runtime/edge_list_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr std::size_t kLineBytesMax = 1024;
constexpr std::size_t kEdgesMax = 4'000'000;
constexpr std::uint32_t kPeersMax = 1'000'000;

class EdgeListReader {
 public:
  EdgeListReader(std::string name, std::uint32_t peers) : name_(std::move(name)), peers_(peers) {}

  void read_line(std::string_view line);
  EdgeList finish();
  [[noreturn]] void refuse_line(const std::string& what) const {
    throw InputError(name_ + ":" + std::to_string(number_) + ": " + what + ".");
  }

 private:
  static std::string_view next_word(std::string_view& line) {
    constexpr std::string_view kBlanks = " \t\r";
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    const auto word = line.substr(0, line.find_first_of(kBlanks));
    line.remove_prefix(word.size());
    return word;
  }
  std::uint32_t peer(std::string_view word) const;

  std::string name_;
  std::uint32_t peers_;       // 0: as many as are named
  std::uint64_t number_ = 0;  // of the line
  EdgeList list_;
};

std::uint32_t EdgeListReader::peer(std::string_view word) const {
  const std::uint32_t end = peers_ > 0 ? peers_ : kPeersMax;
  std::uint32_t value = 0;
  const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error == std::errc{} && rest == word.data() + word.size() && value < end) return value;
  refuse_line("the peer is " + std::string(word) + ", expected a whole number from 0 to " +
              std::to_string(end - 1));
}

void EdgeListReader::read_line(std::string_view line) {
  ++number_;
  line = line.substr(0, line.find('#'));
  const std::string_view first = next_word(line);
  const std::string_view second = next_word(line);
  if (first.empty()) return;
  if (second.empty() || !next_word(line).empty())
    refuse_line("expected two peers that are linked, as in 0 1");
  const std::uint32_t a = peer(first);
  const std::uint32_t b = peer(second);
  if (a == b) refuse_line("peer " + std::string(first) + " is linked with itself");
  if (list_.edges.size() == kEdgesMax)
    refuse_line("expected at most " + std::to_string(kEdgesMax) + " edges");
  list_.edges.emplace_back(a, b);
  list_.peers = std::max({list_.peers, a + 1, b + 1});
}

/// The lowest peer that no path leads to from peer 0.
std::optional<std::uint32_t> unreachable(const EdgeList& list) {
  std::vector<std::uint32_t> above(list.peers);  // towards the representative of a component
  std::iota(above.begin(), above.end(), 0U);
  const auto top = [&above](std::uint32_t peer) {
    while (above[peer] != peer) peer = above[peer] = above[above[peer]];
    return peer;
  };
  for (const auto& [a, b] : list.edges) above[top(b)] = top(a);
  for (std::uint32_t peer = 1; peer < list.peers; ++peer) {
    if (top(peer) != top(0)) return peer;
  }
  return std::nullopt;
}

EdgeList EdgeListReader::finish() {
  if (peers_ > 0) list_.peers = peers_;
  if (list_.peers == 0)
    throw InputError(name_ + ": holds no edge, expected two peers a line, as in 0 1.");
  if (const auto peer = unreachable(list_)) {
    const bool alone = std::ranges::none_of(
        list_.edges, [&](const auto& edge) { return edge.first == *peer || edge.second == *peer; });
    throw InputError(name_ + ": peer " + std::to_string(*peer) +
                     (alone ? " has no edge" : " cannot be reached from peer 0") +
                     ", expected paths between all " + std::to_string(list_.peers) +
                     " peers (numbered from 0). HINT: add an edge that links it with the others.");
  }
  return std::move(list_);
}

}  // namespace

EdgeList read_edge_list(const std::filesystem::path& file, std::uint32_t peers) {
  std::ifstream stream(file, std::ios::binary);
  std::error_code ignored;
  if (!stream || std::filesystem::is_directory(file, ignored)) {
    throw InputError(file.string() +
                     ": cannot be read as a list of edges. HINT: the path is relative to the "
                     "folder in which murm is started.");
  }
  EdgeListReader reader(file.string(), peers);
  std::array<char, kLineBytesMax> line{};
  while (stream.getline(line.data(), line.size())) reader.read_line(line.data());
  if (!stream.eof()) {
    reader.read_line("");  // the one that was not taken
    reader.refuse_line("longer than " + std::to_string(kLineBytesMax - 1) + " characters");
  }
  return reader.finish();
}

}  // namespace murm
