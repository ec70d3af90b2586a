"""What the vAMM trades, and at what price: docs/math/amm.md, sections Curve, Capital and drawdown, Beside a maker."""

from amm_spread import held, spread
from amm_state import FIELDS, State, bounds, closing, draw_state, edge, reserve, scaled, size_to, trade
from exact import BASE, LONG, PPM, U64, accepts, down, formula, i64, step_down, u64, up, value_down, value_up

CURVE = "base_reserve quote_reserve sqrt_k peg"


def carried(s, oracle):
    """Largest position that the equity carries."""
    equity = s.equity(oracle)
    if (s.drawdown_limit and equity < s.floor_equity) or equity <= 0 or s.margin == 0:
        return 0
    return min(U64, down(u64(equity * PPM // s.margin) * BASE, oracle))


def capacity(s, side, oracle, step):
    low, high = bounds(s.base_reserve, s.net, s.concentration)
    by_reserve = max(0, s.base_reserve - low) if side == LONG else max(0, high - s.base_reserve)
    by_fill = s.base_reserve // s.max_fill_fraction if s.max_fill_fraction else 0
    closes, holds = (abs(s.base), 0) if s.reduces(side) else (0, abs(s.base))
    opens = min(max(0, s.inventory_limit - holds), max(0, carried(s, oracle) - holds))
    return step_down(min(closes + opens, by_reserve, by_fill), step)


@formula(
    "capacity",
    FIELDS + " side step",
    "capacity drawn_down",
    lambda r: (*draw_state(r), r.side(), r.pick(1, 1, 1_000_000, 1 + r.bits(30))),
)
def capacities(*args):
    s, side, step = State(*args[:-2]), args[-2], args[-1]
    below = s.drawdown_limit != 0 and s.equity(s.price) < s.floor_equity
    return capacity(s, side, s.price, step), int(below)


def without_spread(side, price, half):
    if side == LONG:
        return price * PPM // (PPM + half)
    return u64(up(price * PPM, max(0, PPM - half)))


def quoted(s, side, size, limit, step):
    """Size, quote, reserves and surplus of a trade, None when none fits; limit 0 for none."""
    half = spread(s, side)
    whole = step_down(size, step)
    if whole == 0:
        return None
    size = whole
    if limit:
        plain = without_spread(side, limit, half)
        if plain == 0 or held(s, side, plain) != plain:
            return None
        fits = False
        if side != LONG or whole < s.base_reserve:
            base, quote, _ = trade(s.base_reserve, s.quote_reserve, s.sqrt_k, s.peg, side, whole)
            fits = accepts(side, plain, u64(down(quote * s.peg, base)))
        if not fits:
            size = step_down(min(whole, size_to(s.base_reserve, s.sqrt_k, s.peg, side, plain)), step)
            if size == 0:
                return None
    base, quote, curve = trade(s.base_reserve, s.quote_reserve, s.sqrt_k, s.peg, side, size)
    amount = curve
    if s.update_price:
        if side == LONG:
            amount = max(amount, u64(value_up(size, s.held_to(side))))
        else:
            amount = min(amount, u64(value_down(size, s.held_to(side))))
    if side == LONG:
        amount = u64(up(amount * (PPM + half), PPM))
    else:
        amount = amount * max(0, PPM - half) // PPM
    if limit and (amount > value_up(size, limit) if side == LONG else amount < value_down(size, limit)):
        return None
    return size, amount, base, quote, abs(amount - curve)


def booked(s, side, fill):
    """The vAMM after a trade with a taker on a side."""
    size, amount, base, quote, surplus = fill
    sign = -1 if side == LONG else 1
    flows = [s.long_flow, s.short_flow]
    flows[side] = min(U64, flows[side] + size)
    return base, quote, i64(s.base + sign * size), i64(s.quote - sign * amount), *flows, u64(s.unbudgeted + surplus), surplus


BOOKED = "base_reserve quote_reserve base quote long_flow short_flow unbudgeted earned"


def draw_quote(r):
    state = draw_state(r)
    s = State(*state)
    side = r.side()
    limit = r.pick(0, s.price, r.about(s.price, 3_000), r.about(s.price, 60_000), r.near(s.price, 1))
    size = r.pick(r.bits(s.sqrt_k.bit_length() - 3), s.base_reserve // 100, r.near(s.base_reserve), 1 + r.bits(20), abs(s.base))
    return (*state, side, size, limit, r.pick(1, 1, 1_000_000, 1 + r.bits(24)))


@formula("quote", FIELDS + " side size limit step", "size amount " + BOOKED, draw_quote)
def quote(*args):
    s, (side, size, limit, step) = State(*args[:-4]), args[-4:]
    fill = quoted(s, side, size, limit, step)
    return (0,) if fill is None else (fill[0], fill[1], *booked(s, side, fill))


def join_size(s, side, maker_size, wanted, price, step):
    if s.jit_share == 0 or not s.reduces(side):
        return 0
    most = step_down(min(maker_size * s.jit_share // PPM, wanted, abs(s.base)), step)
    if most == 0:
        return 0
    plain = without_spread(side, price, spread(s, side))
    if plain == 0 or not accepts(side, plain, s.price) or not accepts(side, plain, s.held_to(side)):
        return 0
    return step_down(min(most, capacity(s, side, s.price, step), size_to(s.base_reserve, s.sqrt_k, s.peg, side, plain)), step)


def at_price(s, side, size, price):
    base, quote_reserve, curve = trade(s.base_reserve, s.quote_reserve, s.sqrt_k, s.peg, side, size)
    amount = u64(value_up(size, price)) if side == LONG else u64(value_down(size, price))
    return size, amount, base, quote_reserve, max(0, amount - curve if side == LONG else curve - amount)


def draw_join(r):
    state = draw_state(r)
    s = State(*state)
    side = r.pick(LONG if s.base > 0 else 1, r.side())
    # The row's price has been seen before.
    state[FIELDS.split().index("update_price")] = s.update_price or s.price
    better_by = r.about(s.price, 60_000)
    price = r.pick(s.price, r.near(s.price, 1), better_by, s.price + s.price * s.max_spread // PPM, s.price - s.price * r.ppm(20_000) // PPM)
    size = r.pick(abs(s.base), r.bits(max(1, abs(s.base).bit_length() + 1)), s.base_reserve // 50)
    return (*state, side, size, r.pick(size, r.near(size), r.bits(50)), price, r.pick(1, 1, 1_000_000, 1 + r.bits(24)))


# It joins on the side that makes its position smaller alone, at a price of the oracle or better for it.
JOINS = [
    (*edge(base=base, quote=30_000 * PPM if base < 0 else -10_000 * PPM, base_reserve=1_000 * BASE + base, quote_reserve=reserve(1_000 * BASE, 1_000 * BASE + base),
           peg=2_000 * PPM, jit_share=share, sqrt_k=1_000 * BASE), side, 4 * BASE, 3 * BASE, price * PPM, 1_000)
    for base in (-10 * BASE, 10 * BASE) for side in (0, 1) for share in (0, 500_000) for price in (1_900, 1_999, 2_001, 2_100)
]


def join_edge(long, last, first, price):
    """A vAMM with a mid of 2,000 less or more a hundredth, ten of base, and no spread."""
    side, sign = (LONG, 1) if long else (1, -1)
    base = (1_000 + 10 * sign) * BASE
    state = edge(
        base_reserve=base, quote_reserve=reserve(1_000 * BASE, base), base=10 * BASE * sign, quote=50_000 * PPM if long else 90_000 * PPM,
        base_spread=0, jit_share=1_000_000, update_price=last, slot_price=first, peg=2_019_000_000 if long else 1_981_000_000,
    )
    return (*state, side, BASE, BASE, price, 1)


@formula(
    "join",
    FIELDS + " side maker_size wanted auction_price step",
    "size amount " + BOOKED,
    draw_join,
    # The row says 2,000: its price, the last one seen and the slot's first, each a unit off.
    [join_edge(long, 2_000 * PPM + last, 2_000 * PPM + first, 2_000 * PPM + price)
     for long in (0, 1) for last, first in ((0, 0), (0, 1), (0, -1), (1, 1), (-1, -1)) for price in (-1, 0, 1)]
    + JOINS,
)
def join(*args):
    s, (side, maker_size, wanted, price, step) = State(*args[:-5]), args[-5:]
    size = join_size(s, side, maker_size, wanted, price, step)
    if size == 0:
        return (0,)
    fill = at_price(s, side, size, price)
    return (size, fill[1], *booked(s, side, fill))


def draw_curve(r):
    s = State(*draw_state(r))
    side = r.side()
    size = r.pick(r.bits(s.sqrt_k.bit_length() - 2), r.near(s.base_reserve), 1 + r.bits(20))
    depth = r.pick(s.sqrt_k + 1, r.about(s.sqrt_k, 30_000), max(1, s.sqrt_k - 1), s.sqrt_k)
    return s.base_reserve, s.quote_reserve, s.sqrt_k, s.peg, side, size, s.net, s.concentration, max(1, r.about(s.price, 50_000)), depth


@formula(
    "curve",
    CURVE + " side size net concentration price depth",
    "mid terminal low high to_price scaled_base k_cost closing traded_base traded_quote amount",
    draw_curve,
)
def curve(base, quote_reserve, sqrt_k, peg, side, size, net, concentration, price, depth):
    low, high = bounds(base, net, concentration)
    other = scaled(base, sqrt_k, depth)
    now = closing(base, quote_reserve, sqrt_k, peg, net)
    return (
        u64(down(quote_reserve * peg, base)),
        reserve(sqrt_k, base + net),
        low,
        high,
        size_to(base, sqrt_k, peg, side, price),
        other,
        closing(other, reserve(depth, other), depth, peg, net) - now,
        now,
        *trade(base, quote_reserve, sqrt_k, peg, side, size),
    )

