"""Integers with stated rounding, and the list of formulas.

Nothing here rounds by itself: `down`, `up` and `toward_zero` divide, and each formula names the one that docs/math does.
"""

U64 = 2**64 - 1
I64 = 2**63 - 1
PPM = 10**6
PPB = 10**9
BASE = 10**9
# Quote units per base are indices over this.
INDEX = 10**12
LONG, SHORT = 0, 1


class Refused(Exception):
    """The model's error that a formula ends with."""


def down(a, b):
    """a / b toward minus infinity."""
    if b == 0:
        raise Refused("DivisionByZero")
    return a // b


def up(a, b):
    """a / b toward plus infinity."""
    if b == 0:
        raise Refused("DivisionByZero")
    return -(-a // b)


def toward_zero(a, b):
    """a / b toward zero."""
    return a // b if a >= 0 else -(-a // b)


def u64(value):
    """A value that must fit an unsigned amount."""
    if not 0 <= value <= U64:
        raise Refused("Overflow")
    return value


def i64(value):
    """A value that must fit a signed amount."""
    if not -I64 - 1 <= value <= I64:
        raise Refused("Overflow")
    return value


def clamp(value, low, high):
    return low if value < low else high if value > high else value


def step_down(value, step):
    """To a multiple of the step; a step of zero leaves it."""
    return value - value % step if step else value


def step_up(value, step):
    return -(-value // step) * step if step else value


def value_up(size, price):
    return up(size * price, BASE)


def value_down(size, price):
    return down(size * price, BASE)


def accepts(side, limit, price):
    """Whether a taker with a limit takes a price."""
    return price <= limit if side == LONG else price >= limit


def better(side, a, b):
    """Whether a is the better price for a taker."""
    return a < b if side == LONG else a > b


class Formula:
    def __init__(self, name, subject, inputs, outputs, make, compute, edges):
        self.name, self.subject = name, subject
        self.inputs, self.outputs = inputs.split(), outputs.split()
        self.make, self.compute, self.edges = make, compute, edges

    def answer(self, args):
        """What the model must answer, in the words of the pipe."""
        try:
            return " ".join(map(str, self.compute(*args)))
        except Refused as refused:
            return "!" + str(refused)


FORMULAS = {}


def formula(name, inputs, outputs, make, edges=()):
    """Registers a formula: the names of its inputs and outputs, a maker of random inputs, and inputs of its edges."""

    def register(compute):
        subject = compute.__module__.rsplit(".", 1)[-1]
        assert name not in FORMULAS, name
        FORMULAS[name] = Formula(name, subject, inputs, outputs, make, compute, edges)
        for edge in edges:
            assert len(edge) == len(FORMULAS[name].inputs), (name, edge)
        return compute

    return register
