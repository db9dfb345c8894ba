#include "models/idx.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <string>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t images_magic = 0x00000803;  // unsigned bytes, 3 dimensions
constexpr std::uint32_t labels_magic = 0x00000801;  // unsigned bytes, 1 dimension
constexpr std::uint32_t side_max = 4096;
constexpr std::size_t mnist_classes = 10;
constexpr std::uint64_t deflate_ratio_max = 1032;  // zlib's documented bound

[[noreturn]] void refuse(const fs::path& path, const std::string& found, const std::string& hint) {
  throw InputError("[models] " + path.string() + ": " + found + ". HINT: " + hint + ".");
}

std::string hex(std::uint32_t value) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4)
    text += digits[(value >> static_cast<unsigned>(shift)) & 15U];
  return text;
}

/// A file read front to back; zlib passes uncompressed bytes through.
class IdxFile {
 public:
  explicit IdxFile(const fs::path& path) : path_(path) {
    std::error_code error;
    bytes_ = fs::file_size(path, error);
    if (error)
      refuse(path, "cannot be read, expected an IDX file (" + error.message() + ")",
             "check data.path");
    file_.reset(gzopen(path.c_str(), "rb"));
    if (file_ == nullptr)
      refuse(path, "cannot be opened, expected an IDX file", "check its permissions");
  }

  std::uint32_t number(const char* what) {
    std::array<std::uint8_t, 4> b{};
    if (read(b.data(), b.size()) != b.size()) {
      refuse(path_, std::string("ends before its ") + what + ", expected an IDX header",
             "fetch the file again");
    }
    return (std::uint32_t{b[0]} << 24U) | (std::uint32_t{b[1]} << 16U) |
           (std::uint32_t{b[2]} << 8U) | b[3];
  }

  void require_magic(std::uint32_t expected, const char* what) {
    const std::uint32_t found = number("magic number");
    if (found == expected) return;
    refuse(path_, "magic number " + hex(found) + ", expected " + hex(expected) + " (" + what + ")",
           "are images and labels interchanged, or is it another format?");
  }

  /// The `wanted` bytes that follow, of the `announced` ones that the header promises.
  std::vector<std::uint8_t> content(std::uint64_t wanted, std::uint64_t announced) {
    if (wanted / deflate_ratio_max > bytes_) {
      refuse(path_,
             std::to_string(wanted) + " bytes announced, expected at most what a file of " +
                 std::to_string(bytes_) + " bytes can hold",
             "the header is damaged");
    }
    std::vector<std::uint8_t> data(wanted);
    const std::size_t found = read(data.data(), data.size());
    if (found != wanted) {
      refuse(path_,
             "ends after " + std::to_string(found) + " bytes of content, expected " +
                 std::to_string(wanted),
             "the file is truncated, fetch it again");
    }
    if (wanted == announced) require_end(announced);
    return data;
  }

  [[noreturn]] void refuse_file(const std::string& found, const std::string& hint) {
    refuse(path_, found, hint);
  }

 private:
  struct Close {
    void operator()(gzFile_s* file) const { gzclose_r(file); }
  };

  void require_end(std::uint64_t content_bytes) {
    std::uint8_t beyond = 0;
    if (read(&beyond, 1) != 0) {
      refuse(path_,
             "goes on after its content, expected " + std::to_string(content_bytes) + " bytes",
             "the header is damaged, fetch it again");
    }
    int code = Z_OK;
    gzerror(file_.get(), &code);
    if (code == Z_BUF_ERROR) {
      refuse(path_, "ends inside its compression, expected a checksum",
             "the file is truncated, fetch it again");
    }
  }

  /// Reads up to `count` bytes; a stream that ends inside its compression reads as short.
  std::size_t read(std::uint8_t* to, std::size_t count) {
    constexpr std::size_t piece_max = std::size_t{1} << 24U;
    std::size_t done = 0;
    while (done < count) {
      const auto piece = static_cast<unsigned>(std::min(count - done, piece_max));
      const int got = gzread(file_.get(), to + done, piece);
      if (got < 0) {
        int code = 0;
        const std::string text = gzerror(file_.get(), &code);
        if (code == Z_BUF_ERROR) break;
        refuse(path_, "cannot be decompressed (" + text + "), expected a sound gzip file",
               "the file is damaged, fetch it again");
      }
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  fs::path path_;
  std::uint64_t bytes_ = 0;  // on disk
  std::unique_ptr<gzFile_s, Close> file_;
};

fs::path plain_or_compressed(const fs::path& folder, const std::string& name) {
  for (const std::string& candidate : {name, name + ".gz"}) {
    if (fs::is_regular_file(folder / candidate)) return folder / candidate;
  }
  refuse(folder,
         "contains neither " + name + " nor " + name + ".gz, expected the four files of MNIST",
         "set data.path to the folder of these files, or data.kind = \"digits\", which needs no "
         "files");
}

}  // namespace

std::shared_ptr<const Dataset> read_idx(const fs::path& images, const fs::path& labels,
                                        std::size_t limit) {
  IdxFile image_file(images);
  image_file.require_magic(images_magic, "images");
  const std::uint32_t count = image_file.number("number of images");
  const std::uint32_t rows = image_file.number("number of rows");
  const std::uint32_t columns = image_file.number("number of columns");
  if (rows == 0 || rows > side_max || columns == 0 || columns > side_max) {
    image_file.refuse_file("images of " + std::to_string(rows) + " x " + std::to_string(columns) +
                               ", expected sides of 1 to " + std::to_string(side_max),
                           "the header is damaged");
  }
  IdxFile label_file(labels);
  label_file.require_magic(labels_magic, "labels");
  const std::uint32_t label_count = label_file.number("number of labels");
  if (label_count != count) {
    label_file.refuse_file(std::to_string(label_count) + " labels, expected " +
                               std::to_string(count) + ", one for each image of " +
                               images.filename().string(),
                           "take both files from the same set");
  }
  if (count == 0) image_file.refuse_file("0 images, expected at least one", "fetch the file again");
  auto data = std::make_shared<Dataset>();
  data->features = std::size_t{rows} * columns;
  data->classes = mnist_classes;
  const std::uint64_t used = std::min<std::uint64_t>(count, limit);
  data->labels = label_file.content(used, count);
  const auto bad = std::find_if(data->labels.begin(), data->labels.end(),
                                [](std::uint8_t label) { return label >= mnist_classes; });
  if (bad != data->labels.end()) {
    label_file.refuse_file("label " + std::to_string(*bad) + " at sample " +
                               std::to_string(bad - data->labels.begin()) + ", expected 0 to 9",
                           "the file is damaged or of another set");
  }
  data->pixels = image_file.content(used * data->features, std::uint64_t{count} * data->features);
  return data;
}

DataSplits load_mnist(const fs::path& folder, std::size_t train_limit, std::size_t test_limit) {
  if (!fs::is_directory(folder)) {
    refuse(folder, "no such folder, expected one with the four files of MNIST",
           "set data.path, or data.kind = \"digits\", which needs no files");
  }
  const auto split = [&](const std::string& name, std::size_t limit) {
    return read_idx(plain_or_compressed(folder, name + "-images-idx3-ubyte"),
                    plain_or_compressed(folder, name + "-labels-idx1-ubyte"), limit);
  };
  DataSplits splits{split("train", train_limit), split("t10k", test_limit)};
  if (splits.train->features != splits.test->features) {
    refuse(folder,
           "test images of " + std::to_string(splits.test->features) + " pixels, expected " +
               std::to_string(splits.train->features) + " as in training",
           "take all four files from one set");
  }
  return splits;
}

}  // namespace murm
