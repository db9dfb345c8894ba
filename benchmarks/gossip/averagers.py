"""Averaging protocols with peers that miss a round: one number a peer, one call a round.

Each takes the numbers, who is there, the round (from 1) and the random stream, and gives new numbers. A peer
that misses a round keeps its number and gives it to nobody. The first five are those of the published
notebook's averager.py (Ryabinin et al. 2021); `PushSum` is Kempe, Dobra and Gehrke 2003 on SGP's graph.
"""
import math


def mean(values):
    return math.fsum(values) / len(values)


def averaged(values, groups):
    result = list(values)
    for group in groups:
        if group:
            of_group = mean([values[i] for i in group])
            for i in group:
                result[i] = of_group
    return result


class AllReduce:
    """All or nothing: a round with anybody missing changes no number."""

    def round(self, values, alive, _iteration, _random):
        return [mean(values)] * len(values) if all(alive) else values


class RowAverage:
    """A peer takes the plain mean of the numbers that reach it: rows are normalised, columns are not."""

    def round(self, values, alive, iteration, _random):
        rows = self.sources(iteration)
        result = list(values)
        for i, row in enumerate(rows):
            if alive[i]:
                there = [values[j] for j in row if alive[j]]
                result[i] = sum(there) / len(there)
        return result


class Ring(RowAverage):
    def __init__(self, n):
        self.rows = [(i, (i - 1) % n, (i + 1) % n) for i in range(n)]

    def sources(self, _iteration):
        return self.rows


class NotebookSgp(RowAverage):
    """What the notebook calls SGP: no push-sum weights. Its matrices are shifted as flat arrays, so an edge
    that leaves a row at its end begins in the next row; kept as it is."""

    def __init__(self, n):
        self.turns = []
        for power in range(int(math.floor(math.log2(n - 1)))):
            rows = [[i] for i in range(n)]
            for shift in (2 ** power, 2 ** (power + 1)):
                for i in range(n):
                    row, column = divmod((i * n + i + shift) % (n * n), n)
                    rows[row].append(column)
            self.turns.append(rows)

    def sources(self, iteration):
        return self.turns[iteration % len(self.turns)]


class RandomGroups:
    def __init__(self, size):
        self.size = size

    def round(self, values, alive, _iteration, random):
        there = [i for i, is_there in enumerate(alive) if is_there]
        random.shuffle(there)
        count = len(there) // self.size
        groups = [there[g * self.size:(g + 1) * self.size] for g in range(count)]
        for position in range(self.size * count, len(there)):
            groups[position % count].append(there[position])
        return averaged(values, groups)


class Moshpit:
    """Peers at random places of a grid; round k averages along axis k mod 2 of it."""

    def __init__(self, n, side, random):
        places = list(range(side * side))
        random.shuffle(places)
        self.places = [divmod(place, side) for place in places[:n]]
        self.side = side

    def round(self, values, alive, iteration, _random):
        groups = [[] for _ in range(self.side)]
        along = iteration % 2  # the axis that is averaged away; peers of a group agree in the other
        for i, place in enumerate(self.places):
            if alive[i]:
                groups[place[1 - along]].append(i)
        return averaged(values, groups)


class PushSum:
    """Numbers x and weights w, both split evenly among the receivers that are there and the sender itself; x / w
    is what counts. Column sums are 1, so both totals stay, and the numbers agree on the true mean."""

    def __init__(self, n, peers):
        turns = max(1, math.ceil(math.log2(n)) - peers + 1)
        self.hops = [[2 ** (turn + peer) for peer in range(peers)] for turn in range(turns)]
        self.weights = [1.0] * n

    def round(self, values, alive, iteration, _random):
        n, hops = len(values), self.hops[iteration % len(self.hops)]
        x, w = [0.0] * n, [0.0] * n
        for i, weight in enumerate(self.weights):
            targets = [i]
            if alive[i]:
                targets += [j for j in ((i + hop) % n for hop in hops) if alive[j]]
            for j in targets:
                x[j] += values[i] * weight / len(targets)
                w[j] += weight / len(targets)
        self.weights = w
        return [number / weight for number, weight in zip(x, w)]
