#include "runtime/job_file.hpp"

#include <limits>

#include "algorithms/vocabulary.hpp"
#include "runtime/job_keys.hpp"
#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

using namespace murm;
using Overrides = std::vector<std::string>;

namespace {

/// The sentence with which `text` is refused; fails the test when it is not.
std::string refusal(const std::string& text, const Overrides& overrides = {}) {
  try {
    static_cast<void>(parse_job(text, "a.toml", overrides));
  } catch (const InputError& error) {
    return error.what();
  }
  FAIL("accepted: " << text);
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const std::string ends = "[job]\nepochs = 1\n";

}  // namespace

TEST_CASE("a job file sets what it names and leaves the defaults") {
  const auto loaded = parse_job(
      "[job]\nname = \"a\"\nepochs = 3\n[training]\nlr = 1\n[model]\nhidden = [64, 32]\n"
      "[emulate]\nstep_ms = [20, 20.5, 20, 200]\n",
      "a.toml");
  CHECK(loaded.job.job.name == "a");
  CHECK(loaded.job.job.epochs == 3.0);
  CHECK(loaded.job.training.lr == 1.0);  // a whole number where a number is expected
  CHECK(loaded.job.model.hidden == std::vector<std::uint64_t>{64, 32});
  CHECK(loaded.job.emulate.step_ms == std::vector<double>{20, 20.5, 20, 200});
  CHECK(loaded.job.training.batch == Job{}.training.batch);
  CHECK(loaded.notes.empty());
}

TEST_CASE("a resolved job names every key and parses back to the same job") {
  const Overrides overrides{"job.name=\"a \\\"b\\\" ü\"",
                            "job.seed=9007199254740993",
                            "training.lr=0.1234567890123",
                            "training.lr_min=1e-300",
                            "model.hidden=[7]",
                            "emulate.step_ms=[2.5]",
                            "training.schedule=step",
                            "data.path=C:\\x"};
  const Job job = parse_job(ends, "a.toml", overrides).job;
  CHECK(job.job.seed == 9007199254740993U);
  CHECK(job.data.path == "C:\\x");
  const std::string text = to_toml(job);
  const auto again = parse_job(text, "job.toml");
  CHECK(to_toml(again.job) == text);
  CHECK(again.job.job.name == job.job.name);
  CHECK(again.job.job.seed == job.job.seed);
  CHECK(again.job.training.lr == job.training.lr);
  CHECK(again.job.training.lr_min == job.training.lr_min);
  CHECK(again.job.emulate.step_ms == job.emulate.step_ms);
  CHECK(again.notes.empty());  // it gives every key, also those it does not use
}

TEST_CASE("an unknown key is refused with its place and the nearest known one") {
  CHECK(refusal(ends + "[training]\noptimzer = \"sgd\"\n") ==
        "a.toml:4:1: unknown key training.optimzer. HINT: did you mean training.optimizer?");
  CHECK(refusal(ends + "[cluser]\nworkers = 2\n") ==
        "a.toml:3:2: unknown section [cluser]. HINT: did you mean [cluster]?");
  CHECK(contains(refusal("epochs = 2\n"),
                 "a.toml:1:1: unknown key epochs. HINT: did you mean job.epochs?"));
  CHECK(contains(refusal("job = 3\n"), "a.toml:1:1: unknown key job"));
  CHECK(contains(refusal("[[job]]\nepochs = 1\n"), "a.toml:1:"));
}

TEST_CASE("an unknown value is refused with the nearest known one") {
  CHECK(refusal(ends + "[training]\noptimizer = \"sgdd\"\n") ==
        "a.toml:4:1: training.optimizer is \"sgdd\", expected one of \"sgd\", \"momentum\", "
        "\"nesterov\", "
        "\"adam\", \"adamw\", \"adagrad\", \"lars\", \"lamb\". HINT: did you mean \"sgd\"?");
  CHECK(contains(refusal(ends + "[algorithm]\nname = \"gossip\"\n"),
                 "expected one of \"asp\", \"bsp\", \"ring\""));
}

TEST_CASE("a wrong type is refused") {
  const std::string where = "a.toml:4:1: ";
  CHECK(refusal(ends + "[training]\nlr = \"0.1\"\n") ==
        where + "training.lr must be a number, not a string.");
  CHECK(refusal(ends + "[training]\nbatch = 32.0\n") ==
        where +
            "training.batch must be a whole number, not a number with a fraction. HINT: write 32.");
  CHECK(contains(refusal(ends + "[training]\nbatch = 1.5\n"), "must be a whole number"));
  CHECK(contains(refusal(ends + "[training]\nbatch = true\n"), "not true or false"));
  CHECK(contains(refusal(ends + "[model]\nhidden = 64\n"),
                 "must be a list of numbers, not a whole number"));
  CHECK(contains(refusal(ends + "[model]\nhidden = [64, \"a\"]\n"),
                 "must be a whole number, not a string"));
  CHECK(contains(refusal(ends + "[model]\nkind = 2024-01-01\n"), "must be a string, not a date"));
  CHECK(contains(refusal(ends + "[data.path]\nx = 1\n"),
                 "data.path must be a string, not a section"));
}

TEST_CASE("an impossible value is refused") {
  const auto key_value = GENERATE(
      "cluster.workers=0", "cluster.workers=-1", "cluster.aggregators=0", "training.lr=-0.1",
      "training.lr=0", "training.lr=nan", "training.lr=inf", "training.batch=0",
      "training.accumulate=0", "training.momentum=1", "training.weight_decay=-1",
      "training.clip=-1", "job.target_accuracy=97", "job.target_accuracy=-0.1", "job.epochs=-1",
      "job.seed=-1", "checkpoint.keep=0", "model.hidden=[0]", "model.hidden=[]", "data.train=-1",
      "cluster.processes=5", "emulate.step_ms=[1,2]", "emulate.step_ms=[-1]",
      "training.milestones=[0.9,0.5]", "training.milestones=[1.5]", "cluster.heartbeat_ms=0",
      "job.name=", "job.name=a/b", "job.name=..", "data.kind=mnist",
      "training.warmup=99999999999999999999", "job.target_loss=-1", "model.dim=-1",
      "model.dim=1000000001", "model.condition=0.5", "model.noise=-1", "cluster.workers=1000001",
      "model.kind=quadrat", "model.layers=0", "model.heads=0", "model.dropout=1",
      "model.dropout=-0.1", "model.tied=yes", "model.tied=1", "model.blocks=0", "model.width=0",
      "model.normalization=layer", "training.precision=fp16", "training.threads=0",
      "training.checkpointing=\"true\"");
  const std::string message = refusal(ends, {key_value});
  INFO(message);
  CHECK(message.starts_with("--set " + std::string(key_value) + ": "));
}

TEST_CASE("the sentence about an impossible value names the limits that matter") {
  CHECK(refusal(ends, {"training.lr=-1"}) ==
        "--set training.lr=-1: training.lr is -1, expected above 0.");
  CHECK(refusal(ends, {"cluster.workers=1000001"}) ==
        "--set cluster.workers=1000001: cluster.workers is 1000001, expected at least 1 and at "
        "most 1000000.");
  CHECK(
      refusal(ends, {"job.target_accuracy=97"}) ==
      "--set job.target_accuracy=97: job.target_accuracy is 97, expected at least 0 and at most 1. "
      "HINT: accuracies are fractions: 97 % is 0.97.");
}

TEST_CASE("what is true or false is written without quotes, and is read back") {
  CHECK(contains(refusal(ends, {"model.tied=1"}),
                 "model.tied must be true or false, not a whole number. HINT: write it without"));
  const std::string gpt = ends + "[model]\nkind = \"gpt\"\ntied = false\n[data]\nkind = \"text\"\n";
  const LoadedJob loaded = parse_job(gpt, "a.toml");
  CHECK_FALSE(loaded.job.model.tied);
  CHECK_FALSE(parse_job(to_toml(loaded.job), "b.toml").job.model.tied);
  CHECK(parse_job(gpt, "a.toml", Overrides{"training.checkpointing=true"})
            .job.training.checkpointing);
}

TEST_CASE("the heads of a gpt divide its width") {
  const std::string gpt = ends + "[model]\nkind = \"gpt\"\nheads = 3\n[data]\nkind = \"text\"\n";
  CHECK(refusal(gpt) ==
        "a.toml:5:1: model.dim is 128, expected a multiple of model.heads, which is 3.");
  CHECK(parse_job(gpt, "a.toml", Overrides{"model.dim=96"}).job.model.dim == 96U);
}

TEST_CASE("context and width have a default for each kind of model") {
  Job job;
  job.model.kind = "char-mlp";
  CHECK(model_context(job) == 16U);
  job.model.kind = "gpt";
  CHECK(model_context(job) == 64U);
  CHECK(model_dim(job) == 128U);
  job.model.kind = "quadratic";
  CHECK(model_dim(job) == 1000U);
  job.model.dim = 5;
  job.model.context = 7;
  CHECK(model_dim(job) == 5U);
  CHECK(model_context(job) == 7U);
}

TEST_CASE("each kind of model reads the keys of its own sizes") {
  const auto reads = [](const std::string& kind, const std::string& key) {
    Job job;
    job.model.kind = kind;
    return find_job_key(key)->used(job);
  };
  for (const std::string key : {"layers", "heads", "dropout", "tied", "dim", "context"}) {
    INFO(key);
    CHECK(reads("gpt", "model." + key));
    CHECK_FALSE(reads("resnet", "model." + key));
  }
  for (const std::string key : {"blocks", "width", "normalization"}) {
    INFO(key);
    CHECK(reads("resnet", "model." + key));
    CHECK_FALSE(reads("gpt", "model." + key));
  }
  CHECK(reads("gpt", "training.checkpointing"));
  CHECK(reads("resnet", "training.checkpointing"));
  CHECK_FALSE(reads("mlp", "training.checkpointing"));
  CHECK(reads("mlp", "training.threads"));
  CHECK_FALSE(reads("quadratic", "training.precision"));
}

TEST_CASE("keys that do not go together are refused at the line of one of them") {
  CHECK(contains(refusal("[job]\nname = \"a\"\n"),
                 "a.toml: nothing says when the run ends. HINT: give job.epochs"));
  CHECK(contains(refusal(""), "nothing says when the run ends"));
  CHECK(refusal(ends + "[data]\nkind = \"text\"\n") ==
        "a.toml:4:1: data.kind = \"text\" does not fit model.kind = \"mlp\". HINT: \"char-mlp\" "
        "learns "
        "from \"text\", \"gpt\" from \"text\" or \"tokens\", others from none of them.");
  CHECK(contains(refusal(ends + "[model]\nkind = \"char-mlp\"\n"),
                 "a.toml:4:1: data.kind = \"digits\" does not fit model.kind = \"char-mlp\""));
  CHECK(contains(refusal(ends + "[data]\nkind = \"mnist\"\n"),
                 "a.toml:4:1: data.kind = \"mnist\" needs data.path"));
  CHECK(contains(refusal("[job]\ntarget_accuracy = 0.9\n[training]\nschedule = \"cosine\"\n"),
                 "a.toml:4:1: training.schedule = \"cosine\" needs the length of the run"));
  CHECK(contains(refusal(ends + "[cluster]\nworkers = 2\nprocesses = 4\n"),
                 "a.toml:5:1: cluster.processes is 4"));
  CHECK(contains(refusal(ends + "[emulate]\nstep_ms = [1, 2, 3]\n"),
                 "a.toml:4:1: emulate.step_ms has 3 entries"));
}

TEST_CASE("byzantine workers are named once each, with an attack, and are workers of the job") {
  const auto set = [](const std::string& list) { return "emulate.byzantine=" + list; };
  const auto sentence = [&](const std::string& list) {
    return refusal(ends, {"cluster.workers=3", set(list)});
  };
  CHECK(
      contains(sentence(R"([{worker = 3, attack = "zero"}])"),
               "emulate.byzantine[0].worker is 3, expected at most 2. HINT: cluster.workers is 3, "
               "and workers are counted from 0."));
  CHECK(contains(sentence(R"([{worker = 1, attack = "zero"}, {worker = 1, attack = "noise"}])"),
                 "emulate.byzantine[1].worker is 1, which has an attack already."));
  CHECK(contains(sentence(R"([{attack = "zero"}])"), "emulate.byzantine[0] names no worker."));
  CHECK(contains(sentence("[{worker = 1}]"),
                 "emulate.byzantine[0] names no attack. HINT: for example attack = "));
  CHECK(contains(sentence(R"([{worker = 1, attack = "sign-flop"}])"),
                 "HINT: did you mean \"sign-flip\"?"));
  CHECK(contains(sentence(R"([{worker = -1, attack = "zero"}])"), "workers are counted from 0"));
  CHECK(contains(sentence(R"([{wroker = 1, attack = "zero"}])"), "did you mean worker?"));
  CHECK(contains(sentence("[1]"), "must be a table, not a whole number"));
  CHECK(contains(refusal(ends + "[[emulate.byzantine]]\nworker = 9\nattack = \"zero\"\n"),
                 "a.toml:4:1: emulate.byzantine[0].worker is 9"));
}

TEST_CASE("byzantine workers and robust rules survive the resolved job") {
  const Overrides overrides{
      R"(emulate.byzantine=[{worker=0, attack="noise"}, {worker=2, attack="little-is-enough"}])",
      "robust.name=centered-clipping", "robust.radius=inf", "robust.bucket=2"};
  const auto loaded = parse_job(ends, "a.toml", overrides);
  CHECK(loaded.notes.empty());
  const Job again = parse_job(to_toml(loaded.job), "job.toml").job;
  CHECK(to_toml(again) == to_toml(loaded.job));
  REQUIRE(again.emulate.byzantine.size() == 2);
  CHECK(again.emulate.byzantine[1].worker == 2U);
  CHECK(again.emulate.byzantine[1].attack == "little-is-enough");
  CHECK(again.robust.name == "centered-clipping");
  CHECK(again.robust.radius == std::numeric_limits<double>::infinity());
  CHECK(again.robust.bucket == 2U);
}

TEST_CASE("keys of another robust rule are noted, and impossible ones are refused") {
  const auto notes = [](const Overrides& overrides) {
    return parse_job(ends, "a.toml", overrides).notes;
  };
  CHECK(notes({"robust.tolerated=1"}) ==
        Overrides{"--set robust.tolerated=1: robust.tolerated is not used with robust.name = "
                  "\"mean\""});
  CHECK(notes({"robust.name=krum", "robust.tolerated=1", "robust.bucket=2"}).empty());
  CHECK(notes({"robust.name=median", "robust.radius=1", "robust.smoothing=1"}).size() == 2);
  CHECK(contains(refusal(ends, {"robust.name=krumm"}), "HINT: did you mean \"krum\"?"));
  const auto key_value = GENERATE("robust.radius=-1", "robust.radius=nan", "robust.smoothing=0",
                                  "robust.bucket=0", "robust.tolerated=-1");
  CHECK(contains(refusal(ends, {key_value}), "--set " + std::string(key_value) + ": "));
}

TEST_CASE("broken TOML is refused with its place") {
  CHECK(contains(refusal("[job\nepochs = 1\n"), "a.toml:1:"));
  CHECK(contains(refusal("[job]\nepochs = \n"), "a.toml:2:"));
  CHECK(contains(refusal("[job]\nepochs = 1\nepochs = 2\n"), "a.toml:3:"));
  CHECK(contains(refusal("[job]\nname = \"\xff\"\n"), "a.toml:2:"));
}

TEST_CASE("an override is a TOML value or else a string, and the last one holds") {
  const Job job = parse_job(ends, "a.toml",
                            Overrides{"training.lr=0.5", "training.lr = 0.25", "job.name=mnist-a b",
                                      "algorithm.name=bsp", "model.hidden=[1, 2]",
                                      "data.path=/a=b#c", "job.epochs=2"})
                      .job;
  CHECK(job.training.lr == 0.25);
  CHECK(job.job.name == "mnist-a b");
  CHECK(job.algorithm.name == "bsp");
  CHECK(job.model.hidden == std::vector<std::uint64_t>{1, 2});
  CHECK(job.data.path == "/a=b#c");
  CHECK(job.job.epochs == 2.0);
}

TEST_CASE("a broken override is refused and named") {
  CHECK(contains(refusal(ends, {"training.lr"}),
                 "--set training.lr: expected section.key=value. HINT: "));
  CHECK(contains(refusal(ends, {"=3"}), "--set =3: expected section.key=value"));
  CHECK(refusal(ends, {"training.rl=3"}) ==
        "--set training.rl=3: unknown key training.rl. HINT: did you mean training.lr?");
  CHECK(contains(refusal(ends, {"training.lr=abc"}), "training.lr must be a number, not a string"));
  CHECK(contains(refusal(ends, {"training.lr=1\njob.seed=2"}), "must be a number, not a string"));
  CHECK(contains(refusal(ends, {"training.lr="}), "must be a number, not a string"));
}

TEST_CASE("a given key that the job does not use gets one note") {
  const auto notes = [](const std::string& text, const Overrides& overrides = {}) {
    return parse_job(ends + text, "a.toml", overrides).notes;
  };
  CHECK(notes("[algorithm]\nstaleness = 3\n") ==
        Overrides{"a.toml:4:1: algorithm.staleness is not used with algorithm.name = \"asp\""});
  CHECK(notes("[algorithm]\nname = \"ssp\"\nstaleness = 3\n").empty());
  CHECK(notes("[training]\nbeta1 = 0.5\n") ==
        Overrides{"a.toml:4:1: training.beta1 is not used with training.optimizer = \"sgd\""});
  CHECK(
      notes("", {"training.milestones=[0.5]", "cluster.transport=ipc"}) ==
      Overrides{
          "--set training.milestones=[0.5]: training.milestones is not used with training.schedule "
          "= \"constant\"",
          "--set cluster.transport=ipc: cluster.transport is not used with cluster.processes = 0"});
  CHECK(notes("[training]\nwarmup = 10\nschedule_clock = \"updates\"\n").empty());
  CHECK(notes(to_toml(Job{}).substr(to_toml(Job{}).find("[evaluation]"))).size() > 3);
}

TEST_CASE("a file that cannot be read is refused") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_AS(load_job(folder / "missing.toml"), InputError);
  CHECK_THROWS_AS(load_job(folder.path()), InputError);
  test::put(folder / "empty.toml", "");
  CHECK_THROWS_AS(load_job(folder / "empty.toml"), InputError);
  CHECK(load_job(folder / "empty.toml", Overrides{"job.samples=10"}).job.job.samples == 10U);
}

