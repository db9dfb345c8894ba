#include "tools/murm/devices_command.hpp"

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "algorithms/vocabulary.hpp"
#include "gpu/device_factory.hpp"
#include "runtime/atomic_file.hpp"
#include "runtime/human_units.hpp"
#include "runtime/process_info.hpp"
#include "tools/murm/device_probe.hpp"
#include "tools/murm/run_files.hpp"
#include "tools/murm/step_bench.hpp"

namespace murm {
namespace {

struct Line {
  std::string name;
  std::string model{};
  std::string unusable{};  // why; empty: it can be used
  std::uint64_t memory = 0;
  double fp32 = 0;  // operations per second in products; 0: not measured
  double bf16 = 0;
  double copies = 0;  // bytes per second, read and written
};

Line processor() {
  const unsigned threads = std::thread::hardware_concurrency();
  const std::string model = proc_value("/proc/cpuinfo", "model name");
  const std::string memory = proc_value("/proc/meminfo", "MemTotal");  // "24580000 kB"
  Line line{.name = "cpu", .model = model.empty() ? "processor" : model};
  line.model += ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
  line.memory = memory.empty() ? 0 : std::strtoull(memory.c_str(), nullptr, 10) * 1024;
  line.fp32 = peak_product_rate(1, false);
  line.bf16 = peak_product_rate(1, true);
  return line;
}

Line cuda_device(unsigned ordinal, const CudaDeviceFacts& facts) {
  Line line{.name = "cuda:" + std::to_string(ordinal),
            .model = facts.model + ", compute capability " + std::to_string(facts.major) + "." +
                     std::to_string(facts.minor),
            .unusable = why_not_cuda(ordinal),
            .memory = facts.memory};
  if (!line.unusable.empty()) return line;
  try {
    const auto fp32 = make_device({.name = line.name});
    line.fp32 = probe_products(*fp32);
    line.copies = probe_copies(*fp32);
    line.bf16 = probe_products(*make_device({.name = line.name, .bf16 = true}));
  } catch (const std::runtime_error& error) {
    line.unusable = error.what();
  }
  return line;
}

std::vector<Line> lines() {
  std::vector<Line> all{processor()};
  const CudaAccess& cuda = find_cuda();
  if (cuda.room == nullptr) {
    all.push_back({.name = "cuda", .unusable = cuda.reason});
    return all;
  }
  unsigned ordinal = 0;
  for (const CudaDeviceFacts& facts : cuda.room->devices()) {
    all.push_back(cuda_device(ordinal++, facts));
  }
  return all;
}

std::string text_of(const Line& line) {
  std::string text = line.name + std::string(line.name.size() < 8 ? 8 - line.name.size() : 1, ' ');
  if (!line.model.empty()) {
    text += line.model;
    if (line.memory > 0) text += ", " + human_bytes(line.memory);
    text += "\n        ";
  }
  if (!line.unusable.empty()) return text + "cannot be used: " + line.unusable + "\n";
  text += line.copies > 0 ? "products: " : "products by one thread: ";
  text += human_number(line.fp32 / 1e9, 1) + " GFLOP/s in fp32, " +
          human_number(line.bf16 / 1e9, 1) + " in bf16";
  if (line.copies > 0) text += "; copies: " + human_number(line.copies / 1e9, 1) + " GB/s";
  return text + "\n";
}

nlohmann::ordered_json json_of(const Line& line) {
  nlohmann::ordered_json json{{"name", line.name}, {"usable", line.unusable.empty()}};
  if (!line.model.empty()) json["model"] = line.model;
  if (line.memory > 0) json["memory_bytes"] = line.memory;
  if (!line.unusable.empty()) json["reason"] = line.unusable;
  if (line.fp32 > 0) json["gflops_fp32"] = line.fp32 / 1e9;
  if (line.bf16 > 0) json["gflops_bf16"] = line.bf16 / 1e9;
  if (line.copies > 0) json["copies_gb_per_second"] = line.copies / 1e9;
  return json;
}

}  // namespace

int run_devices(const DevicesCommand& command) {
  check_report_folder(command.report);
  nlohmann::ordered_json json{{"schema", "murmuration.devices/1"},
                              {"devices", nlohmann::ordered_json::array()}};
  for (const Line& line : lines()) {
    std::fputs(text_of(line).c_str(), stdout);
    json["devices"].push_back(json_of(line));
  }
  if (command.report.empty()) return 0;
  if (const auto error = write_file_atomically(command.report, json.dump(2) + "\n")) {
    throw InputError(error->text);
  }
  return 0;
}

}  // namespace murm
