#include "runtime/job_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <type_traits>

#include "algorithms/vocabulary.hpp"
#include "runtime/job_keys.hpp"

namespace murm {
namespace {

constexpr std::string_view resolved_mark = "# Resolved by murm: every key with the value in use.";

[[noreturn]] void refuse(const std::string& where, const std::string& what, std::string_view hint) {
  std::string text = where + ": " + what + ".";
  if (!hint.empty()) text += " HINT: " + std::string(hint) + (hint.ends_with('?') ? "" : ".");
  throw InputError(text);
}

std::string quoted_list(std::span<const std::string_view> names) {
  std::string text;
  for (const auto name : names) text += (text.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  return text;
}

std::string short_number(double value) {
  std::ostringstream text;
  text.precision(15);
  text << value;
  return text.str();
}

std::string described(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a section";
    default:
      return "a date or time";
  }
}

/// Assigns one TOML value to its member, or refuses it.
class Assignment {
 public:
  Assignment(const JobKey& key, std::string where) : key_(key), where_(std::move(where)) {}

  void assign(Job& job, const toml::node& node) const {
    std::visit([&](auto member) { read(member(job), node); }, key_.member);
  }

 private:
  [[noreturn]] void wrong_type(std::string_view expected, const toml::node& node,
                               std::string_view hint = {}) const {
    refuse(
        where_,
        std::string(key_.name) + " must be " + std::string(expected) + ", not " + described(node),
        hint);
  }

  void check(double value) const {
    const JobLimits& limits = key_.limits;
    const bool low = value < limits.min || (limits.above && value == limits.min);
    const bool high = value > limits.max || (limits.below && value == limits.max);
    if (std::isfinite(value) && !low && !high) return;
    std::string range = (limits.above ? "above " : "at least ") + short_number(limits.min);
    // Bounds that only keep the arithmetic exact are of no interest to who wrote a negative number.
    if (high || limits.max <= 1) {
      range += (limits.below ? " and below " : " and at most ") + short_number(limits.max);
    }
    refuse(where_, std::string(key_.name) + " is " + short_number(value) + ", expected " + range,
           limits.hint);
  }

  void read(std::uint64_t& member, const toml::node& node) const {
    const auto value = node.value_exact<std::int64_t>();
    if (!value) {
      const auto fraction = node.value_exact<double>();
      const bool whole = fraction && std::floor(*fraction) == *fraction &&
                         std::abs(*fraction) < 1e15;
      wrong_type("a whole number", node,
                 whole ? "write " + short_number(*fraction) : std::string());
    }
    check(static_cast<double>(*value));
    member = static_cast<std::uint64_t>(*value);
  }

  void read(double& member, const toml::node& node) const {
    if (!node.is_number()) wrong_type("a number", node);
    const double value = *node.value<double>();
    check(value);
    member = value;
  }

  void read(std::string& member, const toml::node& node) const {
    const auto value = node.value_exact<std::string>();
    if (!value) wrong_type("a string", node, "put it in double quotes");
    if (!key_.choices.empty() && std::ranges::find(key_.choices, *value) == key_.choices.end()) {
      const auto near = nearest_name(*value, key_.choices);
      refuse(where_,
             std::string(key_.name) + " is " + toml_string(*value) + ", expected one of " +
                 quoted_list(key_.choices),
             near.empty() ? "" : "did you mean \"" + std::string(near) + "\"?");
    }
    member = *value;
  }

  template <class T>
  void read(std::vector<T>& member, const toml::node& node) const {
    const toml::array* array = node.as_array();
    if (array == nullptr) wrong_type("a list of numbers", node, "write [a, b]");
    if (array->size() > 4096)
      refuse(where_, std::string(key_.name) + " has more than 4096 entries", "");
    std::vector<T> values(array->size());
    for (std::size_t i = 0; i < values.size(); ++i) read(values[i], (*array)[i]);
    member = std::move(values);
  }

