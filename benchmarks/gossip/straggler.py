#!/usr/bin/env python3
"""One slow worker of 16: how many workers' worth of gradients come out, AD-PSGD against those that wait.

  python3 benchmarks/gossip/straggler.py

Measures, with `murm simulate --phantom` for 10 virtual minutes: gradients per second over those of one worker
(10, as a step takes 100 ms), with one worker 1, 2, 10 and 100 times slower; on free links, and on links of 10
Gbit/s and 0.1 ms with a model of 11 million parameters (45 MB, 36 ms a message). Beside them the arithmetic of
free links: who waits for all gets n / s of the slowest's s, who waits for nobody n - 1 + 1 / s. The experiment
is that of Lian et al., ICML 2018 (AD-PSGD, arXiv:1710.06952), section 5; their own numbers are not repeated here
because we could not check them against the paper.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import bench  # noqa: E402

WORKERS, BATCH, STEPS_PER_SECOND, FACTORS = 16, 32, 10, (1, 2, 10, 100)
ALGORITHMS = ("ad-psgd", "swarm", "gosgd", "asp", "bsp", "ring", "d-psgd", "sgp")
LINKS = {
    "free links": {},
    "10 Gbit/s, 11 million parameters": {
        "model.hidden": "[1024, 10000]", "scenario.network.latency_ms": 0.1, "scenario.network.bandwidth_gbit": 10},
}


def main():
    given = bench.parser(__doc__).parse_args()
    murm = bench.Murm(given.murm)
    known = [name for name in ALGORITHMS if name in murm.known_algorithms()]
    for title, links in LINKS.items():
        tasks = [(name, factor) for name in known for factor in FACTORS]
        reports = bench.in_parallel(given.jobs, tasks, lambda task: murm.simulate(
            "examples/demo.toml", {**links, "algorithm.name": task[0], "job.epochs": 1000,
                                   "scenario.compute.slow": f"[{{worker = 0, factor = {task[1]}}}]"},
            workers=WORKERS, flags=["--phantom", "--until", "10m"]))
        cells = ["failed" if isinstance(report, bench.RunFailed)
                 else f"{report['samples_per_second'] / BATCH / STEPS_PER_SECOND:.2f}" for report in reports]
        rows = [[f"`{name}`"] + cells[row * len(FACTORS):(row + 1) * len(FACTORS)] for row, name in enumerate(known)]
        rows.append(["waits for nobody"] + [f"{WORKERS - 1 + 1 / factor:.2f}" for factor in FACTORS])
        rows.append(["waits for all"] + [f"{WORKERS / factor:.2f}" for factor in FACTORS])
        print(f"**{title}**\n")
        print(bench.table(["one worker slower by"] + [f"{factor}x" for factor in FACTORS], rows))


if __name__ == "__main__":
    sys.exit(main())