TEST_CASE("an objective without data needs none and notes the keys of data") {
  const std::string quadratic = "[job]\nsamples = 100\n[model]\nkind = \"quadratic\"\ndim = 50\n";
  const auto loaded = parse_job(quadratic + "condition = 10\nnoise = 0.5\n", "a.toml");
  CHECK(loaded.job.model.dim == 50U);
  CHECK(loaded.job.model.condition == 10.0);
  CHECK(loaded.job.model.noise == 0.5);
  CHECK(loaded.notes.empty());
  CHECK(parse_job(quadratic + "[data]\nkind = \"mnist\"\n", "a.toml").notes ==
        Overrides{"a.toml:7:1: data.kind is not used with model.kind = \"quadratic\""});
  // The key that decides about data.path is not used itself: the note names what decides about that.
  CHECK(parse_job(quadratic, "a.toml", Overrides{"data.path=x"}).notes ==
        Overrides{"--set data.path=x: data.path is not used with model.kind = \"quadratic\""});
  CHECK(parse_job(quadratic, "a.toml", Overrides{"training.batch=1", "training.accumulate=2"})
            .notes.size() == 2);
  CHECK(parse_job(ends, "a.toml", Overrides{"model.kind=consensus", "model.noise=1"}).notes ==
        Overrides{"--set model.noise=1: model.noise is not used with model.kind = \"consensus\""});
  CHECK(parse_job(ends, "a.toml", Overrides{"model.dim=5"}).notes.size() == 1);
}

