#!/usr/bin/env python3
"""CHOCO against compressing the replicas themselves: 9 peers on a ring agree on 2,000 numbers.

  python3 benchmarks/gossip/choco.py           # prints a table, writes docs/figures/choco.svg

Measures: mean squared distance of the peers from their average, round after round, without any gradients. The
rules are those of algorithms/gossip/choco.cpp, computed here in Python, because the program runs CHOCO only;
its `contraction_per_round` with the same options is printed beside the slope of the curve. Naive: x_i <- x_i +
sum_j W_ij (C(x_j) - C(x_i)). Weights 1/3. Steps and codes of the authors' scripts: top-20 of 2,000 with 0.04,
random-20 with 0.01 (Koloskova, Stich, Jaggi, ICML 2019, arXiv:1902.00340, consensus experiment).
"""
import math
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import bench  # noqa: E402
import svg  # noqa: E402

PEERS, NUMBERS, KEPT, EVERY = 9, 2000, 20, 25


def top(values, _random):
    """The 20 largest, as {index: value}."""
    kept = sorted(range(len(values)), key=lambda i: -abs(values[i]))[:KEPT]
    return {i: values[i] for i in kept}


def some(values, source):
    return {i: values[i] for i in source.sample(range(len(values)), KEPT)}


def spread(replicas):
    total = 0.0
    for column in zip(*replicas):
        centre = sum(column) / PEERS
        total += sum((value - centre) ** 2 for value in column)
    return total / (PEERS * NUMBERS)


def neighbours(i):
    return ((i - 1) % PEERS, (i + 1) % PEERS)


def choco_round(x, public, mixed, code, gamma, source):
    sent = [code([a - p for a, p in zip(x[i], public[i])], source) for i in range(PEERS)]
    for i in range(PEERS):
        for k, value in sent[i].items():
            public[i][k] += value
        for j in (i, *neighbours(i)):
            for k, value in sent[j].items():
                mixed[i][k] += value / 3
        x[i] = [a + gamma * (s - p) for a, s, p in zip(x[i], mixed[i], public[i])]


def naive_round(x, code, gamma, source):
    sent = [code(replica, source) for replica in x]
    for i in range(PEERS):
        for j in neighbours(i):
            for k, value in sent[j].items():
                x[i][k] += gamma * value / 3
            for k, value in sent[i].items():
                x[i][k] -= gamma * value / 3


def run(kind, code, gamma, rounds):
    """[(round, spread over the spread at the start)]"""
    source = random.Random(1)
    x = [[source.gauss(0, 1) for _ in range(NUMBERS)] for _ in range(PEERS)]
    public = [[0.0] * NUMBERS for _ in x]
    mixed = [[0.0] * NUMBERS for _ in x]
    start = spread(x)
    points = [(0, 1.0)]
    for index in range(1, rounds + 1):
        if kind == "choco":
            choco_round(x, public, mixed, code, gamma, source)
        else:
            naive_round(x, code, gamma, source)
        if index % EVERY == 0:
            points.append((index, spread(x) / start))
    return points


def slope(points):
    """Contraction of the norm a round, over the second half of the rounds."""
    (first, before), (last, after) = points[len(points) // 2], points[-1]
    return math.exp(0.5 * math.log(after / before) / (last - first))


def draw(curves, rounds, path):
    drawing = svg.Drawing(720, 430, "CHOCO against naive compression")
    drawing.text(60, 24, "Compressed gossip: differences, or the replicas themselves", 16, bold=True)
    drawing.text(60, 44, "9 peers on a ring, 20 of 2,000 numbers sent a round. Distance from agreement, lower is "
                 "better:", 12, colour=svg.SOFT)
    drawing.text(60, 60, "CHOCO goes on at a constant rate, naive compression stops at a floor.", 12,
                 colour=svg.SOFT)
    low = min(value for points in curves.values() for _, value in points) / 2
    y = svg.Scale(low, 2, 380, 80)
    for power in range(math.ceil(math.log10(low)), 1):
        drawing.line(60, y(10.0 ** power), 520, y(10.0 ** power))
        drawing.text(54, y(10.0 ** power) + 4, f"1e{power}", 10, "end", svg.SOFT)
    for part in range(5):
        x = 60 + 460 * part / 4
        drawing.line(x, 380, x, 80)
        drawing.text(x, 394, str(rounds * part // 4), 10, "middle", svg.SOFT)
    drawing.text(60, 416, "rounds", 11, colour=svg.SOFT)
    drawing.text(16, 230, "mean squared distance, of the start", 11, "middle", svg.SOFT, turn=-90)
    for index, (label, points) in enumerate(curves.items()):
        colour = svg.PALETTE[index // 2]
        dashes = "5,3" if index % 2 else ""
        drawing.curve([(60 + 460 * k / rounds, y(value)) for k, value in points], colour, 1.8, dashes)
        drawing.line(532, 96 + 20 * index, 558, 96 + 20 * index, colour, 2, dashes)
        drawing.text(564, 100 + 20 * index, label, 11)
    drawing.save(path)


def main():
    parser = bench.parser(__doc__)
    parser.add_argument("--rounds", metavar="N", type=bench.positive, default=4000, help="rounds (default: 4000)")
    parser.add_argument("--out", metavar="DIR", default=os.path.join(bench.ROOT, "docs", "figures"),
                        help="where choco.svg goes (default: docs/figures)")
    given = parser.parse_args()
    murm = bench.Murm(given.murm)
    curves, rows = {}, []
    for name, code, gamma in (("top-k", top, 0.04), ("random-k", some, 0.01)):
        # The largest share of the neighbours' numbers that plain gossip takes is what the naive rule is given.
        for kind, step in (("choco", gamma), ("naive", 1.0)):
            points = run(kind, code, step, given.rounds)
            curves[f"{kind}, {name}"] = points
            ours = "-"
            if kind == "choco":
                report = murm.simulate("examples/quadratic.toml", {
                    "model.kind": "consensus", "model.dim": NUMBERS, "job.samples": PEERS * given.rounds,
                    "algorithm.name": "choco", "algorithm.consensus_step": gamma, "compression.name": name,
                    "compression.ratio": KEPT / NUMBERS}, workers=PEERS)
                ours = f"{report['consensus']['contraction_per_round']:.5f}"
            rows.append([f"{kind}, {name}", f"{step:g}", f"{points[len(points) // 2][1]:.1e}", f"{points[-1][1]:.1e}",
                         f"{slope(points):.5f}", ours])
    os.makedirs(given.out, exist_ok=True)
    draw(curves, given.rounds, os.path.join(given.out, "choco.svg"))
    print(bench.table(["", "step", f"squared distance after {given.rounds // 2} rounds", f"after {given.rounds}",
                       "norm, factor a round", "the same in `murm simulate`"], rows))


if __name__ == "__main__":
    sys.exit(main())
