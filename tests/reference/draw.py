"""Random inputs: spread over magnitudes, with edges and near misses among them."""

import random
from exact import BASE, PPM


class Draw(random.Random):
    """A source of inputs."""

    def bits(self, most):
        """Up to so many bits, each magnitude as likely as the next."""
        return self.getrandbits(1 + int(self.random() * most))

    def between(self, low, high):
        """Over the magnitudes above the low end, and sometimes an end."""
        roll = self.random()
        if roll < 0.06:
            return low
        if roll < 0.12:
            return high
        span = high - low
        if span <= 0:
            return low
        return low + self.bits(span.bit_length()) % (span + 1)

    def flat(self, low, high):
        """Evenly between the ends."""
        return low + int(self.random() * (high - low + 1))

    def chance(self, share):
        return self.random() < share

    def pick(self, *options):
        return options[int(self.random() * len(options))]

    def near(self, value, low=0):
        """A value by a few units off, often the value itself."""
        return max(low, value + self.pick(-2, -1, -1, 0, 0, 0, 1, 1, 2))

    def about(self, value, ppm):
        """Within so many parts per million of a value."""
        return max(0, value + value * self.flat(-ppm, ppm) // PPM)

    def side(self):
        return self.getrandbits(1)

    def ppm(self, most=PPM):
        roll = self.random()
        if roll < 0.08:
            return 0
        if roll < 0.14:
            return most
        return self.flat(0, most) if roll < 0.5 else self.bits(most.bit_length()) % (most + 1)

    def price(self):
        """From a thousandth of a cent to a million dollars, round ones among them."""
        roll = self.random()
        if roll < 0.1:
            return self.flat(1, 100)
        if roll < 0.3:
            return 10 ** self.flat(0, 11)
        return 1 + self.bits(39)

    def size(self, most=55):
        """Base: round ones among them."""
        roll = self.random()
        if roll < 0.06:
            return self.flat(0, 3)
        if roll < 0.2:
            return self.flat(1, 1000) * BASE
        return self.bits(most)

    def signed(self, value):
        return value if self.getrandbits(1) else -value

    def seconds(self, most):
        """Elapsed time: minutes and hours among them."""
        roll = self.random()
        if roll < 0.3:
            return min(most, self.near(self.pick(0, 30, 60, 300, 3600, 43200, 86400)))
        return self.between(0, most)
