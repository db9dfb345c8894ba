#include "actors/checkpointer.hpp"

#include <fstream>

#include "actors/job_plan.hpp"
#include "gpu/host/buffer_pool.hpp"
#include "runtime/checkpoint_store.hpp"
#include "runtime/hash.hpp"
#include "runtime/job_file.hpp"
#include "serialization/safetensors.hpp"

namespace murm {

namespace {

std::string shard_name(std::uint32_t shard) {
  return "shard-" + std::to_string(shard) + ".safetensors";
}

std::string key(std::uint32_t shard, const std::string& name) {
  return "shard" + std::to_string(shard) + "." + name;
}

CheckpointDone write(CheckpointStore& store, const CheckpointRequest& request) {
  CheckpointContent content;
  content.samples = request.view.position;
  content.job_hash = request.job_hash;
  content.numbers = {{"next_lease", request.view.next_lease},
                     {"next_step", request.view.next_step},
                     {"position", request.view.position},
                     {"course", request.course}};
  std::vector<std::string> headers(request.shards.size());
  for (const ShardSnapshot& shard : request.shards) {
    std::vector<SafetensorsEntry> entries;
    CheckpointFile file{shard_name(shard.shard), {ByteView{}}};  // the header comes first
    for (const auto& [name, tensor] : shard.state.tensors) {
      entries.push_back({name, {tensor.length()}});
      file.parts.push_back(std::as_bytes(host_span(tensor)));
    }
    headers[shard.shard] = safetensors_header(entries, {});
    file.parts.front() = std::as_bytes(std::span<const char>(headers[shard.shard]));
    content.files.push_back(std::move(file));
    for (const auto& [name, number] : shard.state.numbers) {
      content.numbers.emplace(key(shard.shard, name), number);
    }
  }
  const auto written = store.write(content);
  return written ? CheckpointDone{true, ""} : CheckpointDone{false, written.error().text};
}

std::shared_ptr<const MachineState> read_shard(const Checkpoint& checkpoint, std::uint32_t shard) {
  const std::filesystem::path path = checkpoint.file(shard_name(shard));
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  const auto file = read_safetensors(std::as_bytes(std::span<const char>(bytes)));
  if (!file) throw InputError(path.string() + ": " + file.error().text);
  auto state = std::make_shared<MachineState>();
  for (const SafetensorsView& view : file->tensors) {
    Tensor tensor(std::make_shared<HostBuffer>(view.elements), 0, view.elements);
    copy_numbers(view, host_span(tensor));
    state->tensors.emplace_back(view.entry.name, tensor);
  }
  const std::string prefix = key(shard, "");
  for (const auto& [name, number] : checkpoint.numbers) {
    if (name.starts_with(prefix)) state->numbers.emplace_back(name.substr(prefix.size()), number);
  }
  return state;
}

}  // namespace

CheckpointerActor::behavior_type checkpointer(CheckpointerActor::pointer /*self*/,
                                              CheckpointerOptions options) {
  auto store = std::make_shared<CheckpointStore>(options.folder, options.keep);
  return {
      [store](const CheckpointRequest& request) { return write(*store, request); },
  };
}

std::uint64_t resume_hash(const Job& job) {
  Job relevant = job;  // what may change on resume is put back to one value
  const Job defaults;
  relevant.job = defaults.job;
  relevant.job.seed = job.job.seed;
  relevant.evaluation = defaults.evaluation;
  relevant.checkpoint = defaults.checkpoint;
  relevant.data.path.clear();
  relevant.cluster.processes = defaults.cluster.processes;
  relevant.cluster.transport = defaults.cluster.transport;
  relevant.cluster.heartbeat_ms = defaults.cluster.heartbeat_ms;
  relevant.cluster.workers = defaults.cluster.workers;
  relevant.emulate = defaults.emulate;
  relevant.algorithm.switches.clear();  // the one in effect counts
  const std::string text = to_toml(relevant);
  return hash_bytes(std::as_bytes(std::span<const char>(text)));
}

Restored restore_checkpoint(const std::filesystem::path& folder, const Job& job) {
  const auto checkpoint = newest_checkpoint(folder);
  if (!checkpoint) {
    throw InputError("--resume: " + checkpoint.error().text);
  }
  Restored restored;
  const auto number = [&](const std::string& name) {
    const auto found = checkpoint->numbers.find(name);
    if (found == checkpoint->numbers.end()) {
      throw InputError("--resume: " + checkpoint->folder.string() + " lacks '" + name + "'");
    }
    return found->second;
  };
  restored.course = static_cast<std::uint32_t>(number("course"));
  const bool known = restored.course <= job.algorithm.switches.size();
  if (!known || checkpoint->job_hash != resume_hash(job_after(job, restored.course))) {
    throw InputError(
        "--resume: " + checkpoint->folder.string() +
        " was written by a job with another model, data, training or algorithm section. "
        "HINT: resume with the job file it was started with, or with job.toml of its folder");
  }
  restored.view.next_lease = number("next_lease");
  restored.view.next_step = number("next_step");
  restored.view.position = number("position");
  restored.notes = checkpoint->notes;
  for (std::uint32_t shard = 0; shard < job.cluster.aggregators; ++shard) {
    restored.shards.push_back(read_shard(*checkpoint, shard));
  }
  return restored;
}

}  // namespace murm
