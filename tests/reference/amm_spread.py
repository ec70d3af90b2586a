"""The half spread of the vAMM: docs/math/amm.md, section Spread."""

from amm_state import FIELDS, State, draw_state, edge, share
from exact import LONG, PPM, formula, u64, up, value_up

LEAST_WEIGHT = 200_000


def volatility(s, side):
    if s.volatility_factor == 0 or s.deviation == 0:
        return 0
    quiet = s.inventory_limit // 16 + 1
    own = s.long_flow if side == LONG else s.short_flow
    weight = max(LEAST_WEIGHT, 2 * share(own + quiet, s.long_flow + s.short_flow + 2 * quiet))
    return up(up(s.volatility_factor * share(s.deviation, s.price), PPM) * weight, PPM)


def retreat(s, side):
    ahead = s.lag > 0 if side == LONG else s.lag < 0
    return up(s.retreat_factor * min(PPM, abs(s.lag)), PPM) if ahead else 0


def leverage(s):
    if s.leverage_spread == 0:
        return 0
    equity = s.equity(s.price)
    used = PPM if equity <= 0 else min(PPM, up(value_up(abs(s.base), s.price) * s.margin, equity))
    return up(s.leverage_spread * used, PPM)


def drawdown(s, inventory):
    equity = s.equity(s.price)
    if s.revenue_spread == 0 or equity >= s.peak_equity:
        return 0
    lost = share(s.peak_equity - equity, max(0, s.peak_equity - s.floor_equity))
    return up(up(s.revenue_spread * lost, PPM) * (PPM + inventory), 2 * PPM)


def inner(s, side):
    """What no row changes."""
    enlarges = s.base != 0 and not s.reduces(side)
    added = up(s.inventory_spread * s.inventory(), PPM) if enlarges else 0
    return min(s.max_spread, s.base_spread // 2 + added) if enlarges else s.base_spread // 2


def spread(s, side):
    enlarges = s.base != 0 and not s.reduces(side)
    inventory = s.inventory() if enlarges else 0
    total = s.base_spread // 2 + up(s.inventory_spread * inventory, PPM)
    total += volatility(s, side) + retreat(s, side) + (leverage(s) if enlarges else 0)
    total += drawdown(s, inventory)
    return min(s.max_spread, total)


# Inventories and flows of which a million times have more than 64 bits; shares that end in a fraction.
LARGE = [
    (*edge(base=sign * (3 * 10**16 + 1), inventory_limit=10**17 + part, long_flow=2 * 10**16, short_flow=10**16 + part, volatility_factor=777_777,
           deviation=2 * PPM + part, quote=2 * 10**13, inventory_spread=49_999), side)
    for sign in (1, -1) for side in (0, 1) for part in (1, 7)
] + [
    (*edge(base=3 * 10**16 + 1, inventory_limit=10**17 + 1, long_flow=2 * 10**16, short_flow=10**16 + part, volatility_factor=10_000_000,
           deviation=2_000 * PPM, quote=2 * 10**13, max_spread=40_000_000), side)
    for side in (0, 1) for part in range(4)
]


@formula("spread", FIELDS + " side", "spread inner", lambda r: (*draw_state(r), r.side()), LARGE)
def spreads(*args):
    s, side = State(*args[:-1]), args[-1]
    return spread(s, side), inner(s, side)


def held(s, side, price):
    """A price held to the oracle where it would be better for the taker."""
    oracle = s.held_to(side)
    if oracle == 0:
        return price
    return max(price, oracle) if side == LONG else min(price, oracle)


def widened(s, side, mid, half):
    mid = held(s, side, mid)
    if side == LONG:
        return u64(up(mid * (PPM + half), PPM))
    return mid * max(0, PPM - half) // PPM


@formula("touch", FIELDS, "bid ask bid_on ask_on bid_bound ask_bound", draw_state)
def touch(*args):
    s = State(*args)
    mid = s.mid()
    quotes = [widened(s, side, mid, half(s, side)) for half in (inner, spread) for side in (1, 0)]
    half = s.base_spread // 2
    return (*quotes, s.price * max(0, PPM - half) // PPM, up(s.price * (PPM + half), PPM))

