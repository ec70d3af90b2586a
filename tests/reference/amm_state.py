"""The vAMM's curve and state: docs/math/amm.md, sections Curve and Capital."""

from math import isqrt
from exact import BASE, LONG, PPM, Refused, down, i64, u64, up, value_up

FIELDS = """base_reserve quote_reserve sqrt_k peg base quote capital inventory_limit concentration base_spread max_spread
inventory_spread max_fill_fraction margin update_budget flat_share update_price long_flow short_flow budget budget_time
peak_equity peak_time volatility_factor retreat_factor leverage_spread revenue_spread drawdown_limit jit_share depth_step
floor_equity unbudgeted listed_sqrt_k lag price twap_5m deviation slot_price"""


class State:
    """A vAMM and the row that it looks at."""

    __slots__ = FIELDS.split()

    def __init__(self, *values):
        for name, value in zip(self.__slots__, values):
            setattr(self, name, value)

    @property
    def net(self):
        """Users' net base."""
        return -self.base

    def mid(self):
        return u64(down(self.quote_reserve * self.peg, self.base_reserve))

    def equity(self, price):
        return i64(self.quote + down(self.base * price, BASE))

    def required(self, price):
        return up(value_up(abs(self.base), price) * self.margin, PPM)

    def spare(self, price):
        return max(0, self.equity(price) - self.required(price))

    def reduces(self, side):
        return self.base > 0 if side == LONG else self.base < 0

    def held_to(self, side):
        """The oracle's price that a taker is held to: the worse of the slot's first and its last; zero before any."""
        if self.update_price == 0:
            return 0
        first = self.slot_price or self.update_price
        return max(first, self.update_price) if side == LONG else min(first, self.update_price)

    def inventory(self):
        return share(abs(self.base), self.inventory_limit)


def share(part, whole):
    """part / whole in parts per million, up, at most one million; nothing of nothing is zero."""
    if part >= whole:
        return PPM if part else 0
    return up(part * PPM, whole)


def reserve(sqrt_k, base):
    """The quote reserve of a base reserve."""
    return u64(down(sqrt_k * sqrt_k, base))


def trade(base, quote, sqrt_k, peg, side, size):
    """Base and quote reserve after a trade, and what the taker pays or gets."""
    if side == LONG and size >= base:
        raise Refused("AmmNoCapacity")
    after = base - size if side == LONG else base + size
    left = reserve(sqrt_k, u64(after))
    if side == LONG:
        return after, left, u64(down((left - quote + 1) * peg, BASE) + 1)
    return after, left, u64(down(max(0, quote - left) * peg, BASE))


def size_to(base, sqrt_k, peg, side, price):
    """Size that moves the marginal price to a price."""
    if price == 0:
        raise Refused("InvalidPrice")
    target = isqrt(down(sqrt_k * sqrt_k * peg, price))
    return max(0, base - target) if side == LONG else max(0, target - base)


def bounds(base, net, concentration):
    centre = base + net
    return up(centre * PPM, concentration), down(centre * concentration, PPM)


def scaled(base, old, new):
    """Base reserve of the same inventory at another depth."""
    ratio = down(new * BASE, old) + (1 if new < old else 0)
    return down(base * ratio, BASE)


def closing(base, quote, sqrt_k, peg, net):
    """What closing users' net base moves to them."""
    if net == 0:
        return 0
    if net > 0:
        return trade(base, quote, sqrt_k, peg, 1, net)[2]
    return -trade(base, quote, sqrt_k, peg, 0, -net)[2]


def edge(**changes):
    """A plain vAMM of 1,000 base at 2,000, short 10, with what a case changes."""
    plain = {
        "base_reserve": 990 * BASE, "quote_reserve": reserve(1_000 * BASE, 990 * BASE), "sqrt_k": 1_000 * BASE, "peg": 1_960_000_000,
        "base": -10 * BASE, "quote": 30_000 * PPM, "capital": 10_000 * PPM, "inventory_limit": 40 * BASE, "concentration": 1_414_200,
        "base_spread": 1_000, "max_spread": 50_000, "inventory_spread": 2_000, "max_fill_fraction": 100, "margin": 100_000,
        "update_budget": 500_000, "flat_share": 100_000, "listed_sqrt_k": 1_000 * BASE, "price": 2_000 * PPM, "twap_5m": 2_000 * PPM,
        "peak_equity": 10_000 * PPM, "peak_time": 1_800_000_000,
    }
    plain.update(changes)
    return [plain.get(name, 0) for name in State.__slots__]


