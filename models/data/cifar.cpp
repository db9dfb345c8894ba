#include "models/data/cifar.hpp"

#include <array>
#include <string>
#include <vector>

#include "models/data/bytes.hpp"

namespace murm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t side = 32;
constexpr std::size_t channels = 3;
constexpr std::size_t plane = side * side;
constexpr std::size_t record_bytes = 1 + channels * plane;
constexpr std::size_t class_count = 10;
constexpr const char* folder_hint =
    "set data.path to the folder of the six files of CIFAR-10, binary version";

/// Looked up: numbers that lie apart are not divided four at a time.
constexpr std::array<float, 256> part_of_white = [] {
  std::array<float, 256> parts{};
  for (std::size_t byte = 0; byte < parts.size(); ++byte) {
    parts[byte] = static_cast<float>(byte) / 255.0F;
  }
  return parts;
}();

struct RecordFile {
  fs::path path;
  Bytes bytes;
  std::size_t first = 0;  // index of its first record
};

void require_label(const RecordFile& file, std::size_t record, std::uint8_t label,
                   const char* hint) {
  if (label < class_count) return;
  refuse_file(file.path,
              "label " + std::to_string(label) + " at byte " +
                  std::to_string(record * record_bytes) + ", expected 0 to 9",
              hint);
}

RecordFile open_records(const fs::path& path) {
  RecordFile file{path, map_file(path, {"a file of CIFAR-10 records", folder_hint})};
  if (file.bytes.size() % record_bytes != 0) {
    refuse_file(path,
                "has " + std::to_string(file.bytes.size()) +
                    " bytes, expected a multiple of 3073, the bytes of a record",
                "the file is truncated or of another set (CIFAR-100 has other records)");
  }
  for (std::size_t i = 0; i < file.bytes.size() / record_bytes; ++i) {
    require_label(file, i, file.bytes.view[i * record_bytes],
                  "the file is damaged or of another set");
  }
  return file;
}

class CifarRecords final : public Dataset {
 public:
  explicit CifarRecords(std::vector<RecordFile> files)
      : Dataset(count(files), {channels * plane, class_count, 1, {side, side, channels}}),
        files_(std::move(files)) {}

 private:
  static std::size_t count(std::vector<RecordFile>& files) {
    std::size_t records = 0;
    for (RecordFile& file : files) {
      file.first = records;
      records += file.bytes.size() / record_bytes;
    }
    return records;
  }

  void read_sample(std::size_t index, float* features, std::int32_t* labels) const override {
    std::size_t last = files_.size() - 1;
    while (files_[last].first > index) --last;
    const RecordFile& file = files_[last];
    const std::size_t record = index - file.first;
    const std::uint8_t* from = file.bytes.view.data() + record * record_bytes;
    require_label(file, record, *from, "the file was changed during the run");
    *labels = *from++;
    for (std::size_t pixel = 0; pixel < plane; ++pixel) {
      for (std::size_t channel = 0; channel < channels; ++channel) {
        features[pixel * channels + channel] = part_of_white[from[channel * plane + pixel]];
      }
    }
  }

  std::vector<RecordFile> files_;
};

}  // namespace

DataSplits load_cifar(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    refuse_file(folder, "no such folder, expected one with the six files of CIFAR-10", folder_hint);
  }
  const fs::path inner = folder / "cifar-10-batches-bin";
  const fs::path home = fs::is_directory(inner, ignored) ? inner : folder;
  std::vector<RecordFile> train;
  for (const char* number : {"1", "2", "3", "4", "5"}) {
    train.push_back(open_records(home / ("data_batch_" + std::string(number) + ".bin")));
  }
  return {std::make_shared<CifarRecords>(std::move(train)),
          std::make_shared<CifarRecords>(std::vector{open_records(home / "test_batch.bin")})};
}

}  // namespace murm
