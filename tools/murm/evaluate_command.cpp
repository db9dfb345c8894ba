#include "tools/murm/evaluate_command.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "actors/job_plan.hpp"
#include "runtime/atomic_file.hpp"
#include "runtime/hash.hpp"
#include "runtime/human_units.hpp"
#include "runtime/job_file.hpp"
#include "runtime/job_keys.hpp"
#include "runtime/progress.hpp"
#include "runtime/report.hpp"
#include "runtime/run_directory.hpp"
#include "serialization/safetensors.hpp"

namespace murm {

namespace {

std::vector<float> read_parameters(const std::filesystem::path& path,
                                   std::span<const ParameterTensor> layout) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    throw InputError(path.string() + " cannot be opened. HINT: name the folder of a finished run");
  }
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  const auto file = read_safetensors(std::as_bytes(std::span<const char>(bytes)));
  if (!file) throw InputError(path.string() + ": " + file.error().text);
  std::vector<float> flat(layout.back().offset + layout.back().size());
  for (const ParameterTensor& tensor : layout) {
    const SafetensorsView* view = file->find(tensor.name);
    if (view == nullptr || view->elements != tensor.size()) {
      throw InputError(path.string() + " has no tensor '" + tensor.name + "' of " +
                       std::to_string(tensor.size()) +
                       " numbers. HINT: job.toml beside it was changed");
    }
    copy_numbers(*view, std::span<float>(flat).subspan(tensor.offset, tensor.size()));
  }
  return flat;
}

}  // namespace

int run_evaluate(const std::filesystem::path& run, const std::vector<std::string>& set,
                 const std::filesystem::path& report) {
  if (!RunDirectory::is_run(run)) {
    throw InputError(run.string() +
                     " is not the folder of a run. HINT: it is the DIR that "
                     "`murm train --out DIR` wrote, by default runs/<name>");
  }
  const Job job = load_job(RunDirectory::job(run), set).job;
  const auto test = load_split(job, Split::test);
  const DataShape shape{job.data.train, test->features, test->classes};
  const std::vector<float> flat = read_parameters(RunDirectory::parameters(run),
                                                  parameter_layout(job, shape));
  const EvaluatorParts parts = make_evaluator_factory(job, test)();
  const Evaluation result = evaluate(*parts.objective, *parts.data, flat);
  StreamHash hash;
  hash.add(std::as_bytes(std::span<const float>(flat)));
  std::string text = evaluation_text(result.loss, result.accuracy);
  const double perplexity = models_text(job) ? std::exp(result.loss) : not_measured;
  if (models_text(job)) text += ", perplexity " + human_number(perplexity, 3);
  if (test->classes > 0) text += " on " + std::to_string(test->size()) + " test samples";
  std::printf("%s\n", text.c_str());
  if (!report.empty()) {
    const nlohmann::ordered_json json{{"schema", "murmuration.evaluation/1"},
                                      {"job", job.job.name},
                                      {"samples", test->size()},
                                      {"loss", result.loss},
                                      {"accuracy", result.accuracy},
                                      {"perplexity", perplexity},
                                      {"parameters_hash", hash.hex()}};
    if (const auto error = write_file_atomically(report, json.dump(2) + "\n")) {
      throw InputError(error->text);
    }
  }
  return 0;
}

}  // namespace murm
