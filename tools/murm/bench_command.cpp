#include "tools/murm/bench_command.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "algorithms/vocabulary.hpp"
#include "runtime/atomic_file.hpp"
#include "runtime/human_units.hpp"
#include "tools/murm/compare_summary.hpp"
#include "tools/murm/run_files.hpp"

namespace murm {
namespace {

constexpr double kGiga = 1e9;

const char* precision_name(bool bf16) { return bf16 ? "bf16" : "fp32"; }

std::string place_of(const StepBenchOptions& options) {
  if (options.device != "cpu") return options.device;
  return std::to_string(options.threads) + (options.threads == 1 ? " thread" : " threads");
}

double milliseconds(const StepBenchResult& result, double rate) {
  return 1e3 * static_cast<double>(result.batch) / rate;
}

}  // namespace

std::string step_bench_text(const StepBenchOptions& options, const StepBenchResult& result) {
  const Spread rate = spread_of(result.samples_per_second);
  const double achieved = rate.median * result.operations_per_sample;
  std::string text = "step of " + options.model + ", " + with_separators(result.parameters) +
                     " parameters, batch " + std::to_string(result.batch) + ", " +
                     precision_name(options.bf16) + ", " + place_of(options) + "\n";
  text += "  samples/s    " + human_number(rate.median, 1) + " (" + human_number(rate.low, 1) +
          " to " + human_number(rate.high, 1) + ", " +
          std::to_string(result.samples_per_second.size()) + " windows)\n";
  text += "  step         " + human_number(milliseconds(result, rate.median), 3) + " ms\n";
  text += "  arithmetic   " + human_number(achieved / kGiga, 1) + " GFLOP/s of " +
          human_number(result.peak_rate / kGiga, 1) +
          " in products alone: " + human_percent(achieved / result.peak_rate, 1) + "\n";
  text += "  memory       " + human_bytes(result.peak_bytes) + " at peak\n";
  text += "  loss         " + human_loss(result.final_loss) + "\n";
  return text;
}

std::string step_bench_json(const StepBenchOptions& options, const StepBenchResult& result) {
  const Spread rate = spread_of(result.samples_per_second);
  const double achieved = rate.median * result.operations_per_sample;
  const nlohmann::ordered_json json{{"schema", "murmuration.bench.step/1"},
                                    {"model", options.model},
                                    {"device", options.device},
                                    {"threads", options.threads},
                                    {"precision", precision_name(options.bf16)},
                                    {"parameters", result.parameters},
                                    {"batch", result.batch},
                                    {"samples_per_second", rate.median},
                                    {"min", rate.low},
                                    {"max", rate.high},
                                    {"windows", result.samples_per_second},
                                    {"steps_per_window", result.steps_per_window},
                                    {"ms_per_step", milliseconds(result, rate.median)},
                                    {"gflops", achieved / kGiga},
                                    {"peak_gflops", result.peak_rate / kGiga},
                                    {"share", achieved / result.peak_rate},
                                    {"peak_bytes", result.peak_bytes},
                                    {"first_losses", result.first_losses},
                                    {"final_loss", result.final_loss}};
  return json.dump(2) + "\n";
}

int run_step_bench(const StepBenchCommand& command) {
  StepBenchOptions options = command.options;
  if (command.precision != "fp32" && command.precision != "bf16") {
    throw InputError("--precision " + command.precision + ": expected fp32 or bf16");
  }
  options.bf16 = command.precision == "bf16";
  check_report_folder(command.report);
  const StepBenchResult result = bench_step(options);
  std::fputs(step_bench_text(options, result).c_str(), stdout);
  if (command.report.empty()) return 0;
  if (const auto error = write_file_atomically(command.report, step_bench_json(options, result))) {
    throw InputError(error->text);
  }
  return 0;
}

}  // namespace murm
