"""What all benchmark scripts share: the flags, running murm, tables in Markdown.

Nothing here measures anything. A script calls `parser`, then `Murm`, then `simulate` or `train`, which give
the report of the run as a dictionary (docs/simulation.md).
"""
import argparse
import concurrent.futures
import json
import math
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

PARAMETER_SERVER = ("bsp", "ring", "asp", "sa-asgd", "dc-asgd", "ssp", "dssp", "backup", "fedbuff", "rennala",
                    "ringmaster", "easgd", "aeasgd", "eamsgd", "hogwild")
LOCAL_UPDATE = ("local-sgd", "post-local", "slowmo", "diloco", "delayed-diloco", "eager-diloco",
                "streaming-diloco", "async-local", "halos", "decoupled-diloco", "demo", "noloco")
GOSSIP = ("d-psgd", "ad-psgd", "sgp", "osgp", "swarm", "gosgd", "moshpit", "gossip-pga", "choco")
FAMILIES = {"Parameter server": PARAMETER_SERVER, "Local update": LOCAL_UPDATE, "Gossip": GOSSIP}


class RunFailed(Exception):
    """One sentence: what murm said, or that it took too long."""


def fail(sentence):
    """Bad input: one sentence, exit code 2."""
    print(f"{os.path.basename(sys.argv[0])}: {sentence}", file=sys.stderr)
    sys.exit(2)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        fail(f"{message}. HINT: --help shows the flags")


def parser(documentation):
    flags = Parser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--murm", metavar="PATH", default=os.path.join(ROOT, "build", "release", "murm"),
                       help="the built program (default: build/release/murm)")
    flags.add_argument("--jobs", metavar="N", type=positive, default=os.cpu_count() or 1,
                       help="simulations at a time (default: the cores there are)")
    return flags


def positive(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def name_list(text):
    return [name for name in text.split(",") if name]


class Murm:
    """The built program. Runs start in the repository's root, so paths of examples hold."""

    def __init__(self, path, timeout=600):
        self.path = os.path.abspath(path)
        self.timeout = timeout
        if not os.access(self.path, os.X_OK) or os.path.isdir(self.path):
            fail(f"'{path}' is not a program. HINT: run make build, or give --murm PATH")

    def known_algorithms(self):
        """In the order of FAMILIES; what a refusal of an unknown name lists."""
        with tempfile.TemporaryDirectory() as folder:
            told = subprocess.run([self.path, "simulate", "examples/demo.toml", "--set", "algorithm.name=?",
                                   "--out", folder], cwd=ROOT, capture_output=True, text=True).stderr
        names = re.findall(r'"([\w-]+)"', told.partition("expected one of")[2])
        if not names:
            fail(f"'{self.path}' does not name its algorithms: {told.strip()}")
        everything = [name for family in FAMILIES.values() for name in family]
        return [name for name in everything if name in names]

    def run(self, command, job, flags=(), settings=()):
        """Report of `murm COMMAND JOB FLAGS --set ...`; RunFailed where there is none."""
        with tempfile.TemporaryDirectory() as folder:
            report = os.path.join(folder, "report.json")
            line = [self.path, command, job, "--quiet", "--out", os.path.join(folder, "run"), "--report", report]
            line += [str(flag) for flag in flags]
            for key, value in dict(settings).items():
                line += ["--set", f"{key}={value}"]
            try:
                done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=self.timeout)
            except subprocess.TimeoutExpired:
                raise RunFailed(f"no end within {self.timeout} s") from None
            if done.returncode != 0 or not os.path.exists(report):
                told = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
                raise RunFailed(told[-1].removeprefix("murm: "))
            with open(report) as file:
                return json.load(file)

    def simulate(self, job, settings=(), scenario=None, workers=None, flags=()):
        flags = list(flags) + (["--scenario", scenario] if scenario else [])
        return self.run("simulate", job, flags + (["--workers", workers] if workers else []), settings)


def in_parallel(jobs, tasks, work):
    """[work(task)] in the order of tasks, `jobs` at a time, with a line of progress; a RunFailed is a result."""
    results = [None] * len(tasks)
    done = 0

    def one(index):
        try:
            results[index] = work(tasks[index])
        except RunFailed as error:
            results[index] = error

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for _ in concurrent.futures.as_completed([pool.submit(one, index) for index in range(len(tasks))]):
            done += 1
            if sys.stderr.isatty():
                print(f"\r{done} of {len(tasks)} runs", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return results


def total_bytes(report):
    """Everything that all workers sent and received through the server or from each other, each message once."""
    sizes = report["bytes"]
    return sizes["sent"] + sizes["received"] + sizes["between_workers"]


def median(values):
    """Of numbers where None is 'never'; None where the middle one is."""
    ordered = sorted(math.inf if value is None else value for value in values)
    middle = len(ordered) // 2
    value = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return None if math.isinf(value) else value


def table(head, rows):
    """Markdown; the first column to the left, the others to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1)] + [[str(cell) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
