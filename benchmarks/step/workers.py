#!/usr/bin/env python3
"""Two workers of one thread each against PyTorch on the same two cores: one process, and DistributedDataParallel.

  python3 benchmarks/step/workers.py                        # mlp, lenet, gpt; asp and bsp
  python3 benchmarks/step/workers.py --models mlp --windows 5

Measures samples per second of all workers together: `murm train` with 2 workers as actors of one process and with
--processes 2, PyTorch's process with two threads (idle threads spinning or asleep, the better counts), and two
processes of DistributedDataParallel over gloo. Same models, batches and optimizers as step.py, data made up, each
side in turn. A ratio is ours over the better of the two peers, window by window.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import peers  # noqa: E402
from peers import bench  # noqa: E402

WORKERS = 2
PILOT_STEPS = 40  # of both workers, to learn how many fill a window
BATCH = {"mlp": 128, "lenet": 128, "gpt": 16}
JOBS = {
    "mlp": {"model.kind": "mlp", "model.hidden": "[1024, 1024]", "data.kind": "digits",
            "training.optimizer": "momentum", "training.lr": 0.01},
    "lenet": {"model.kind": "lenet", "data.kind": "digits", "training.optimizer": "momentum", "training.lr": 0.01},
    "gpt": {"model.kind": "gpt", "model.layers": 6, "model.dim": 192, "model.heads": 6, "model.context": 128,
            "data.kind": "text", "training.optimizer": "adamw", "training.lr": 3e-4, "training.weight_decay": 0.01},
}


def random_text(folder):
    """A text of every character that a text can have, 228: nearly as many classes as the benchmark model has."""
    path = os.path.join(folder, "random.txt")
    draw = random.Random(1)
    characters = bytes([*range(9, 14), *range(32, 127), *range(128, 256)])
    with open(path, "wb") as file:
        file.write(characters + bytes(draw.choice(characters) for _ in range(1_000_000)))
    return path


class OurSide:
    """`murm train` with one algorithm; a window is a run."""

    def __init__(self, murm, model, algorithm, processes, text, seconds):
        self.murm, self.processes = murm, processes
        self.settings = dict(JOBS[model])
        if model == "gpt":
            self.settings["data.path"] = text
        self.settings.update({"training.batch": BATCH[model], "algorithm.name": algorithm, "data.train": 4096,
                              "data.test": 1, "evaluation.every": 10 ** 9})
        pilot = self.run(PILOT_STEPS * BATCH[model])
        steps = max(PILOT_STEPS, round(pilot * seconds / BATCH[model]))
        self.samples = steps * BATCH[model]

    def run(self, samples):
        report = self.murm.run("train", "examples/demo.toml",
                               ["--workers", WORKERS, "--processes", self.processes],
                               dict(self.settings, **{"job.epochs": 0, "job.samples": samples}))
        return report["samples_per_second"]

    def window(self):
        return self.run(self.samples)


class DdpSide:
    """Two processes of DistributedDataParallel; a window is a run of one."""

    def __init__(self, given, model):
        self.line = [given.python, peers.PEER, "--model", model, "--ddp", str(WORKERS), "--windows", "1", "--seconds",
                     str(given.seconds)]

    def window(self):
        done = subprocess.run(self.line, capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise bench.RunFailed((done.stderr.strip().splitlines() or ["no message"])[-1])
        return json.loads(done.stdout.splitlines()[-1])["samples_per_second"][0]


def sides_of(murm, given, model, text):
    """Name -> side, ours first; a bench.RunFailed in the place of one that cannot be."""
    makers = {}
    for algorithm in ("asp", "bsp"):
        for processes in (0, WORKERS):
            makers[f"{algorithm}, {'one process' if processes == 0 else f'{WORKERS} processes'}"] = (
                lambda a=algorithm, p=processes: OurSide(murm, model, a, p, text, given.seconds))
    for policy in ("ACTIVE", "PASSIVE"):
        makers[f"PyTorch, {WORKERS} threads, {policy.lower()}"] = (
            lambda p=policy: peers.TorchPeer(given.python, model, "fp32", WORKERS, given.seconds, p))
    makers["PyTorch DDP, 2 processes"] = lambda: DdpSide(given, model)
    sides = {}
    for name, make in makers.items():
        try:
            if name.startswith("PyTorch") and given.torch_missing:
                raise bench.RunFailed(given.torch_missing)
            sides[name] = make()
        except bench.RunFailed as error:
            sides[name] = error
    return sides


def measure(murm, given, model, text):
    sides = sides_of(murm, given, model, text)
    rates = {name: [] for name in sides}
    for _ in range(given.windows):
        for name, side in list(sides.items()):
            if isinstance(side, bench.RunFailed):
                continue
            try:
                rates[name].append(side.window())
            except bench.RunFailed as error:
                sides[name], rates[name] = error, []
    for side in sides.values():
        if isinstance(side, peers.TorchPeer):
            side.end()
    return sides, rates


def rows_of(model, sides, rates):
    theirs = {name: values for name, values in rates.items() if name.startswith("PyTorch") and values}
    best = max(theirs, key=lambda name: bench.median(theirs[name])) if theirs else None
    for name, side in sides.items():
        if isinstance(side, bench.RunFailed):
            yield [f"{model}: {name}", f"skipped: {side}", ""]
            continue
        ratio = ""
        if best and not name.startswith("PyTorch"):
            ratio = peers.spread([a / b for a, b in zip(rates[name], theirs[best])], 2)
        yield [f"{model}: {name}", peers.spread(rates[name], 1), "the best peer" if name == best else ratio]


def main():
    parser = bench.parser(__doc__)
    peers.add_flags(parser)
    parser.add_argument("--report", metavar="FILE.json", help="every window, as JSON")
    given = parser.parse_args()
    peers.check(given)
    murm = bench.Murm(given.murm)
    given.torch_missing = peers.why_no_torch(given.python)
    print(bench.table(["side", "samples/s", "ratio to the best peer"], []), end="", flush=True)
    everything = {}
    with tempfile.TemporaryDirectory() as folder:
        text = random_text(folder)
        for model in given.models:
            sides, rates = measure(murm, given, model, text)
            everything[model] = rates
            for row in rows_of(model, sides, rates):
                print("| " + " | ".join(row) + " |", flush=True)
    if given.report:
        with open(given.report, "w") as file:
            json.dump(everything, file, indent=2)


if __name__ == "__main__":
    sys.exit(main())
