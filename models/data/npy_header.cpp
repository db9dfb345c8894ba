// The header of .npy: a literal of Python, of which only what NumPy writes is understood.
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "models/data/npy.hpp"

namespace murm {
namespace {

constexpr std::string_view magic = "\x93NUMPY";

struct TypeName {
  std::string_view name;
  NpyType type;
  std::size_t bytes;
};
constexpr std::array<TypeName, 5> types{{{"<f4", NpyType::f4, 4},
                                         {"<f8", NpyType::f8, 8},
                                         {"|u1", NpyType::u1, 1},
                                         {"<i4", NpyType::i4, 4},
                                         {"<i8", NpyType::i8, 8}}};

/// {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 28, 28), }
class Literal {
 public:
  Literal(std::string_view text, const std::filesystem::path& path) : rest_(text), path_(path) {}

  void read() {
    expect('{');
    while (!take('}')) {
      const std::string_view key = string();
      expect(':');
      if (key == "descr") {
        type = string();
      } else if (key == "fortran_order") {
        fortran = boolean();
      } else if (key == "shape") {
        shape = tuple();
      } else {
        refuse();
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    blanks();
    if (!rest_.empty() || !type || !fortran || !shape) refuse();
  }

  std::optional<std::string_view> type;
  std::optional<bool> fortran;
  std::optional<std::vector<std::size_t>> shape;

 private:
  [[noreturn]] void refuse() const {
    refuse_file(path_,
                "has a header that cannot be understood, expected descr, fortran_order and shape",
                "write the file with numpy.save");
  }
  void blanks() {
    const auto first = rest_.find_first_not_of(" \n");
    rest_.remove_prefix(first == std::string_view::npos ? rest_.size() : first);
  }
  bool take(char c) {
    blanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) refuse();
  }
  std::string_view string() {
    const char quote = take('\'') ? '\'' : '"';
    if (quote == '"') expect('"');
    const auto end = rest_.find(quote);
    if (end == std::string_view::npos) refuse();
    const std::string_view found = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return found;
  }
  bool boolean() {
    blanks();
    for (const std::string_view word : {std::string_view("True"), std::string_view("False")}) {
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return word == "True";
    }
    refuse();
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> values;
    expect('(');
    while (!take(')')) {
      blanks();
      std::size_t value = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
      if (error != std::errc() || values.size() == npy_dimensions_max) refuse();
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      values.push_back(value);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return values;
  }

  std::string_view rest_;
  const std::filesystem::path& path_;
};

std::string_view header_of(const Bytes& bytes, const std::filesystem::path& path) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.view.data()), bytes.size());
  if (!text.starts_with(magic)) {
    refuse_file(path, "does not begin as a .npy file does, expected one",
                "write it with numpy.save, an archive (.npz) is another format");
  }
  const auto byte = [&](std::size_t i) -> std::size_t {
    return i < bytes.size() ? bytes.view[i] : 0U;
  };
  const std::size_t version = byte(magic.size());
  if (version != 1 && version != 2) {
    refuse_file(path, "is of version " + std::to_string(version) + ", expected 1 or 2",
                "write it with numpy.save");
  }
  const std::size_t field = magic.size() + 2;
  const std::size_t wide = byte(field + 2) << 16U | byte(field + 3) << 24U;
  const std::size_t length = byte(field) | byte(field + 1) << 8U | (version == 2 ? wide : 0);
  const std::size_t begin = field + (version == 2 ? 4 : 2);
  if (length > npy_header_bytes_max || begin + length > text.size()) {
    refuse_file(path,
                "announces a header of " + std::to_string(length) + " bytes, expected at most " +
                    std::to_string(npy_header_bytes_max) + " that are there",
                "the file is damaged or truncated");
  }
  return text.substr(begin, length);
}

/// Numbers of an array of this shape.
std::uint64_t judge_shape(const std::vector<std::size_t>& shape,
                          const std::filesystem::path& path) {
  std::uint64_t numbers = shape.empty() ? 0 : 1;
  for (const std::size_t length : shape) {
    const bool fits = length != 0 && numbers <= npy_numbers_max / length;
    numbers = fits ? numbers * length : 0;
  }
  if (numbers == 0) {
    refuse_file(path, "has a shape without numbers, or with more than 2^40 of them",
                "expected [samples] or [samples, ...]");
  }
  return numbers;
}

}  // namespace

NpyArray parse_npy(Bytes bytes, const std::filesystem::path& path) {
  const std::string_view header = header_of(bytes, path);
  Literal literal(header, path);
  literal.read();
  const TypeName* found = nullptr;
  for (const TypeName& type : types) {
    if (type.name == *literal.type) found = &type;
  }
  if (found == nullptr || *literal.fortran) {
    refuse_file(path,
                found == nullptr ? "is of another type, expected <f4, <f8, |u1, <i4 or <i8"
                                 : "is in Fortran order, expected C order",
                "convert it, for example with numpy.ascontiguousarray(x, dtype='<f4')");
  }
  const std::uint64_t wanted = judge_shape(*literal.shape, path) * found->bytes;
  const auto offset = static_cast<std::size_t>(header.data() + header.size() -
                                               reinterpret_cast<const char*>(bytes.view.data()));
  const std::uint64_t there = bytes.size() - offset;
  if (there != wanted) {
    refuse_file(path,
                "has " + std::to_string(there) + " bytes of numbers, expected " +
                    std::to_string(wanted) + ", those of its shape",
                there < wanted ? "the file is truncated" : "the file is damaged");
  }
  bytes.view = bytes.view.subspan(offset);
  return {path, found->type, std::move(*literal.shape), std::move(bytes)};
}

}  // namespace murm