  const JobKey& key_;
  std::string where_;
};

/// Collects keys from the file and from --set, then judges the job as a whole.
class JobReader {
 public:
  explicit JobReader(std::string source_name) : source_(std::move(source_name)) {}

  void read_file(std::string_view text) {
    const bool resolved = text.starts_with(resolved_mark);
    toml::table root;
    try {
      root = toml::parse(text, source_);
    } catch (const toml::parse_error& error) {
      refuse(place(error.source()), std::string(error.description()), "");
    }
    for (const auto& [name, node] : root) {
      const toml::table* section = node.as_table();
      if (section == nullptr || !is_section(name.str())) {
        refuse_unknown(place(name.source()), std::string(name.str()), section != nullptr);
      }
      for (const auto& [key, value] : *section) {
        assign(std::string(name.str()) + "." + std::string(key.str()), value, place(key.source()));
      }
    }
    if (resolved) given_.clear();
  }

  void read_override(const std::string& text) {
    const std::string where = "--set " + text;
    const auto equals = text.find('=');
    const std::string name = trimmed(text.substr(0, equals));
    if (equals == std::string::npos || name.empty()) {
      refuse(where, "expected section.key=value", "for example --set training.lr=0.05");
    }
    const std::string value = trimmed(text.substr(equals + 1));
    toml::table table;
    try {
      table = toml::parse("value = " + value);
    } catch (const toml::parse_error&) {
      table.clear();
    }
    // A line break in the value must not bring a second key in.
    if (table.size() != 1 || value.find('\n') != std::string::npos) {
      table.clear();
      table.insert("value", value);
    }
    assign(name, *table.get("value"), where);
  }

  Job judged() const;
  std::vector<std::string> notes() const;

 private:
  static std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
  }

  static bool is_section(std::string_view name) {
    return std::ranges::any_of(job_keys(), [&](const JobKey& k) { return k.section() == name; });
  }

  std::string place(const toml::source_region& region) const {
    return source_ + ":" + std::to_string(region.begin.line) + ":" +
           std::to_string(region.begin.column);
  }

  [[noreturn]] static void refuse_unknown(const std::string& where, const std::string& name,
                                          bool section) {
    if (section) {
      std::vector<std::string_view> sections;
      for (const JobKey& key : job_keys()) {
        if (sections.empty() || sections.back() != key.section()) sections.push_back(key.section());
      }
      const auto near = nearest_name(name, sections);
      refuse(where, "unknown section [" + name + "]",
             near.empty() ? "the sections are " + quoted_list(sections)
                          : "did you mean [" + std::string(near) + "]?");
    }
    const auto near = nearest_job_key(name);
    refuse(
        where, "unknown key " + name,
        near.empty() ? "docs/jobs.md lists the keys" : "did you mean " + std::string(near) + "?");
  }

  void assign(const std::string& name, const toml::node& node, const std::string& where) {
    const JobKey* key = find_job_key(name);
    if (key == nullptr) refuse_unknown(where, name, false);
    Assignment(*key, where).assign(job_, node);
    given_[key->name] = where;
  }

  /// Where `name` was given; the whole file when it was not.
  std::string where(std::string_view name) const {
    const auto found = given_.find(name);
    return found == given_.end() ? source_ : found->second;
  }

  void judge_name() const;
  void judge_training() const;

  std::string source_;
  Job job_;
  std::map<std::string_view, std::string> given_;
};

void JobReader::judge_name() const {
  const std::string& name = job_.job.name;
  const bool printable = std::ranges::all_of(
      name, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '/'; });
  if (name.empty() || name.size() > 100 || name.front() == '.' || !printable) {
    refuse(where("job.name"),
           "job.name is " + toml_string(name) +
               ", expected 1 to 100 characters that can name a folder, not starting with a dot",
           "");
  }
}

