// Tests of the IDX reader: what it reads, and what it refuses with which words.
#include "models/idx.hpp"

#include <unistd.h>
#include <zlib.h>

#include <fstream>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/models/sample_of.hpp"

namespace murm {
namespace {

namespace fs = std::filesystem;

/// A folder of its own for each test case, removed behind it.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "murm_idx_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  fs::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }
  fs::path write_compressed(const std::string& name, const std::string& bytes) const {
    gzFile file = gzopen((path_ / name).c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return path_ / name;
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string number(std::uint32_t value) {
  return {static_cast<char>(value >> 24U), static_cast<char>(value >> 16U),
          static_cast<char>(value >> 8U), static_cast<char>(value)};
}

std::string images(std::uint32_t count, std::uint32_t rows, std::uint32_t columns) {
  std::string bytes = number(0x803) + number(count) + number(rows) + number(columns);
  for (std::uint32_t i = 0; i < count * rows * columns; ++i) bytes += static_cast<char>(i * 7);
  return bytes;
}

std::string labels(std::uint32_t count) {
  std::string bytes = number(0x801) + number(count);
  for (std::uint32_t i = 0; i < count; ++i) bytes += static_cast<char>(i % 10);
  return bytes;
}

std::string refusal(const fs::path& image_path, const fs::path& label_path,
                    std::size_t limit = all_samples) {
  try {
    read_idx(image_path, label_path, limit);
  } catch (const InputError& error) {
    CHECK(std::string(error.what()).find("HINT: ") != std::string::npos);
    return error.what();
  }
  return "accepted";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("plain and compressed files read alike, up to the limit") {
  const Folder folder;
  const bool compressed = GENERATE(false, true);
  const auto write = [&](const std::string& name, const std::string& bytes) {
    return compressed ? folder.write_compressed(name + ".gz", bytes) : folder.write(name, bytes);
  };
  write("train-images-idx3-ubyte", images(30, 4, 5));
  write("train-labels-idx1-ubyte", labels(30));
  write("t10k-images-idx3-ubyte", images(12, 4, 5));
  write("t10k-labels-idx1-ubyte", labels(12));
  const DataSplits splits = load_idx(folder.path(), 11);
  CHECK(splits.train->size() == 11);
  CHECK(splits.test->size() == 12);
  CHECK(splits.train->shape() == SampleShape{20, 10, 1, {4, 5, 1}});
  const float last = static_cast<float>(static_cast<std::uint8_t>(219 * 7)) / 255.0F;
  CHECK(test::sample_of(*splits.train, 10).features[19] == last);
  CHECK(test::sample_of(*splits.test, 11).labels[0] == 1);
}

TEST_CASE("as many classes as the labels of both files say, where none are given") {
  const Folder folder;
  folder.write("train-images-idx3-ubyte", images(30, 2, 2));
  folder.write("train-labels-idx1-ubyte", labels(30));
  folder.write("t10k-images-idx3-ubyte", images(12, 2, 2));
  std::string bytes = labels(12);
  bytes.back() = 46;
  folder.write("t10k-labels-idx1-ubyte", bytes);
  const DataSplits splits = load_idx(folder.path(), 2, 1, 0);
  CHECK(splits.train->classes() == 47);
  CHECK(splits.test->classes() == 47);
  REQUIRE_THROWS_AS(load_idx(folder.path()), InputError);  // 46 is no label of MNIST
}

TEST_CASE("a missing folder or file is refused by name") {
  const Folder folder;
  REQUIRE_THROWS_AS(load_idx(folder.path() / "nowhere"), InputError);
  REQUIRE_THROWS_AS(load_idx(folder.path()), InputError);
  CHECK(contains(refusal(folder.path() / "absent", folder.write("l", labels(3))), "absent"));
}

TEST_CASE("foreign and inconsistent headers are refused with what was found and expected") {
  const Folder folder;
  const fs::path good_images = folder.write("images", images(3, 2, 2));
  const fs::path good_labels = folder.write("labels", labels(3));
  CHECK(contains(refusal(good_labels, good_images), "0x00000801, expected 0x00000803"));
  CHECK(contains(refusal(good_images, good_images), "0x00000803, expected 0x00000801"));
  CHECK(contains(refusal(good_images, folder.write("more", labels(4))), "4 labels, expected 3"));
  CHECK(contains(refusal(folder.write("flat", images(3, 0, 2)), good_labels), "images of 0 x 2"));
  CHECK(contains(refusal(folder.write("none", images(0, 2, 2)), folder.write("no", labels(0))),
                 "0 images"));
  CHECK(contains(refusal(folder.write("empty", ""), good_labels), "ends before its magic number"));
  CHECK(contains(refusal(folder.write("cut", number(0x803)), good_labels), "ends before"));
}

TEST_CASE("a header that promises more than the file can hold allocates nothing") {
  const Folder folder;
  const std::string huge = number(0x803) + number(0xffffffff) + number(4096) + number(4096) + "abc";
  const std::string many = number(0x801) + number(0xffffffff) + "abc";
  const std::string plain = refusal(folder.write("images", huge), folder.write("labels", many));
  CHECK(contains(plain, "ends after 3 bytes of content, expected 4294967295"));
  const std::string packed = refusal(folder.write_compressed("images.gz", huge),
                                     folder.write_compressed("labels.gz", many));
  CHECK(contains(packed, "expected at most what a file of"));
}

TEST_CASE("short, over-long and damaged files are refused") {
  const Folder folder;
  const fs::path good_labels = folder.write("labels", labels(3));
  const std::string sound = images(3, 9, 9);
  CHECK(contains(refusal(folder.write("short", sound.substr(0, sound.size() - 1)), good_labels),
                 "ends after 242 bytes of content, expected 243"));
  CHECK(contains(refusal(folder.write("long", sound + "x"), good_labels),
                 "goes on after its content"));
  CHECK(contains(refusal(folder.write_compressed("long.gz", sound + "x"), good_labels), "goes on"));
  const fs::path packed = folder.write_compressed("whole.gz", sound);
  CHECK(refusal(packed, good_labels) == "accepted");
  std::ifstream stream(packed, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  for (const std::size_t kept :
       {bytes.size() / 2, std::size_t{25}, std::size_t{5}, bytes.size() - 3}) {
    CHECK(refusal(folder.write("truncated.gz", bytes.substr(0, kept)), good_labels) != "accepted");
  }
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 1);  // of the checksum
  CHECK(
      contains(refusal(folder.write("damaged.gz", bytes), good_labels), "cannot be decompressed"));
}

TEST_CASE("a label above 9 is refused with its place") {
  const Folder folder;
  std::string bytes = labels(3);
  bytes.back() = 10;
  const fs::path bad = folder.write("labels", bytes);
  const fs::path good_images = folder.write("images", images(3, 2, 2));
  CHECK(contains(refusal(good_images, bad), "label 10 at sample 2, expected 0 to 9"));
  CHECK(refusal(good_images, bad, 2) == "accepted");
}

}  // namespace
}  // namespace murm
