"""A step of murm and one of PyTorch, window by window: what step.py and workers.py share."""
import json
import os
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import bench  # noqa: E402

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_peer.py")
MODELS = ("mlp", "lenet", "gpt")


def add_flags(parser):
    parser.add_argument("--models", metavar="A,B", type=bench.name_list, default=list(MODELS),
                        help="of mlp, lenet, gpt (default: all)")
    parser.add_argument("--windows", metavar="N", type=bench.positive, default=7,
                        help="windows of each side (default: 7)")
    parser.add_argument("--seconds", metavar="S", type=float, default=2.0, help="length of a window (default: 2)")
    parser.add_argument("--python", metavar="PATH", default="/usr/bin/python3",
                        help="a Python that has PyTorch (default: /usr/bin/python3)")


def check(given):
    for name in given.models:
        if name not in MODELS:
            bench.fail(f"--models {name}: expected some of {', '.join(MODELS)}")


def why_no_torch(python):
    """One sentence where that Python cannot load PyTorch, or None."""
    try:
        done = subprocess.run([python, "-c", "import torch"], capture_output=True, text=True, timeout=120)
    except OSError as error:
        return f"{python} cannot be started: {error.strerror}"
    return None if done.returncode == 0 else f"{python} has no PyTorch (Debian: python3-torch)"


def our_window(murm, model, precision, threads, seconds):
    """Report of one window of `murm bench step`; bench.RunFailed with its sentence."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        done = subprocess.run([murm.path, "bench", "step", "--model", model, "--precision", precision, "--threads",
                               str(threads), "--seconds", str(seconds), "--windows", "1", "--report", report],
                              capture_output=True, text=True, timeout=murm.timeout)
        if done.returncode != 0:
            raise bench.RunFailed((done.stderr.strip().splitlines() or ["no message"])[-1].removeprefix("murm: "))
        with open(report) as file:
            return json.load(file)


class TorchPeer:
    """PyTorch in a process of its own, stopped while it has nothing to do: its idle threads may spin."""

    def __init__(self, python, model, precision, threads, seconds, wait_policy="PASSIVE"):
        environment = dict(os.environ, OMP_WAIT_POLICY=wait_policy)
        self.process = subprocess.Popen(
            [python, PEER, "--model", model, "--precision", precision, "--threads", str(threads), "--seconds",
             str(seconds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        first = self.process.stdout.readline()
        if not first:
            raise bench.RunFailed("PyTorch ended before it began")
        self.facts = json.loads(first)
        self.process.send_signal(signal.SIGSTOP)

    def window(self):
        """Samples per second."""
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write("window\n")
        self.process.stdin.flush()
        rate = float(self.process.stdout.readline())
        self.process.send_signal(signal.SIGSTOP)
        return rate

    def end(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.close()
        self.facts.update(json.loads(self.process.stdout.readline()))
        self.process.wait()
        return self.facts


def spread(values, digits):
    """'median (low to high)'"""
    return f"{bench.median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"
