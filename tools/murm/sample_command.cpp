#include "tools/murm/sample_command.hpp"

#include <algorithm>
#include <cstdio>

#include "actors/job_plan.hpp"
#include "algorithms/vocabulary.hpp"
#include "runtime/job_keys.hpp"
#include "runtime/run_directory.hpp"
#include "tools/murm/trained_run.hpp"

namespace murm {
namespace {

std::string alphabet_of(const std::filesystem::path& run, const Job& job) {
  if (!models_text(job)) {
    throw InputError(run.string() + " is a run of model.kind = \"" + job.model.kind +
                     "\", which has no text to sample. HINT: \"gpt\" and \"char-mlp\" have");
  }
  const auto file = RunDirectory::alphabet(run);
  if (std::filesystem::exists(file)) return read_alphabet(file);
  const std::string alphabet = text_alphabet(job);
  if (alphabet.empty()) {
    throw InputError(run.string() + " is a run of data.kind = \"" + job.data.kind +
                     "\", whose tokens stand for nothing that is known here. HINT: runs on a text "
                     "can be sampled");
  }
  return alphabet;
}

std::vector<float> coded(const std::string& prompt, const std::string& alphabet) {
  std::vector<float> tokens;
  for (const char c : prompt) {
    const auto code = alphabet.find(c);
    if (code == std::string::npos) {
      throw InputError("--prompt has the character '" + std::string(1, c) +
                       "', which the run's text has not. HINT: it has " +
                       std::to_string(alphabet.size()) + " characters; upper case counts");
    }
    tokens.push_back(static_cast<float>(code));
  }
  return tokens;
}

}  // namespace

int run_sample(const SampleCommand& command) {
  const Job job = job_of_run(command.run, command.set);
  const std::string alphabet = alphabet_of(command.run, job);
  const std::size_t context = model_context(job);
  const DataShape shape{1, {context, alphabet.size()}};
  const ModelParts model = make_model(job, shape, 1);
  const auto parameters = parameters_of_run(command.run, model.objective->layout());
  std::string prompt = command.prompt;
  if (prompt.empty())
    prompt = alphabet.find('\n') != std::string::npos ? "\n" : alphabet.substr(0, 1);
  std::vector<float> tokens = coded(prompt, alphabet);
  std::vector<float> logits(alphabet.size());
  TextSampler sampler(command.sampling);
  std::fputs(command.prompt.c_str(), stdout);
  for (std::uint64_t i = 0; i < command.tokens; ++i) {
    const std::size_t seen = std::min(context, tokens.size());
    model.objective->logits(parameters, std::span<const float>(tokens).last(seen), logits);
    const std::size_t next = sampler.pick(logits);
    tokens.push_back(static_cast<float>(next));
    std::fputc(alphabet[next], stdout);
    std::fflush(stdout);  // it takes a while, and people look
  }
  std::fputc('\n', stdout);
  return 0;
}

}  // namespace murm
