#include "tools/murm/evaluate_command.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "actors/job_plan.hpp"
#include "models/confusion.hpp"
#include "runtime/atomic_file.hpp"
#include "runtime/hash.hpp"
#include "runtime/human_units.hpp"
#include "runtime/job_keys.hpp"
#include "runtime/progress.hpp"
#include "runtime/report.hpp"
#include "tools/murm/run_files.hpp"
#include "tools/murm/trained_run.hpp"

namespace murm {

namespace {

/// A line for each class that is right, a column for each that is said.
std::string confusion_text(const Confusion& found) {
  const auto largest = *std::ranges::max_element(found.counts);
  const auto width = static_cast<int>(
      2 + std::max(std::to_string(largest).size(), std::to_string(found.classes - 1).size()));
  const auto cell = [width](const std::string& text) {
    return std::string(static_cast<std::size_t>(std::max(1, width - static_cast<int>(text.size()))),
                       ' ') +
           text;
  };
  std::string text = "is \\ said";
  for (std::size_t said = 0; said < found.classes; ++said) text += cell(std::to_string(said));
  text += "\n";
  for (std::size_t right = 0; right < found.classes; ++right) {
    const std::string name = std::to_string(right);
    text += std::string(9 - std::min<std::size_t>(9, name.size()), ' ') + name;
    for (std::size_t said = 0; said < found.classes; ++said) {
      text += cell(std::to_string(found.at(right, said)));
    }
    text += "\n";
  }
  return text;
}

nlohmann::ordered_json confusion_json(const Confusion& found) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (std::size_t right = 0; right < found.classes; ++right) {
    const auto begin = found.counts.begin() + static_cast<std::ptrdiff_t>(right * found.classes);
    rows.push_back(
        std::vector<std::uint64_t>(begin, begin + static_cast<std::ptrdiff_t>(found.classes)));
  }
  return rows;
}

}  // namespace

int run_evaluate(const EvaluateCommand& command) {
  const Job job = job_of_run(command.run, command.set);
  if (command.confusion && (models_text(job) || !trains_on_data(job))) {
    throw InputError("--confusion: model.kind = \"" + job.model.kind +
                     "\" does not tell a few classes apart. HINT: it is for classifiers");
  }
  check_report_folder(command.report);
  const auto test = load_split(job, Split::test);
  const DataShape shape{job.data.train, test->shape()};
  const std::vector<float> flat = parameters_of_run(command.run, parameter_layout(job, shape));
  const EvaluatorParts parts = make_evaluator_factory(job, test)();
  const Evaluation result = evaluate(parts, flat);
  StreamHash hash;
  hash.add(std::as_bytes(std::span<const float>(flat)));
  std::string text = evaluation_text(result.loss, result.accuracy);
  const double perplexity = models_text(job) ? std::exp(result.loss) : not_measured;
  if (models_text(job)) text += ", perplexity " + human_number(perplexity, 3);
  if (test->classes() > 0) text += " on " + std::to_string(test->size()) + " test samples";
  std::printf("%s\n", text.c_str());
  std::optional<Confusion> mistakes;
  if (command.confusion) mistakes = confusion(*parts.objective, *parts.data, flat);
  if (mistakes) std::printf("%s", confusion_text(*mistakes).c_str());
  if (!command.report.empty()) {
    nlohmann::ordered_json json{{"schema", "murmuration.evaluation/1"},
                                {"job", job.job.name},
                                {"samples", test->size()},
                                {"loss", result.loss},
                                {"accuracy", result.accuracy},
                                {"perplexity", perplexity},
                                {"parameters_hash", hash.hex()}};
    if (mistakes) json["confusion"] = confusion_json(*mistakes);
    if (const auto error = write_file_atomically(command.report, json.dump(2) + "\n")) {
      throw InputError(error->text);
    }
  }
  return 0;
}

}  // namespace murm
