#!/usr/bin/env python3
"""Each attack against each robust rule: 20 workers, 4 of them lie.

  python3 benchmarks/robust/attacks.py

Measures, with `murm simulate`, bsp on generated digits and a small network: the test loss at the end, median of the
seeds, for every rule of docs/robust.md and every attack of `emulate.byzantine`. Rules that take a number of bad
contributions are told 4. Sources of rules and attacks: docs/robust.md; nothing published is repeated here.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import bench  # noqa: E402

WORKERS, LIARS = 20, 4
ATTACKS = ("none", "sign-flip", "noise", "zero", "little-is-enough")
RULES = ("mean", "krum", "multi-krum", "median", "trimmed-mean", "geometric-median", "centered-clipping")


def main():
    parser = bench.parser(__doc__)
    parser.add_argument("--seeds", metavar="N", type=bench.positive, default=3, help="runs of each (default: 3)")
    given = parser.parse_args()
    murm = bench.Murm(given.murm)

    def one(task):
        rule, attack, seed = task
        liars = ", ".join(f'{{worker = {worker}, attack = "{attack}"}}' for worker in range(LIARS))
        return murm.simulate("examples/demo.toml", {
            "model.hidden": "[64]", "data.train": 20000, "data.test": 2000, "job.epochs": 10, "job.seed": seed,
            "training.lr": 0.4, "training.schedule": "constant", "algorithm.name": "bsp", "robust.name": rule,
            "robust.tolerated": LIARS, **({} if attack == "none" else {"emulate.byzantine": f"[{liars}]"})},
            workers=WORKERS)

    tasks = [(rule, attack, seed) for rule in RULES for attack in ATTACKS for seed in range(1, given.seeds + 1)]
    reports = iter(bench.in_parallel(given.jobs, tasks, one))
    rows, told = [], {}
    for rule in RULES:
        cells = []
        for attack in ATTACKS:
            runs = [next(reports) for _ in range(given.seeds)]
            failed = [run for run in runs if isinstance(run, bench.RunFailed)]
            diverged = all("not finite" in str(run) for run in failed)
            for run in failed if not diverged else ():
                told[f"`{rule}`, {attack}"] = str(run)
            cells.append("diverged" if failed and diverged else "failed" if failed
                         else f"{bench.median([run['final']['eval_loss'] for run in runs]):.3f}")
        rows.append([f"`{rule}`"] + cells)
    print(bench.table(["rule"] + ["no attack" if attack == "none" else attack for attack in ATTACKS], rows))
    for where, sentence in told.items():
        print(f"* {where}: {sentence}")


if __name__ == "__main__":
    sys.exit(main())
