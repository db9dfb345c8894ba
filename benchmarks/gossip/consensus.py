#!/usr/bin/env python3
"""How fast averaging peers agree: the contraction of a round, measured, against the closed form.

  python3 benchmarks/gossip/consensus.py

Measures, with `murm simulate` and model.kind = "consensus" (no gradients, every replica starts at random): d-psgd on
each topology with 8, 16 and 64 peers, the factor a round of the distance from the mean; beside it the closed form
of docs/topologies.md and the difference. random-matching is other pairs each round: the mean square of so many
single rounds, each of its own seed. one-peer-exponential has no factor: `murm topology` says after how many rounds
it is exact. Nothing published is repeated here.
"""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import bench  # noqa: E402

PEERS, NUMBERS = (8, 16, 64), 1000


def closed_form(topology, n):
    """None where there is none for this n."""
    log, root = math.log2(n), math.isqrt(n)
    circle = 2 * math.pi / n
    return {
        "ring": (1 + 2 * math.cos(circle)) / 3,
        "directed-ring": math.cos(circle / 2),
        "torus": (3 + 2 * math.cos(2 * math.pi / root)) / 5 if root * root == n else None,
        "hypercube": 1 - 2 / (1 + log),
        "exponential": 1 - 2 / (1 + log),
        "complete": 0,
        "random-matching": (n - 2) / (2 * (n - 1)),
    }[topology]


def measured(murm, topology, n, seeds):
    def contraction(rounds, seed=1):
        return murm.simulate("examples/quadratic.toml", {
            "model.kind": "consensus", "model.dim": NUMBERS, "job.samples": n * rounds, "job.seed": seed,
            "evaluation.every": n * rounds, "algorithm.name": "d-psgd", "algorithm.topology": topology},
            workers=n)["consensus"]["contraction_per_round"]

    if topology == "random-matching":
        return sum(contraction(1, seed) ** 2 for seed in range(1, seeds + 1)) / seeds
    # The slowest mode has to be alone before the factor is its own: the more rounds, the smaller the gap.
    return contraction(max(60, round(6 / (1 - closed_form(topology, n)))))


def main():
    parser = bench.parser(__doc__)
    parser.add_argument("--seeds", metavar="N", type=bench.positive, default=1000,
                        help="seeds of random-matching (default: 1000)")
    given = parser.parse_args()
    murm = bench.Murm(given.murm)
    names = ("ring", "directed-ring", "torus", "hypercube", "exponential", "complete", "random-matching")
    tasks = [(name, n) for name in names for n in PEERS if closed_form(name, n) is not None]
    found = dict(zip(tasks, bench.in_parallel(given.jobs, tasks, lambda task: measured(murm, *task, given.seeds))))
    rows = []
    for name in names:
        cells = []
        for n in PEERS:
            value, form = found.get((name, n)), closed_form(name, n)
            if form is None or isinstance(value, bench.RunFailed):
                cells.append("-" if form is None else f"failed: {value}")
            elif form == 0:
                cells.append(f"{value:.0e} / exact")
            else:
                cells.append(f"{value:.4f} / {form:.4f} ({100 * (value / form - 1):+.1f} %)")
        rows.append([f"`{name}`" + (" (mean square)" if name == "random-matching" else "")] + cells)
    print(bench.table(["measured / closed form"] + [f"{n} peers" for n in PEERS], rows))


if __name__ == "__main__":
    sys.exit(main())