void JobReader::judge_training() const {
  const auto& training = job_.training;
  const bool ends = job_.job.epochs > 0 || job_.job.samples > 0;
  if (training.schedule != "constant" && !ends) {
    refuse(where("training.schedule"),
           "training.schedule = \"" + training.schedule + "\" needs the length of the run",
           "give job.epochs or job.samples as well");
  }
  if (training.schedule == "cosine" && training.lr_min > training.lr) {
    refuse(where("training.lr_min"),
           "training.lr_min is " + short_number(training.lr_min) +
               ", expected at most training.lr, which is " + short_number(training.lr),
           "");
  }
  if (!std::ranges::is_sorted(training.milestones)) {
    refuse(where("training.milestones"), "training.milestones must ascend", "");
  }
}

Job JobReader::judged() const {
  judge_name();
  if (job_.job.epochs <= 0 && job_.job.samples == 0 && job_.job.target_accuracy <= 0) {
    refuse(source_, "nothing says when the run ends",
           "give job.epochs, job.samples or job.target_accuracy, as in --set job.epochs=3");
  }
  if (job_.model.kind == "mlp" && job_.model.hidden.empty()) {
    refuse(where("model.hidden"), "model.hidden is empty, expected at least one layer",
           "a model without hidden layers is model.kind = \"logistic\"");
  }
  if (job_.data.kind == "mnist" && job_.data.path.empty()) {
    refuse(where("data.kind"), "data.kind = \"mnist\" needs data.path",
           "give the folder with the four IDX files, or use data.kind = \"digits\"");
  }
  judge_training();
  const auto& cluster = job_.cluster;
  if (cluster.processes > cluster.workers) {
    refuse(where(given_.contains("cluster.processes") ? "cluster.processes" : "cluster.workers"),
           "cluster.processes is " + std::to_string(cluster.processes) +
               ", expected at most one for each of the " + std::to_string(cluster.workers) +
               " workers",
           "");
  }
  const std::size_t emulated = job_.emulate.step_ms.size();
  if (emulated > 1 && emulated != cluster.workers) {
    refuse(where("emulate.step_ms"),
           "emulate.step_ms has " + std::to_string(emulated) +
               " entries, expected 1 (the same for all) or one for each of the " +
               std::to_string(cluster.workers) + " workers",
           "");
  }
  return job_;
}

std::vector<std::string> JobReader::notes() const {
  std::vector<std::string> notes;
  for (const JobKey& key : job_keys()) {
    if (key.used == nullptr || key.used(job_) || !given_.contains(key.name)) continue;
    notes.push_back(where(key.name) + ": " + std::string(key.name) + " is not used with " +
                    std::string(key.selector) + " = " +
                    toml_value(*find_job_key(key.selector), job_));
  }
  return notes;
}

}  // namespace

LoadedJob load_job(const std::filesystem::path& file, std::span<const std::string> overrides) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  std::error_code ignored;
  if (!stream || std::filesystem::is_directory(file, ignored)) {
    throw InputError(file.string() + ": cannot be read as a job file. HINT: check the path.");
  }
  if (stream.peek() != std::ifstream::traits_type::eof()) text << stream.rdbuf();
  return parse_job(text.view(), file.string(), overrides);
}

LoadedJob parse_job(std::string_view text, const std::string& source_name,
                    std::span<const std::string> overrides) {
  JobReader reader(source_name);
  reader.read_file(text);
  for (const std::string& override : overrides) reader.read_override(override);
  return {reader.judged(), reader.notes()};
}

std::string to_toml(const Job& job) {
  std::string text(resolved_mark);
  text += '\n';
  std::string_view section;
  for (const JobKey& key : job_keys()) {
    if (key.section() != section) {
      section = key.section();
      text += "\n[" + std::string(section) + "]\n";
    }
    text += std::string(key.key()) + " = " + toml_value(key, job) + "\n";
  }
  return text;
}

}  // namespace murm
