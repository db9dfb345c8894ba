// Every kind of data that comes from files: an epoch of it trains, alike in one process and in two.
#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

constexpr int kSamples = 60;

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24U), static_cast<char>(value >> 16U),
          static_cast<char>(value >> 8U), static_cast<char>(value)};
}

void write_idx(const std::filesystem::path& folder) {
  for (const std::string name : {"train", "t10k"}) {
    std::string images = big_endian(0x803) + big_endian(kSamples) + big_endian(4) + big_endian(4);
    std::string labels = big_endian(0x801) + big_endian(kSamples);
    for (int i = 0; i < kSamples; ++i) {
      images += std::string(16, static_cast<char>(60 * (i % 3)));
      labels += static_cast<char>(i % 3);
    }
    put(folder / (name + "-images-idx3-ubyte"), images);
    put(folder / (name + "-labels-idx1-ubyte"), labels);
  }
}

void write_cifar(const std::filesystem::path& folder, int records = kSamples / 5) {
  std::string bytes;
  for (int i = 0; i < records; ++i) {
    bytes += static_cast<char>(i % 3);
    bytes += std::string(3072, static_cast<char>(60 * (i % 3)));
  }
  for (const std::string number : {"1", "2", "3", "4", "5"}) {
    put(folder / ("data_batch_" + number + ".bin"), bytes);
  }
  put(folder / "test_batch.bin", bytes);
}

void write_csv(const std::filesystem::path& folder) {
  std::string text = "kind,a,b\n";
  for (int i = 0; i < kSamples + 7; ++i) {
    const std::string c = std::to_string(i % 3);
    text += "k" + c + "," + c + ",0." + std::to_string(i) + "\n";
  }
  put(folder / "table.csv", text);
}

void write_libsvm(const std::filesystem::path& folder) {
  std::string text;
  for (int i = 0; i < kSamples; ++i) {
    text += (i % 2 == 0 ? "+1 1:0." : "-1 3:0.") + std::to_string(i) + "\n";
  }
  put(folder / "train.libsvm", text);
  put(folder / "test.libsvm", text);
}

std::string npy(const std::string& type, const std::string& shape, const std::string& data) {
  const std::string dictionary = "{'descr': '" + type +
                                 "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  std::string bytes("\x93NUMPY\1\0", 8);
  bytes += static_cast<char>(dictionary.size());
  bytes += '\0';
  return bytes + dictionary + data;
}

void write_npy(const std::filesystem::path& folder) {
  std::string pixels;
  std::string labels;
  for (int i = 0; i < kSamples; ++i) {
    pixels += std::string(12, static_cast<char>(60 * (i % 3)));
    labels += static_cast<char>(i % 3);
  }
  for (const std::string split : {"train", "test"}) {
    put(folder / ("x_" + split + ".npy"), npy("|u1", "(60, 2, 2, 3)", pixels));
    put(folder / ("y_" + split + ".npy"), npy("|u1", "(60,)", labels));
  }
}

/// Nine tenths of it have 60 places, or 60 windows of 4 and what follows them.
std::string text_of(std::size_t characters) {
  std::string text;
  while (text.size() < characters) text += "the quick brown fox ";
  return text.substr(0, characters);
}

void write_tokens(const std::filesystem::path& folder) {
  std::string bytes;
  for (int i = 0; i < 72; ++i) {
    bytes += static_cast<char>(44 * (i % 4));
    bytes += static_cast<char>(1);
  }
  put(folder / "a.bin", bytes);
}

struct Kind {
  std::string name;
  std::string path;  // within the folder
  void (*write)(const std::filesystem::path& folder);
  Words more;
};

std::vector<Kind> kinds() {
  return {
      {"idx", "", write_idx, {"data.augment=[\"crop\"]"}},
      {"cifar",
       "",
       [](const auto& folder) { write_cifar(folder); },
       {"data.augment=[\"crop\", \"flip\"]"}},
      {"csv", "table.csv", write_csv, {"data.label=kind"}},
      {"libsvm", "", write_libsvm, {}},
      {"npy", "", write_npy, {"data.augment=[\"flip\"]"}},
      {"text",
       "",
       [](const auto& folder) { put(folder / "a.txt", text_of(67)); },
       {"model.kind=char-mlp", "model.context=4"}},
      {"text",
       "a.txt",
       [](const auto& folder) { put(folder / "a.txt", text_of(72)); },
       {"model.kind=gpt", "model.context=4", "model.layers=1", "model.heads=2", "model.dim=8"}},
      {"tokens",
       "a.bin",
       write_tokens,
       {"model.kind=gpt", "model.context=4", "model.layers=1", "model.heads=2", "model.dim=8"}},
  };
}

}  // namespace

TEST_CASE("an epoch of each kind of files trains, alike in one process and in two") {
  for (const Kind& kind : kinds()) {
    INFO(kind.name);
    const Trial trial;
    std::filesystem::create_directory(trial / "files");
    kind.write(trial / "files");
    const Words words = set({"data.kind=" + kind.name, "data.path=files/" + kind.path,
                             "data.train=0", "data.test=0", "job.samples=0", "job.epochs=1",
                             "training.batch=4", "model.hidden=[8]"}) +
                        set(kind.more);
    const auto report = trial.report_of(words);
    require_whole_ledger(report, kSamples);
    CHECK(report.at("epochs") == 1.0);
    CHECK(report.at("final").at("eval_accuracy") >= 0.0);
    CHECK(trial.hash_of(words + Words{"--processes", "2"}, "two") == report.at("parameters_hash"));
  }
}

TEST_CASE("data that do not fit the model, or lack a path, are refused at the job file") {
  const Trial trial;
  const Words train{"train", "job.toml"};
  for (const std::string kind : {"idx", "cifar", "csv", "libsvm", "npy"}) {
    require_refused(trial, train + set({"data.kind=" + kind}), {kind, "data.path"});
  }
  require_refused(trial, train + set({"data.kind=tokens", "data.path=x"}),
                  {"tokens", "mlp", "gpt"});
  require_refused(trial, train + set({"data.kind=csv", "data.path=nowhere"}), {"nowhere"});
  require_refused(trial, train + set({"data.augment=[\"rotate\"]"}), {"rotate", "crop"});
  require_refused(trial, train + set({"data.augment=crop"}), {"data.augment", "a list of strings"});
}

TEST_CASE("a data file that becomes shorter ends the run with a sentence") {
  const Trial trial;
  std::filesystem::create_directory(trial / "files");
  write_cifar(trial / "files", 100);
  Program program = trial.train(set({"data.kind=cifar", "data.path=files", "data.train=0",
                                     "job.samples=100000000", "evaluation.every=1000"}),
                                "run");
  require_under_way(trial, program);
  for (const std::string number : {"1", "2", "3", "4", "5"}) {
    std::filesystem::resize_file(trial / "files" / ("data_batch_" + number + ".bin"), 3073);
  }
  require_exit(program, 1);
  CHECK(program.says("a file became shorter while it was read"));
}
