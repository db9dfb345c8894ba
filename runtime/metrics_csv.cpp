#include "runtime/metrics_csv.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>

#include "runtime/atomic_file.hpp"

namespace murm {
namespace {

constexpr const char* header =
    "seconds,samples,updates,train_loss,eval_loss,eval_accuracy,staleness_mean,samples_per_"
    "second\n";

std::string cell(double value) {
  if (!std::isfinite(value)) return "";
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 std::chars_format::general, 7)
                       .ptr;
  return {text.data(), end};
}

}  // namespace

MetricsCsv::~MetricsCsv() {
  if (fd_ >= 0) ::close(fd_);
}

int MetricsCsv::write_line(const std::string& line) {
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t written = ::write(fd_, line.data() + done, line.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int error = written < 0 ? errno : EIO;
      // Half a line would spoil the next one. A device has no size to go back to.
      if (done > 0 && ::ftruncate(fd_, size_) == 0) ::lseek(fd_, size_, SEEK_SET);
      return error;
    }
    done += static_cast<std::size_t>(written);
  }
  size_ += static_cast<std::int64_t>(done);
  return 0;
}

std::optional<Error> MetricsCsv::append(const MetricsRow& row) {
  int error = 0;
  if (fd_ < 0) {
    fd_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd_ < 0) error = errno;
  }
  const std::string line = cell(row.seconds) + "," + std::to_string(row.samples) + "," +
                           std::to_string(row.updates) + "," + cell(row.train_loss) + "," +
                           cell(row.eval_loss) + "," + cell(row.eval_accuracy) + "," +
                           cell(row.staleness_mean) + "," + cell(row.samples_per_second) + "\n";
  if (error == 0 && size_ == 0) error = write_line(header);
  if (error == 0) error = write_line(line);
  if (error == 0 || told_) return std::nullopt;
  told_ = true;
  return file_error("write", file_, error);
}

}  // namespace murm
