#include "runtime/job_file.hpp"

#include <algorithm>
#include <set>

#include "runtime/job_keys.hpp"
#include "runtime/toml_reader.hpp"

namespace murm {
namespace {

KeyWords job_words() { return {"docs/jobs.md", "training.lr=0.05", "", job_habits()}; }

void judge_name(const Job& job, const GivenKeys& given) {
  const std::string& name = job.job.name;
  const bool printable = std::ranges::all_of(
      name, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '/'; });
  if (name.empty() || name.size() > 100 || name.front() == '.' || !printable) {
    refuse(given.where("job.name"),
           "job.name is " + toml_string(name) +
               ", expected 1 to 100 characters that can name a folder, not starting with a dot");
  }
}

void judge_end(const Job& job, const std::string& source) {
  const auto& end = job.job;
  if (end.epochs > 0 || end.samples > 0 || end.target_accuracy > 0 || end.target_loss > 0) return;
  refuse(source, "nothing says when the run ends",
         "give job.epochs, job.samples, job.target_accuracy or job.target_loss, as in "
         "--set job.epochs=3");
}

bool data_fit_model(const Job& job) {
  if (job.data.kind == "text") return models_text(job);
  if (job.data.kind == "tokens") return has_model(job, {"gpt"});
  return !models_text(job);
}

void judge_model(const Job& job, const GivenKeys& given) {
  if (job.model.kind == "mlp" && job.model.hidden.empty()) {
    refuse(given.where("model.hidden"), "model.hidden is empty, expected at least one layer",
           "a model without hidden layers is model.kind = \"logistic\"");
  }
  if (job.model.kind == "gpt" && model_dim(job) % job.model.heads != 0) {
    refuse(given.where(given.has("model.heads") ? "model.heads" : "model.dim"),
           "model.dim is " + std::to_string(model_dim(job)) +
               ", expected a multiple of model.heads, which is " + std::to_string(job.model.heads));
  }
  if (!trains_on_data(job) && job.job.target_accuracy > 0) {
    refuse(given.where("job.target_accuracy"),
           "job.target_accuracy cannot be reached, model.kind = \"" + job.model.kind +
               "\" has no accuracy",
           "use job.target_loss");
  }
}

void judge_data(const Job& job, const GivenKeys& given) {
  if (!trains_on_data(job)) return;
  const std::string& kind = job.data.kind;
  if (!data_fit_model(job)) {
    refuse(given.where(given.has("data.kind") ? "data.kind" : "model.kind"),
           "data.kind = \"" + kind + "\" does not fit model.kind = \"" + job.model.kind + "\"",
           "\"char-mlp\" learns from \"text\", \"gpt\" from \"text\" or \"tokens\", others from "
           "none of "
           "them");
  }
  if (kind != "digits" && kind != "text" && job.data.path.empty()) {
    refuse(given.where("data.kind"), "data.kind = \"" + kind + "\" needs data.path",
           "give the file or folder, as docs/data.md says, or use data.kind = \"digits\"");
  }
}

void judge_training(const Job& job, const GivenKeys& given) {
  const auto& training = job.training;
  const bool ends = job.job.epochs > 0 || job.job.samples > 0;
  if (training.schedule != "constant" && !ends) {
    refuse(given.where("training.schedule"),
           "training.schedule = \"" + training.schedule + "\" needs the length of the run",
           "give job.epochs or job.samples as well");
  }
  if (training.schedule == "cosine" && training.lr_min > scaled_learning_rate(job)) {
    refuse(given.where("training.lr_min"), "training.lr_min is " + short_number(training.lr_min) +
                                               ", expected at most training.lr, which is " +
                                               short_number(scaled_learning_rate(job)));
  }
  if (!std::ranges::is_sorted(training.milestones)) {
    refuse(given.where("training.milestones"), "training.milestones must ascend");
  }
}

void judge_cluster(const Job& job, const GivenKeys& given) {
  const auto& cluster = job.cluster;
  if (cluster.processes > cluster.workers) {
    refuse(given.where(given.has("cluster.processes") ? "cluster.processes" : "cluster.workers"),
           "cluster.processes is " + std::to_string(cluster.processes) +
               ", expected at most one for each of the " + std::to_string(cluster.workers) +
               " workers");
  }
  const std::size_t devices = cluster.device.size();
  if (devices != 1 && devices != cluster.workers) {
    refuse(given.where("cluster.device"),
           "cluster.device has " + std::to_string(devices) +
               " entries, expected 1 (the same for all) or one for each of the " +
               std::to_string(cluster.workers) + " workers");
  }
  const std::size_t emulated = job.emulate.step_ms.size();
  if (emulated > 1 && emulated != cluster.workers) {
    refuse(given.where("emulate.step_ms"),
           "emulate.step_ms has " + std::to_string(emulated) +
               " entries, expected 1 (the same for all) or one for each of the " +
               std::to_string(cluster.workers) + " workers");
  }
}

void judge_byzantine(const Job& job, const GivenKeys& given) {
  std::set<std::uint64_t> liars;
  for (std::size_t i = 0; i < job.emulate.byzantine.size(); ++i) {
    const ByzantineWorker& liar = job.emulate.byzantine[i];
    const std::string entry = "emulate.byzantine[" + std::to_string(i) + "]";
    if (!given.has(entry + ".worker")) refuse(given.where(entry), entry + " names no worker");
    if (liar.attack.empty()) {
      refuse(given.where(entry), entry + " names no attack", "for example attack = \"sign-flip\"");
    }
    if (liar.worker >= job.cluster.workers) {
      refuse(given.where(entry + ".worker"),
             entry + ".worker is " + std::to_string(liar.worker) + ", expected at most " +
                 std::to_string(job.cluster.workers - 1),
             "cluster.workers is " + std::to_string(job.cluster.workers) +
                 ", and workers are counted from 0");
    }
    if (!liars.insert(liar.worker).second) {
      refuse(given.where(entry + ".worker"),
             entry + ".worker is " + std::to_string(liar.worker) + ", which has an attack already");
    }
  }
}

void judge_switches(const Job& job, const GivenKeys& given) {
  double before = 0;
  for (std::size_t i = 0; i < job.algorithm.switches.size(); ++i) {
    const AlgorithmSwitch& change = job.algorithm.switches[i];
    const std::string entry = "algorithm.switches[" + std::to_string(i) + "]";
    if (change.to.empty() || !given.has(entry + ".epoch")) {
      refuse(given.where(entry), entry + " does not say when, or to which algorithm",
             "for example {epoch = 2, to = \"asp\"}");
    }
    if (change.epoch <= before) {
      refuse(given.where(entry + ".epoch"), entry + ".epoch is " + short_number(change.epoch) +
                                                ", expected more than " + short_number(before));
    }
    before = change.epoch;
  }
}

}  // namespace

LoadedJob load_job(const std::filesystem::path& file, std::span<const std::string> overrides,
                   LoadOptions options) {
  return parse_job(settings_text(file, "job"), file.string(), overrides, options);
}

LoadedJob parse_job(std::string_view text, const std::string& source_name,
                    std::span<const std::string> overrides, LoadOptions options) {
  RecordReader<Job> reader(job_words(), source_name);
  reader.read_file(text);
  for (const std::string& override : overrides) reader.read_override(override);
  const Job& job = reader.record();
  judge_name(job, reader.given());
  if (!options.may_be_endless) judge_end(job, source_name);
  judge_model(job, reader.given());
  judge_data(job, reader.given());
  judge_training(job, reader.given());
  judge_cluster(job, reader.given());
  judge_byzantine(job, reader.given());
  judge_switches(job, reader.given());
  LoadedJob loaded{job, reader.notes()};
  if (job.training.scaling != "none") {
    loaded.notes.push_back("training.scaling = \"" + job.training.scaling +
                           "\" makes the learning rate " + short_number(scaled_learning_rate(job)) +
                           " for " + std::to_string(job.cluster.workers) + " workers");
  }
  return loaded;
}

std::string to_toml(const Job& job) { return toml_text(job); }

}  // namespace murm
