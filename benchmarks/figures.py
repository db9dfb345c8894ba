#!/usr/bin/env python3
"""The flagship figure: every algorithm, one workload, four worlds, in virtual time.

  python3 benchmarks/figures.py                # what `make figures` runs: docs/figures/flagship*.svg, flagship.md
  python3 benchmarks/figures.py --tune         # learning rates for all algorithms, to be kept in worlds.py

Measures, with `murm simulate`: test loss against virtual seconds; the time to a target loss; the accuracy at
the end of an equal number of samples; the bytes moved. Median of the seeds. The workload, the worlds and the
learning rates are in benchmarks/worlds.py. Nothing published is repeated here: no such figure is known to us.
"""
import os
import sys

import bench
import flagship
import worlds


def flags():
    parser = bench.parser(__doc__)
    parser.add_argument("--out", metavar="DIR", default=os.path.join(bench.ROOT, "docs", "figures"),
                        help="where the files go (default: docs/figures)")
    parser.add_argument("--algorithms", metavar="A,B", type=bench.name_list, default=None,
                        help="only these (default: all that the program knows)")
    parser.add_argument("--seeds", metavar="N", type=bench.positive, default=3, help="runs of each (default: 3)")
    parser.add_argument("--tune", action="store_true", help="print the best learning rate of each, write nothing")
    return parser.parse_args()


def simulate(murm, algorithm, rate, seed, world, of_world):
    return murm.simulate(worlds.JOB, worlds.settings(algorithm, rate, seed, of_world), worlds.scenario(world),
                         worlds.WORKERS)


def time_to_target(report):
    """Virtual seconds to the first evaluation at or below the target loss; None: never."""
    reached = [e["seconds"] for e in report["evaluations"] if e["loss"] <= worlds.TARGET_LOSS]
    return reached[0] if reached else None


def best_rate(reports):
    """Of {rate: report}: the first to the target; of those within 5 % of it, the lowest loss at the end."""
    times = {rate: time_to_target(report) for rate, report in reports.items()}
    reached = [time for time in times.values() if time is not None]
    candidates = [rate for rate, time in times.items() if time is not None and time <= 1.05 * min(reached)]
    return min(candidates or reports, key=lambda rate: reports[rate]["evaluations"][-1]["loss"])


def tune(murm, algorithms, jobs):
    tasks = [(algorithm, rate) for algorithm in algorithms for rate in worlds.RATES]
    reports = bench.in_parallel(jobs, tasks, lambda task: simulate(murm, *task, 1, "uniform", {}))
    for algorithm in algorithms:
        ran = {task[1]: report for task, report in zip(tasks, reports)
               if task[0] == algorithm and not isinstance(report, bench.RunFailed)}
        print(f'    "{algorithm}": {best_rate(ran)},' if ran else f'    # "{algorithm}": every run failed')


def measure(murm, algorithms, seeds, jobs):
    """{algorithm: {world: [report or RunFailed of each seed]}}"""
    tasks = [(algorithm, worlds.LEARNING_RATE.get(algorithm, worlds.OTHER_RATE), seed, world, of_world)
             for algorithm in algorithms for world, _, _, of_world in worlds.WORLDS
             for seed in range(1, seeds + 1)]
    results = bench.in_parallel(jobs, tasks, lambda task: simulate(murm, *task))
    found = {algorithm: {world: [] for world, *_ in worlds.WORLDS} for algorithm in algorithms}
    for task, result in zip(tasks, results):
        found[task[0]][task[3]].append(result)
    return found


def main():
    given = flags()
    murm = bench.Murm(given.murm)
    known = murm.known_algorithms()
    unknown = [name for name in given.algorithms or [] if name not in known]
    if unknown:
        bench.fail(f"the program has no algorithm '{unknown[0]}', expected some of {', '.join(known)}")
    algorithms = [name for name in known if not given.algorithms or name in given.algorithms]
    if given.tune:
        return tune(murm, algorithms, given.jobs)
    results = measure(murm, algorithms, given.seeds, given.jobs)
    os.makedirs(given.out, exist_ok=True)
    flagship.draw_curves(results, os.path.join(given.out, "flagship.svg"))
    flagship.draw_times(results, time_to_target, os.path.join(given.out, "flagship-times.svg"))
    flagship.write_tables(results, time_to_target, os.path.join(given.out, "flagship.md"))
    print(f"written: flagship.svg, flagship-times.svg, flagship.md in {given.out}")


if __name__ == "__main__":
    sys.exit(main())
