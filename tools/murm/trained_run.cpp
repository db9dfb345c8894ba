#include "tools/murm/trained_run.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

#include "algorithms/vocabulary.hpp"
#include "runtime/job_file.hpp"
#include "runtime/run_directory.hpp"
#include "serialization/safetensors.hpp"

namespace murm {
namespace {

constexpr const char* alphabet_schema = "murmuration.alphabet/1";

std::vector<char> bytes_of(const std::filesystem::path& path, const char* hint) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError(path.string() + " cannot be opened. HINT: " + hint);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

Job job_of_run(const std::filesystem::path& run, std::span<const std::string> set) {
  if (!RunDirectory::is_run(run)) {
    throw InputError(run.string() +
                     " is not the folder of a run. HINT: it is the DIR that "
                     "`murm train --out DIR` wrote, by default runs/<name>");
  }
  return load_job(RunDirectory::job(run), set).job;
}

std::vector<float> parameters_of_run(const std::filesystem::path& run,
                                     std::span<const ParameterTensor> layout) {
  const auto path = RunDirectory::parameters(run);
  const std::vector<char> bytes = bytes_of(path, "name the folder of a finished run");
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

std::string alphabet_json(const std::string& alphabet) {
  nlohmann::ordered_json bytes = nlohmann::ordered_json::array();
  for (const char c : alphabet) bytes.push_back(static_cast<unsigned char>(c));
  const nlohmann::ordered_json json{{"schema", alphabet_schema}, {"bytes", bytes}};
  return json.dump() + "\n";
}

std::string read_alphabet(const std::filesystem::path& file) {
  const std::vector<char> text = bytes_of(file, "the run has to be one of a model of text");
  const auto json = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  std::string alphabet;
  const bool right = json.is_object() && json.contains("schema") &&
                     json["schema"] == alphabet_schema && json.contains("bytes") &&
                     json["bytes"].is_array();
  if (right) {
    for (const auto& byte : json["bytes"]) {
      if (!byte.is_number_unsigned() || byte.get<std::uint64_t>() > 255) {
        alphabet.clear();
        break;
      }
      alphabet.push_back(static_cast<char>(byte.get<std::uint64_t>()));
    }
  }
  if (alphabet.empty()) {
    throw InputError(file.string() +
                     " is no list of the bytes of a text. HINT: train again, or take it from "
                     "another run on the same text");
  }
  return alphabet;
}

}  // namespace murm
