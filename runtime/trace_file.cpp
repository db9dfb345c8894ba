#include "runtime/trace_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "runtime/atomic_file.hpp"
#include "runtime/hash.hpp"

namespace murm {

namespace {

constexpr std::array<std::uint8_t, 8> kMagic{'M', 'U', 'R', 'M', 'T', 'R', 'C', trace_version};
constexpr std::size_t kChecksumBytes = 2;
constexpr std::size_t kChainBytes = 8;
constexpr std::size_t kLengthBytesMax = 3;  // of trace_record_max
constexpr std::size_t kReadBytes = std::size_t{1} << 16U;

/// `content` begins with room for the chain.
std::uint64_t link(std::uint64_t chain, std::vector<std::byte>& content) {
  for (std::size_t i = 0; i < kChainBytes; ++i) content[i] = static_cast<std::byte>(chain >> 8 * i);
  return hash_bytes(content);
}

}  // namespace

TraceWriter::~TraceWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<Error> TraceWriter::give_up(int error_number) {
  // Half a record is as good as none to a reader; without it the file is whole.
  (void)!::ftruncate(descriptor_, size_);
  ::close(std::exchange(descriptor_, -1));
  return file_error("write", file_, error_number);
}

/// Of content_, which begins with room for the chain; block_ may hold bytes that go before it.
std::optional<Error> TraceWriter::write_block() {
  ByteSink sink(block_);
  sink.varint(content_.size() - kChainBytes);
  block_.insert(block_.end(), content_.begin() + kChainBytes, content_.end());
  chain_ = link(chain_, content_);
  sink.word(chain_, kChecksumBytes);
  std::size_t done = 0;
  while (done < block_.size()) {
    const ssize_t written = ::write(descriptor_, block_.data() + done, block_.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return give_up(written < 0 ? errno : EIO);
    done += static_cast<std::size_t>(written);
  }
  size_ += static_cast<std::int64_t>(done);
  block_.clear();
  return std::nullopt;
}

std::optional<Error> TraceWriter::begin(const TraceHeader& header) {
  descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) return file_error("create", file_, errno);
  for (const std::uint8_t letter : kMagic) block_.push_back(static_cast<std::byte>(letter));
  content_.assign(kChainBytes, std::byte{0});
  encode_header(header, content_);
  return write_block();
}

std::optional<Error> TraceWriter::append(const TraceRecord& record) {
  if (descriptor_ < 0) return std::nullopt;
  content_.resize(kChainBytes);
  coder_.encode(record, content_);
  return write_block();
}

TraceReader::TraceReader(std::filesystem::path file)
    : file_(std::move(file)), stream_(file_, std::ios::binary) {
  if (!stream_) {
    throw InputError(file_.string() + ": the trace cannot be opened. HINT: check its permissions");
  }
  fill();
  const auto same = [](std::uint8_t letter, std::byte read) { return std::byte{letter} == read; };
  if (buffer_.size() < kMagic.size() ||
      !std::equal(kMagic.begin(), kMagic.end() - 1, buffer_.begin(), same)) {
    refuse("it is no trace of a run");
  }
  if (buffer_[kMagic.size() - 1] != std::byte{trace_version}) {
    refuse("it has format " + std::to_string(static_cast<int>(buffer_[kMagic.size() - 1])) +
           ", this program reads format " + std::to_string(trace_version));
  }
  begin_ = kMagic.size();
  offset_ = kMagic.size();
  const auto block = next_block();
  const auto header = block ? decode_header(*block) : std::nullopt;
  if (!header) refuse("its header is damaged");
  header_ = *header;
}

void TraceReader::refuse(const std::string& why) const {
  throw InputError(file_.string() + " at byte " + std::to_string(offset_) + ": " + why +
                   ". HINT: record the run again with `murm train --record`");
}

/// Makes sure that a whole block is in the buffer, unless the file ends before it does.
void TraceReader::fill() {
  if (buffer_.size() - begin_ >= trace_record_max + kLengthBytesMax + kChecksumBytes || !stream_) {
    return;
  }
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
  const std::size_t had = buffer_.size();
  buffer_.resize(had + kReadBytes);
  stream_.read(reinterpret_cast<char*>(buffer_.data() + had),
               static_cast<std::streamsize>(kReadBytes));
  buffer_.resize(had + static_cast<std::size_t>(stream_.gcount()));
  if (stream_.bad()) refuse("the disk does not give its bytes");
}

std::optional<std::span<const std::byte>> TraceReader::next_block() {
  fill();
  const auto rest = std::span<const std::byte>(buffer_).subspan(begin_);
  if (rest.empty() || torn_) return std::nullopt;
  ByteSource source(rest);
  const std::uint64_t length = source.varint();
  torn_ = !source.good() && rest.size() < kLengthBytesMax;
  if (torn_) return std::nullopt;
  if (!source.good() || length == 0 || length > trace_record_max) {
    refuse("a record has an impossible length");
  }
  torn_ = source.left() < length + kChecksumBytes;
  if (torn_) return std::nullopt;
  const std::size_t head = rest.size() - source.left();
  const auto content = rest.subspan(head, length);
  linked_.resize(kChainBytes);
  linked_.insert(linked_.end(), content.begin(), content.end());
  chain_ = link(chain_, linked_);
  ByteSource checksum(rest.subspan(head + length, kChecksumBytes));
  if (checksum.word(kChecksumBytes) != (chain_ & 0xFFFFU)) {
    refuse("the checksum of a record does not fit: bytes were changed");
  }
  taken_ = head + length + kChecksumBytes;
  begin_ += taken_;
  return content;
}

std::optional<TraceRecord> TraceReader::next() {
  offset_ += taken_;
  taken_ = 0;
  const auto block = next_block();
  if (!block) return std::nullopt;
  auto record = coder_.decode(*block);
  if (!record) refuse("record " + std::to_string(records_) + " is malformed");
  ++records_;
  return record;
}

}  // namespace murm
