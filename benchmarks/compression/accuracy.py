#!/usr/bin/env python3
"""What strong compression costs in accuracy, and what it saves in bytes.

  python3 benchmarks/compression/accuracy.py --data FOLDER     # MNIST: four IDX files; or set MURM_MNIST
  python3 benchmarks/compression/accuracy.py                   # without: generated digits

Measures, with `murm simulate`, bsp with 8 workers on the network of examples/mnist.toml (784-256-128-10), rate 0.1
with momentum 0.9 (for dgc at the workers; ef-sign: none, but the rate that this comes to, 1): test accuracy at the
end, median of the seeds, and the bytes that a worker pushes a gradient, against the formula of
docs/compression.md. The bar is 0.5 points from the uncompressed run. Sources of the codes: Lin et al. 2018 (dgc),
Vogels et al. 2019 (powersgd), Alistarh et al. 2017 (qsgd), Karimireddy et al. 2019 (ef-sign); nothing published is
repeated here.
"""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import bench  # noqa: E402

MATRICES, VECTORS = ((256, 784), (128, 256), (10, 128)), (256, 128, 10)
CODES = (
    ("none", "none", {}),
    ("dgc, 0.1 %", "dgc", {"compression.ratio": 0.001, "training.optimizer": "sgd"}),
    ("dgc, 0.1 %, warm-up", "dgc",
     {"compression.ratio": 0.001, "training.optimizer": "sgd", "compression.warm_up": 100}),
    ("powersgd, rank 4", "powersgd", {"compression.rank": 4}),
    ("qsgd, 4 bit", "qsgd", {"compression.bits": 4}),
    ("ef-sign", "ef-sign", {"training.optimizer": "sgd", "training.lr": 1.0}),
)


def words(size):
    """Packed codes are rounded up to whole 4-byte words."""
    return 4 * math.ceil(size / 4)


def formula(code):
    """Bytes of one push, from docs/compression.md."""
    of_matrices, of_vectors = sum(a * b for a, b in MATRICES), sum(VECTORS)
    total = of_matrices + of_vectors
    if code == "dgc":
        return 8 * max(1, round(0.001 * of_matrices)) + 4 * of_vectors
    if code == "powersgd":
        return sum(4 * 4 * (a + b) if 4 * (a + b) <= a * b / 2 else 4 * a * b for a, b in MATRICES) + 4 * of_vectors
    if code == "qsgd":
        return sum(words(min(512, total - start) / 2) + 4 for start in range(0, total, 512))
    if code == "ef-sign":
        sizes = [a * b for a, b in MATRICES] + list(VECTORS)
        return sum(min(4 * n, words(n / 8) + 4) if words(n / 8) + 4 <= 2 * n else 4 * n for n in sizes)
    return 4 * total


def main():
    parser = bench.parser(__doc__)
    parser.add_argument("--data", metavar="FOLDER", default=os.environ.get("MURM_MNIST", ""),
                        help="the four IDX files of MNIST (default: MURM_MNIST; neither: generated digits)")
    parser.add_argument("--epochs", metavar="N", type=bench.positive, default=15, help="passes (default: 15)")
    parser.add_argument("--seeds", metavar="N", type=bench.positive, default=3, help="runs of each (default: 3)")
    given = parser.parse_args()
    if given.data and not os.path.isdir(given.data):
        bench.fail(f"'{given.data}' is not a folder, expected the one with the four IDX files of MNIST")
    murm = bench.Murm(given.murm)
    data = {"data.kind": "mnist", "data.path": os.path.abspath(given.data)} if given.data else {"data.kind": "digits"}
    tasks = [(code, options, seed) for _, code, options in CODES for seed in range(1, given.seeds + 1)]
    reports = bench.in_parallel(given.jobs, tasks, lambda task: murm.simulate("examples/mnist.toml", {
        **data, "job.epochs": given.epochs, "job.seed": task[2], "algorithm.name": "bsp",
        "training.optimizer": "momentum", "training.lr": 0.1, "compression.name": task[0], **task[1]}, workers=8))
    rows, plain = [], None
    for index, (label, code, _) in enumerate(CODES):
        runs = reports[index * given.seeds:(index + 1) * given.seeds]
        failed = [run for run in runs if isinstance(run, bench.RunFailed)]
        if failed:
            rows.append([label, f"failed: {failed[0]}"] + ["-"] * 5)
            continue
        accuracies = [100 * run["final"]["eval_accuracy"] for run in runs]
        middle = bench.median(accuracies)
        plain = middle if plain is None else plain
        pushed = runs[0]["bytes"]["received"] / runs[0]["gradients"]
        rows.append([label, f"{middle:.2f}", f"{min(accuracies):.2f} to {max(accuracies):.2f}",
                     f"{middle - plain:+.2f}", f"{pushed:,.0f}", f"{formula(code):,}",
                     f"{formula('none') / pushed:.1f}"])
    print(f"{'MNIST' if given.data else 'Generated digits'}, {given.epochs} passes, {given.seeds} seeds:\n")
    print(bench.table(["code", "accuracy, %", "seeds", "points from none", "bytes a push, with headers",
                       "formula, without", "times less"], rows))


if __name__ == "__main__":
    sys.exit(main())