def draw_state(r):
    """A vAMM near the oracle with some inventory, most causes of its spread at work or not."""
    sqrt_k = r.pick(10**12, 10**13, 10**15, 10**9 * (1 + r.bits(22)), 1 + 10**9 + r.bits(57))
    limit = max(1, sqrt_k // r.pick(2, 5, 10, 50, 1000))
    base = 0 if r.chance(0.12) else r.signed(min(sqrt_k - 1, r.pick(limit, r.bits(limit.bit_length()), r.near(limit))))
    net = -base
    drift = r.pick(0, 0, 0, r.flat(-sqrt_k // 500, sqrt_k // 500))
    reserve_base = max(sqrt_k // 8 + 1, sqrt_k - net + drift)
    reserve_quote = sqrt_k * sqrt_k // reserve_base
    price = 1 + r.bits(33) if r.chance(0.7) else r.pick(10**6, 60_000 * 10**6, 150 * 10**6, 3)
    peg = max(1, price * reserve_base // max(1, reserve_quote))
    peg = r.pick(peg, peg, max(1, r.about(peg, 30_000)), max(1, r.near(peg)))
    value = abs(base) * price // BASE
    margin = r.pick(0, 20_000, 100_000, 333_334, r.ppm())
    equity = r.pick(value // 5, value, value * margin // PPM, r.bits(40), 10**11)
    equity = r.pick(equity, equity, r.near(equity), -equity)
    twap = r.pick(price, price, max(1, r.about(price, 40_000)))
    quote = equity - base * price // BASE
    peak = r.pick(equity, r.about(abs(equity), 100_000), r.near(abs(equity)), r.bits(42), equity + r.bits(30))
    drawdown = r.pick(0, 300_000, r.ppm())
    floor = r.pick(peak - max(0, peak) * drawdown // PPM, equity, r.near(equity, -2**62), peak)
    budget = r.pick(0, r.bits(20), r.bits(38), max(0, equity) // 2)
    flow = r.pick(limit, limit // 16, 1)
    spread = r.pick(0, 1, 500, 1_000, r.ppm(50_000))
    factor = lambda: r.pick(0, 500_000, 1_000_000, r.ppm(10_000_000))
    wide = r.pick(50_000, 1_000_000, r.ppm(99_999) + 1)
    last = r.pick(0, price, price, r.near(price, 1), r.about(price, 20_000))
    first = r.pick(last, last, r.near(last, 1), max(1, r.about(price, 20_000))) if last else 0
    return [
        reserve_base, reserve_quote, sqrt_k, peg, base, quote, max(0, r.pick(equity, r.bits(40))), r.pick(limit, limit, abs(base), 0),
        r.pick(1_414_200, 1_000_001, r.flat(1_000_001, 1_414_200)), spread, wide, r.ppm(wide), r.pick(1, 2, 100, 1 + r.bits(12)), margin,
        r.pick(0, 1_000_000, 500_000, r.ppm()), r.ppm(500_000), last,
        r.pick(0, r.bits(50), flow, r.bits(flow.bit_length())), r.pick(0, r.bits(50), flow, r.bits(flow.bit_length())), budget,
        r.pick(0, 1_800_000_000, 1_799_998_000 + r.flat(0, 2_500)), peak, r.pick(0, 1_799_900_000, 1_800_000_000 - r.seconds(90_000)),
        factor(), factor(), r.pick(0, r.ppm(wide)), r.pick(0, r.ppm(wide)), drawdown, r.pick(0, 500_000, r.ppm()),
        r.pick(0, 1_000, 22_000, r.ppm(22_000)), floor, r.pick(0, r.bits(30), r.bits(45)),
        r.pick(sqrt_k, sqrt_k, r.about(sqrt_k, 20_000), sqrt_k * 4, sqrt_k + 1), r.pick(0, 0, r.signed(r.ppm()), r.signed(r.bits(24))),
        price, twap, r.pick(0, price // 500, r.bits(price.bit_length()), price), first,
    ]

