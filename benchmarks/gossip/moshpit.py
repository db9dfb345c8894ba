#!/usr/bin/env python3
"""Rounds until peers that miss rounds agree: the published Moshpit table, with true push-sum beside it.

  python3 benchmarks/gossip/moshpit.py

Measures: rounds until the variance of the peers' numbers is below 1e-9, at most 50, mean of 10 seeds, when each
peer misses each round with chance p. The protocols are simulated here, in Python: `murm simulate` lets workers
go and come back, but not miss single rounds. Published: Ryabinin et al., Moshpit SGD, NeurIPS 2021, notebook
averaging_experiments/plot_results.ipynb of github.com/yandex-research/moshpit-sgd, grid 32 x 32. The notebook's
seeds are used with NumPy's generator, so its columns repeat exactly, but for Moshpit: its places in the grid
were drawn without a seed, once a row. Here 10 placements, and the least and greatest of their means.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import averagers  # noqa: E402
import bench  # noqa: E402
from legacy_random import LegacyRandom  # noqa: E402

TARGET, ROUNDS_MAX, SIDE, PLACEMENTS = 1e-9, 50, 32, 10
# (peers, chance to miss a round): all-reduce, gossip on a ring, "SGP", random groups, Moshpit
PUBLISHED = {
    (512, 0.0): (1.0, 50.0, 47.6, 6.1, 8.2), (512, 0.001): (1.6, 50.0, 47.6, 6.3, 8.5),
    (512, 0.005): (10.9, 50.0, 47.8, 6.3, 8.8), (512, 0.01): (41.7, 50.0, 47.8, 6.6, 8.8),
    (768, 0.0): (1.0, 50.0, 43.2, 6.2, 6.0), (768, 0.001): (1.8, 50.0, 43.2, 6.5, 6.0),
    (768, 0.005): (28.7, 50.0, 43.2, 6.6, 6.6), (768, 0.01): (50.0, 50.0, 43.9, 7.0, 6.9),
    (900, 0.0): (1.0, 50.0, 45.0, 6.4, 5.0), (900, 0.001): (1.8, 50.0, 45.0, 6.3, 5.1),
    (900, 0.005): (50.0, 50.0, 45.2, 6.7, 5.9), (900, 0.01): (50.0, 50.0, 45.6, 7.0, 6.5),
}


def run(make, peers, failure, seed):
    """(rounds, distance of the final mean from the true one)"""
    random = LegacyRandom(seed)
    values = [random.normal() for _ in range(peers)]
    truth, averager, iteration = averagers.mean(values), make(), 0
    while iteration < ROUNDS_MAX:
        iteration += 1
        alive = [random.uniform() >= failure for _ in range(peers)]
        values = averager.round(values, alive, iteration, random)
        centre = averagers.mean(values)
        if averagers.mean([(value - centre) ** 2 for value in values]) < TARGET:
            break
    return iteration, abs(centre - truth)


def over_seeds(make, peers, failure, seeds):
    runs = [run(make, peers, failure, seed) for seed in range(seeds)]
    return averagers.mean([r[0] for r in runs]), averagers.mean([r[1] for r in runs])


def row(peers, failure, seeds):
    simple = (averagers.AllReduce, lambda: averagers.Ring(peers), lambda: averagers.NotebookSgp(peers),
              lambda: averagers.RandomGroups(SIDE))
    measured = [over_seeds(make, peers, failure, seeds) for make in simple]
    # A placement is kept over the seeds, as in the notebook.
    places = [over_seeds(lambda p=placement: averagers.Moshpit(peers, SIDE, LegacyRandom(1000 + p)), peers, failure,
                         seeds) for placement in range(PLACEMENTS)]
    push = [over_seeds(lambda c=count: averagers.PushSum(peers, c), peers, failure, seeds) for count in (2, 1)]
    return measured, [place[0] for place in places], push


def flags():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", metavar="N", type=bench.positive, default=10, help="runs of each (default: 10)")
    return parser.parse_args()


def main():
    given = flags()
    rows, drift, worst = [], [], 0.0
    for (peers, failure), published in PUBLISHED.items():
        measured, places, push = row(peers, failure, given.seeds)
        means = [m[0] for m in measured] + [averagers.mean(places)]
        worst = max([worst] + [abs(ours - theirs) for ours, theirs in zip(means, published)])
        cells = [f"{ours:.1f} / {theirs:.1f}" for ours, theirs in zip(means, published)]
        cells[-1] += f" ({min(places):.1f} to {max(places):.1f})"
        rows.append([peers, f"{100 * failure:g} %"] + cells + [f"{p[0]:.1f}" for p in push])
        drift.append([peers, f"{100 * failure:g} %", f"{measured[2][1]:.1e}", f"{push[0][1]:.1e}",
                      f"{push[1][1]:.1e}"])
    print("Rounds, measured / published:\n")
    print(bench.table(["peers", "p", "all-reduce", "gossip, ring", '"SGP" of the notebook', "random groups",
                       "Moshpit (placements)", "push-sum, 2 peers", "push-sum, 1 peer"], rows))
    print("Distance of what they agree on from the true mean:\n")
    print(bench.table(["peers", "p", '"SGP" of the notebook', "push-sum, 2 peers", "push-sum, 1 peer"], drift))
    print(f"Greatest difference from a published value: {worst:.2f} rounds.")


if __name__ == "__main__":
    sys.exit(main())