TEST_CASE("a target is an end of the run where the model can reach it") {
  CHECK(parse_job("[job]\ntarget_loss = 0.1\n", "a.toml").job.job.target_loss == 0.1);
  CHECK(refusal("[job]\ntarget_accuracy = 0.9\n[model]\nkind = \"consensus\"\n") ==
        "a.toml:2:1: job.target_accuracy cannot be reached, model.kind = \"consensus\" has no "
        "accuracy. HINT: use job.target_loss.");
}

TEST_CASE("a job without an end is accepted from who can end it otherwise") {
  CHECK(parse_job("", "a.toml", {}, {.may_be_endless = true}).job.job.samples == 0U);
  CHECK_THROWS_AS(parse_job("[job]\nname = \"\"\n", "a.toml", {}, {.may_be_endless = true}),
                  InputError);
  const test::TemporaryFolder folder;
  test::put(folder / "endless.toml", "[job]\nname = \"a\"\n");
  CHECK(load_job(folder / "endless.toml", {}, {.may_be_endless = true}).job.job.name == "a");
}

TEST_CASE("a rescaled learning rate is always told") {
  const auto notes = [](const Overrides& overrides) {
    return parse_job(ends, "a.toml", overrides).notes;
  };
  CHECK(notes({"training.lr=0.1"}).empty());
  CHECK(notes({"training.lr=0.1", "training.scaling=linear", "cluster.workers=8"}) ==
        std::vector<std::string>{
            "training.scaling = \"linear\" makes the learning rate 0.8 for 8 workers"});
  CHECK(notes({"training.lr=0.1", "training.scaling=sqrt", "cluster.workers=4"}) ==
        std::vector<std::string>{
            "training.scaling = \"sqrt\" makes the learning rate 0.2 for 4 workers"});
}
