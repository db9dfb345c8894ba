// The trace of one machine as a file: written event by event while a run goes on, read back by a replay.
// Room: runtime. Knows bytes, files and checksums; a torn tail ends a trace, anything else wrong is refused.
// Caller: actors/recording_machine (writer), actors/virtual/replay (reader).
#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "runtime/trace_coding.hpp"

namespace murm {

inline constexpr std::uint8_t trace_version = 2;

/// File: "MURMTRC" and the version, then blocks: varint length, content, checksum. The first block is
/// the header, each further one a record. A block's checksum (2 bytes) covers all blocks before it too.
class TraceWriter {
 public:
  explicit TraceWriter(std::filesystem::path file) : file_(std::move(file)) {}
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;
  ~TraceWriter();

  /// Creates the file, which must not exist. Thread: one at a time.
  [[nodiscard]] std::optional<Error> begin(const TraceHeader& header);
  /// Hands the record to the kernel: it survives the end of this process, not that of the machine.
  /// After an error the file ends with the last whole record and nothing more is written or told.
  [[nodiscard]] std::optional<Error> append(const TraceRecord& record);

 private:
  std::optional<Error> write_block();
  std::optional<Error> give_up(int error_number);

  std::filesystem::path file_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;  // whole blocks
  TraceCoder coder_;
  std::uint64_t chain_ = 0;
  std::vector<std::byte> content_;
  std::vector<std::byte> block_;
};

class TraceReader {
 public:
  /// Reads the header. Throws InputError when the file cannot be read or is no trace.
  explicit TraceReader(std::filesystem::path file);

  const TraceHeader& header() const { return header_; }
  const std::filesystem::path& file() const { return file_; }
  /// The next record; none at the end, or where a writer was ended in the middle of a record.
  /// Throws InputError, naming file and offset, for bytes that no writer wrote.
  std::optional<TraceRecord> next();

  std::uint64_t records() const { return records_; }        // read so far
  std::uint64_t bytes() const { return offset_ + taken_; }  // read so far
  bool torn() const { return torn_; }

 private:
  std::optional<std::span<const std::byte>> next_block();
  [[noreturn]] void refuse(const std::string& why) const;
  void fill();

  std::filesystem::path file_;
  std::ifstream stream_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;     // of what is not yet read, in the buffer
  std::uint64_t offset_ = 0;  // of the latest block, in the file
  std::uint64_t taken_ = 0;   // by the latest block
  std::uint64_t chain_ = 0;
  std::vector<std::byte> linked_;
  std::uint64_t records_ = 0;
  bool torn_ = false;
  TraceCoder coder_;
  TraceHeader header_;
};

}  // namespace murm
