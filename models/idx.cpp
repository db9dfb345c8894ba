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
constexpr std::uint64_t deflate_ratio_max = 1032;  // zlib's documented bound

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
      refuse_file(path, "cannot be read, expected an IDX file (" + error.message() + ")",
                  "check data.path");
    file_.reset(gzopen(path.c_str(), "rb"));
    if (file_ == nullptr)
      refuse_file(path, "cannot be opened, expected an IDX file", "check its permissions");
  }

  std::uint32_t number(const char* what) {
    std::array<std::uint8_t, 4> b{};
    if (read(b.data(), b.size()) != b.size()) {
      refuse_file(path_, std::string("ends before its ") + what + ", expected an IDX header",
                  "fetch the file again");
    }
    return (std::uint32_t{b[0]} << 24U) | (std::uint32_t{b[1]} << 16U) |
           (std::uint32_t{b[2]} << 8U) | b[3];
  }

  void require_magic(std::uint32_t expected, const char* what) {
    const std::uint32_t found = number("magic number");
    if (found == expected) return;
    refuse_file(path_,
                "magic number " + hex(found) + ", expected " + hex(expected) + " (" + what + ")",
                "are images and labels interchanged, or is it another format?");
  }

  /// The `wanted` bytes that follow, of the `announced` ones that the header promises.
  Bytes content(std::uint64_t wanted, std::uint64_t announced) {
    if (gzdirect(file_.get()) != 0) return mapped(wanted, announced);
    if (wanted / deflate_ratio_max > bytes_) {
      refuse_file(path_,
                  std::to_string(wanted) + " bytes announced, expected at most what a file of " +
                      std::to_string(bytes_) + " bytes can hold",
                  "the header is damaged");
    }
    std::vector<std::uint8_t> data(wanted);
    const std::size_t found = read(data.data(), data.size());
    if (found != wanted) refuse_short(found, wanted);
    if (wanted == announced) require_end(announced);
    return bytes_of(std::move(data));
  }

  [[noreturn]] void refuse(const std::string& found, const std::string& hint) {
    refuse_file(path_, found, hint);
  }

 private:
  struct Close {
    void operator()(gzFile_s* file) const { gzclose_r(file); }
  };

  [[noreturn]] void refuse_short(std::uint64_t found, std::uint64_t wanted) {
    refuse("ends after " + std::to_string(found) + " bytes of content, expected " +
               std::to_string(wanted),
           "the file is truncated, fetch it again");
  }

  [[noreturn]] void refuse_long(std::uint64_t content_bytes) {
    refuse("goes on after its content, expected " + std::to_string(content_bytes) + " bytes",
           "the header is damaged, fetch it again");
  }

  /// An uncompressed file is shared with other processes instead of copied.
  Bytes mapped(std::uint64_t wanted, std::uint64_t announced) {
    const Bytes whole = map_file(path_, {"an IDX file"});
    const auto header = std::min(static_cast<std::size_t>(gztell(file_.get())), whole.size());
    const std::size_t found = whole.size() - header;
    if (found < wanted) refuse_short(found, wanted);
    if (wanted == announced && found > wanted) refuse_long(announced);
    return {whole.owner, whole.view.subspan(header, wanted)};
  }

  void require_end(std::uint64_t content_bytes) {
    std::uint8_t beyond = 0;
    if (read(&beyond, 1) != 0) refuse_long(content_bytes);
    int code = Z_OK;
    gzerror(file_.get(), &code);
    if (code == Z_BUF_ERROR) {
      refuse_file(path_, "ends inside its compression, expected a checksum",
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
        refuse_file(path_, "cannot be decompressed (" + text + "), expected a sound gzip file",
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
  refuse_file(
      folder, "contains neither " + name + " nor " + name + ".gz, expected the four files of MNIST",
      "set data.path to the folder of these files, or data.kind = \"digits\", which needs no "
      "files");
}

}  // namespace

std::shared_ptr<const ByteSamples> read_idx(const fs::path& images, const fs::path& labels,
                                            std::size_t limit, std::size_t classes) {
  IdxFile image_file(images);
  image_file.require_magic(images_magic, "images");
  const std::uint32_t count = image_file.number("number of images");
  const std::uint32_t rows = image_file.number("number of rows");
  const std::uint32_t columns = image_file.number("number of columns");
  if (rows == 0 || rows > side_max || columns == 0 || columns > side_max) {
    image_file.refuse("images of " + std::to_string(rows) + " x " + std::to_string(columns) +
                          ", expected sides of 1 to " + std::to_string(side_max),
                      "the header is damaged");
  }
  IdxFile label_file(labels);
  label_file.require_magic(labels_magic, "labels");
  const std::uint32_t label_count = label_file.number("number of labels");
  if (label_count != count) {
    label_file.refuse(std::to_string(label_count) + " labels, expected " + std::to_string(count) +
                          ", one for each image of " + images.filename().string(),
                      "take both files from the same set");
  }
  if (count == 0) image_file.refuse("0 images, expected at least one", "fetch the file again");
  const SampleShape shape{std::size_t{rows} * columns, classes, 1, {rows, columns, 1}};
  const std::uint64_t used = std::min<std::uint64_t>(count, limit);
  const Bytes label_bytes = label_file.content(used, count);
  const auto bad = std::find_if(label_bytes.view.begin(), label_bytes.view.end(),
                                [&](std::uint8_t label) { return label >= classes; });
  if (bad != label_bytes.view.end()) {
    label_file.refuse("label " + std::to_string(*bad) + " at sample " +
                          std::to_string(bad - label_bytes.view.begin()) + ", expected 0 to " +
                          std::to_string(classes - 1),
                      "the file is damaged or of another set");
  }
  Bytes pixels = image_file.content(used * shape.features, std::uint64_t{count} * shape.features);
  return std::make_shared<ByteSamples>(
      shape, std::move(pixels),
      std::vector<std::uint8_t>(label_bytes.view.begin(), label_bytes.view.end()));
}

std::size_t count_idx_classes(const fs::path& labels) {
  IdxFile file(labels);
  file.require_magic(labels_magic, "labels");
  const std::uint32_t count = file.number("number of labels");
  const Bytes all = file.content(count, count);
  if (count == 0) file.refuse("0 labels, expected at least one", "fetch the file again");
  return std::size_t{*std::max_element(all.view.begin(), all.view.end())} + 1;
}

DataSplits load_idx(const fs::path& folder, std::size_t train_limit, std::size_t test_limit,
                    std::size_t classes) {
  if (!fs::is_directory(folder)) {
    refuse_file(folder, "no such folder, expected one with the four files of MNIST",
                "set data.path, or data.kind = \"digits\", which needs no files");
  }
  const auto labels = [&](const std::string& name) {
    return plain_or_compressed(folder, name + "-labels-idx1-ubyte");
  };
  if (classes == 0) {
    classes = std::max(count_idx_classes(labels("train")), count_idx_classes(labels("t10k")));
  }
  const auto split = [&](const std::string& name, std::size_t limit) {
    return read_idx(plain_or_compressed(folder, name + "-images-idx3-ubyte"), labels(name), limit,
                    classes);
  };
  DataSplits splits{split("train", train_limit), split("t10k", test_limit)};
  if (splits.train->shape() != splits.test->shape()) {
    refuse_file(folder,
                "test images of " + std::to_string(splits.test->features()) +
                    " pixels, expected the height and width of the " +
                    std::to_string(splits.train->features()) + " in training",
                "take all four files from one set");
  }
  return splits;
}

}  // namespace murm
