// Integers and floats as bytes of a trace: LEB128 varints, zigzag differences, little-endian words.
// Room: runtime. Reads nothing beyond its span.
// Caller: runtime/trace_coding, runtime/trace_file.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace murm {

class ByteSink {
 public:
  explicit ByteSink(std::vector<std::byte>& bytes) : bytes_(bytes) {}

  void byte(std::uint8_t value) { bytes_.push_back(static_cast<std::byte>(value)); }
  void varint(std::uint64_t value) {
    for (; value >= 128; value >>= 7U) byte(static_cast<std::uint8_t>(value | 128U));
    byte(static_cast<std::uint8_t>(value));
  }
  /// `value` as its distance from `before`, small in either direction.
  void difference(std::uint64_t value, std::uint64_t before) {
    const std::uint64_t distance = value - before;
    const bool negative = (distance >> 63U) != 0;
    varint(negative ? ~(distance << 1U) : distance << 1U);
  }
  void word(std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) byte(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void real(double value) { word(std::bit_cast<std::uint64_t>(value), 8); }

 private:
  std::vector<std::byte>& bytes_;
};

/// Once a read has failed, all later ones give 0 and `good` is false.
class ByteSource {
 public:
  explicit ByteSource(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool good() const { return good_; }
  std::size_t left() const { return bytes_.size(); }
  bool at_end() const { return good_ && bytes_.empty(); }
  void fail() {
    good_ = false;
    bytes_ = {};
  }

  std::uint8_t byte() {
    if (bytes_.empty()) {
      fail();
      return 0;
    }
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_ = bytes_.subspan(1);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t next = byte();
      const std::uint64_t part = next & 127U;
      if (shift == 63 && part > 1) break;
      value |= part << shift;
      if (next < 128) return good_ ? value : 0;
    }
    fail();
    return 0;
  }
  std::uint64_t difference(std::uint64_t before) {
    const std::uint64_t code = varint();
    return before + ((code & 1U) != 0 ? ~(code >> 1U) : code >> 1U);
  }
  /// A varint that fits 32 bits.
  std::uint32_t small() {
    const std::uint64_t value = varint();
    if (value > UINT32_MAX) fail();
    return good_ ? static_cast<std::uint32_t>(value) : 0;
  }
  std::uint64_t word(unsigned bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= std::uint64_t{byte()} << (8 * i);
    return good_ ? value : 0;
  }
  double real() { return std::bit_cast<double>(word(8)); }

 private:
  std::span<const std::byte> bytes_;
  bool good_ = true;
};

}  // namespace murm
