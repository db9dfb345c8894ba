// Writes the seeds of the fuzzers, made by our own encoders, into <folder>/<fuzzer>/.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "serialization/safetensors.hpp"
#include "tests/fuzz/trace_seal.hpp"
#include "tests/unit/runtime/trace_samples.hpp"
#include "tests/unit/serialization/samples.hpp"

using namespace murm;

namespace {

void write(const std::filesystem::path& folder, const std::string& name,
           std::span<const std::byte> bytes) {
  std::filesystem::create_directories(folder);
  std::ofstream stream(folder / name, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

void write_codec(const std::filesystem::path& folder) {
  const std::vector<std::string> names{
      "hello",   "welcome",       "refusal",        "heartbeat",    "lease_request", "lease_grant",
      "credit",  "worker_report", "failure",        "stop",         "leave",         "members",
      "collect", "course",        "switch_request", "switch_answer"};
  const auto bodies = samples::controls();
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    Bytes input{std::byte{2}, std::byte{0}};  // control, resealed
    const Bytes header = samples::encoded(bodies[i]);
    input.insert(input.end(), header.begin(), header.end());
    write(folder, names.at(i), input);
  }
  const auto write_bulk = [&](const std::string& name, const Routed& routed,
                              const std::vector<float>& chunk) {
    const auto frame = frame_of(chunk);
    Bytes input{std::byte{1 | 2 | 4},
                static_cast<std::byte>(frame.size())};  // bulk, resealed, two frames
    const Bytes header = samples::encoded(routed, chunk);
    input.insert(input.end(), header.begin(), header.end());
    input.insert(input.end(), frame.begin(), frame.end());
    write(folder, name, input);
    input[0] |= std::byte{8};  // with expectations
    write(folder, name + "_strict", input);
  };
  write_bulk("pull", samples::pull(), {});
  write_bulk("push", samples::push(), samples::numbers(6));
  write_bulk("parameters", samples::parameters(), samples::numbers(6));
  write_bulk("exchange", samples::between(MessageKind::exchange), samples::numbers(18));
  write_bulk("answer", samples::between(MessageKind::answer), samples::numbers(18));
  write_bulk("decline", samples::between(MessageKind::decline), {});
  write_bulk("replica", samples::replica(), samples::numbers(6));
}

void write_reassembler(const std::filesystem::path& folder) {
  const auto seed = [&](const std::string& name, const std::vector<std::uint8_t>& chunks) {
    write(folder, name, std::as_bytes(std::span(chunks)));
  };
  seed("one", {0, 5, 0, 5, 0});
  seed("empty", {0, 0, 0, 0, 0, 1, 0, 0, 0, 0});
  seed("three_chunks", {0, 10, 0, 4, 0, 0, 10, 4, 4, 2, 0, 10, 8, 2, 4, 1, 3, 0, 3, 0});
  seed("gap", {0, 10, 0, 4, 0, 0, 10, 5, 5, 0, 1, 2, 0, 2, 0});
  seed("repeat", {0, 10, 0, 4, 0, 0, 10, 0, 4, 0, 0, 10, 4, 6, 0});
  seed("oversized", {0, 101, 0, 50, 0, 1, 100, 0, 50, 0, 1, 100, 50, 50, 0});
  seed("other_header", {0, 10, 0, 4, 0, 0, 10, 4, 6, 1});
  seed("short_frame", {0, 10, 0, 10, 0x80, 1, 10, 0, 10, 0});
}

void write_safetensors_seeds(const std::filesystem::path& folder) {
  const auto numbers = samples::numbers(6);
  const std::vector<SafetensorsSource> sources{
      {{"layer0.weight", {2, 2}}, std::span(numbers).first(4)},
      {{"layer0.bias", {2}}, std::span(numbers).last(2)}};
  std::vector<std::byte> file{std::byte{0}};
  write_safetensors(sources, {{"format", "murmuration"}}, [&](std::span<const std::byte> part) {
    file.insert(file.end(), part.begin(), part.end());
  });
  write(folder, "file", file);
  // Its header alone, with 24 bytes of data to follow.
  std::vector<std::byte> header{std::byte{25}};
  header.insert(header.end(), file.begin() + 9, file.end() - 24);
  write(folder, "header", header);
  write(folder, "no_tensors", std::as_bytes(std::span(std::string_view("\x01{}"))));
}

void write_traces(const std::filesystem::path& folder) {
  std::vector<std::vector<std::byte>> contents(1);
  encode_header(test::trace_header, contents.front());
  TraceCoder coder;
  const auto seed = [&](const std::string& name) {  // with what `contents` has by then
    std::vector<std::byte> input{std::byte{0}};
    const auto file = test::sealed_trace(contents);
    input.insert(input.end(), file.begin(), file.end());
    write(folder, name + "_file", input);
    input = {std::byte{1}};
    for (const auto& content : contents) {
      ByteSink(input).word(content.size(), 2);
      input.insert(input.end(), content.begin(), content.end());
    }
    write(folder, name, input);
  };
  seed("header");
  const auto append = [&](const TraceRecord& record) {
    coder.encode(record, contents.emplace_back());
  };
  for (std::uint64_t id = 0; id < 3; ++id) {
    append(test::push_record(id, 1000 * static_cast<std::int64_t>(id)));
  }
  seed("pushes");
  for (const TraceRecord& record : test::assorted_records()) append(record);
  seed("assorted");
}

void write_data(const std::filesystem::path& folder) {
  using namespace std::string_literals;
  const auto seed = [&](const std::string& name, const std::string& input) {
    write(folder, name, std::as_bytes(std::span(input)));
  };
  seed("csv", "\0\n1,2.5,0\n-3e2,+4,1\n"s);
  seed("csv_named", "\0kind\n\"kind\",a,b\r\nx,1,2\r\ny,3,4"s);
  seed("csv_place", "\0002\n1,7,2\n3,8,4\n"s);
  seed("csv_nan", "\0\n1,nan,0\n"s);
  seed("libsvm", "\1+1 2:0.5 3:-1 # seen\n-1 131072:7\n"s);
  seed("libsvm_order", "\0011 3:1 2:1\n"s);
  const std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n";
  const std::string data(8, '\1');
  const auto length = static_cast<char>(dictionary.size());
  seed("npy", "\2\x93NUMPY\1\0"s + length + '\0' + dictionary + data);
  seed("npy_wide", "\2\x93NUMPY\2\0"s + length + "\0\0\0"s + dictionary + data);
  seed("npy_short", "\2\x93NUMPY\1\0"s + length + '\0' + dictionary);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_corpus FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  write_codec(folder / "codec");
  write_reassembler(folder / "reassembler");
  write_safetensors_seeds(folder / "safetensors");
  write_traces(folder / "trace");
  write_data(folder / "data");
  return 0;
}
