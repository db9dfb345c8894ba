"""NumPy's legacy random streams (`numpy.random.seed` and what follows) without NumPy: the same numbers.

The published notebook seeds them, so the same seeds give the same failures and the same start. Mersenne
Twister with init_genrand (Matsumoto and Nishimura 1998), the polar method, and shuffles by masked rejection, as
in NumPy's mtrand and legacy-distributions.
"""
import math
import random


class LegacyRandom:
    def __init__(self, seed):
        word, state = seed & 0xFFFFFFFF, []
        for index in range(624):
            state.append(word)
            word = (1812433253 * (word ^ (word >> 30)) + index + 1) & 0xFFFFFFFF
        self.twister = random.Random()
        self.twister.setstate((3, tuple(state + [624]), None))
        self.spare = None

    def uniform(self):
        return self.twister.random()

    def normal(self):
        if self.spare is not None:
            value, self.spare = self.spare, None
            return value
        while True:
            x, y = 2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0
            square = x * x + y * y
            if 0.0 < square < 1.0:
                break
        factor = math.sqrt(-2.0 * math.log(square) / square)
        self.spare = factor * x
        return factor * y

    def interval(self, most):
        """From 0 to `most`, both possible."""
        if most == 0:
            return 0
        mask = (1 << most.bit_length()) - 1
        while (value := self.twister.getrandbits(32) & mask) > most:
            pass
        return value

    def shuffle(self, values):
        for last in range(len(values) - 1, 0, -1):
            other = self.interval(last)
            values[last], values[other] = values[other], values[last]
