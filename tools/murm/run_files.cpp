#include "tools/murm/run_files.hpp"

#include <array>
#include <cstdio>

#include "actors/job_plan.hpp"
#include "serialization/safetensors.hpp"
#include "tools/murm/trained_run.hpp"

namespace murm {

void check_report_folder(const std::filesystem::path& report) {
  const auto folder = report.parent_path();
  if (folder.empty() || std::filesystem::is_directory(folder)) return;
  throw InputError("--report " + report.string() + ": there is no folder " + folder.string() +
                   ". HINT: create it first");
}

void write_alphabet(const Job& job, const RunDirectory& directory) {
  const std::string alphabet = text_alphabet(job);
  if (alphabet.empty()) return;
  if (const auto error = write_file_atomically(directory.alphabet(), alphabet_json(alphabet))) {
    throw InputError(error->text);
  }
}

std::string plot_of(const Report& report, std::vector<LossPlot::Training> losses) {
  LossPlot plot;
  plot.title = report.job;
  char text[160];
  std::snprintf(text, sizeof text, "%s, %llu workers, %.1f s, %.0f samples/s",
                report.algorithm.c_str(), static_cast<unsigned long long>(report.workers),
                report.seconds, report.samples_per_second);
  plot.subtitle = text;
  plot.training = std::move(losses);
  for (const auto& evaluation : report.evaluations) {
    plot.evaluations.push_back({evaluation.samples, evaluation.accuracy, evaluation.loss});
  }
  return loss_svg(plot);
}

std::optional<Error> write_parameters(std::span<const float> parameters,
                                      std::span<const ParameterTensor> layout, const Report& report,
                                      const std::filesystem::path& file) {
  std::vector<SafetensorsEntry> entries;
  for (const ParameterTensor& tensor : layout) {
    entries.push_back({tensor.name, {tensor.shape.begin(), tensor.shape.end()}});
  }
  const SafetensorsMetadata metadata{{"job", report.job},
                                     {"algorithm", report.algorithm},
                                     {"samples", std::to_string(report.samples)},
                                     {"parameters_hash", report.parameters_hash}};
  const std::string header = safetensors_header(entries, metadata);
  const std::array<ByteView, 2> parts{std::as_bytes(std::span<const char>(header)),
                                      std::as_bytes(parameters)};
  return write_file_atomically(file, parts);
}

}  // namespace murm
