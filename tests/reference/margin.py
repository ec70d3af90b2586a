"""Ratios, weights, margins and trades of positions: docs/math/margin.md."""

from math import isqrt

from exact import BASE, I64, INDEX, PPM, Refused, U64, clamp, formula, i64, toward_zero, u64, up, value_up
from expiry import EXPIRY, draw_expiry, forecast
from prices import JUMP, LIQUIDATE, values

INITIAL, FILL, MAINTENANCE = 0, 1, 2
U32 = 2**32 - 1


def root_part(size, factor):
    return isqrt(10 * size + 1) * factor // 100_000


def with_premium(ratio, size, premium):
    if premium == 0 or size == 0:
        return ratio
    return max(ratio, min(PPM, ratio * 4 // 5 + root_part(size, premium)))


def ratio(kind, initial, maintenance, premium, size, own):
    first = with_premium(initial, size, premium)
    second = with_premium(maintenance, size, premium)
    if kind == INITIAL:
        return max(first, own)
    return second if kind == MAINTENANCE else (first + second) // 2


def draw_ratio(r):
    maintenance = r.pick(5_000, 50_000, r.flat(5_000, 500_000))
    initial = min(PPM, maintenance + 1 + r.bits(18))
    premium = r.pick(0, 1, 2, 50, r.flat(0, 1_000), r.bits(16))
    # Where the premium begins to bind.
    edge = ((maintenance - maintenance * 4 // 5) * 100_000 // max(1, premium)) ** 2 // 10
    size = r.pick(r.size(63), min(U64, r.near(edge)), min(U64, r.about(edge, 10)), U64, r.bits(64))
    return r.flat(0, 2), initial, maintenance, premium, size, r.pick(0, 0, initial, PPM, r.ppm())


@formula("ratio", "kind initial maintenance size_premium size own", "ratio", draw_ratio)
def ratios(*args):
    return (ratio(*args),)


def draw_weight(r):
    return r.ppm(), r.pick(0, 1, 1_000, r.bits(20)), r.pick(r.size(64), U64, r.bits(64)), r.pick(0, r.bits(50)), r.bits(52), r.ppm(2_000_000)


@formula(
    "weights",
    "weight factor size start held liability",
    "asset liability scaled fill",
    draw_weight,
    [(PPM, 1_000, 4 * 10**18, 0, 0, 1_100_000), (PPM, 1_000, U64, 100, 101, 1_100_000), (900_000, 0, U64, 100, 100, 1_100_000)],
)
def weights(weight, factor, size, start, held, liability):
    asset, owed = weight, liability
    if factor:
        part = root_part(size, factor)
        asset = min(weight, 1_100_000 * PPM // (PPM + part))
        owed = max(liability, liability * 4 // 5 + part)
        if liability * 4 // 5 + part > U32:
            raise Refused("Overflow")
    scaled = weight if start == 0 or held <= start else weight * start // held
    return asset, owed, scaled, (weight + liability) // 2


def jump_price(price, average, limit):
    """The price held within the jump limit of the average."""
    return clamp(price, up(average * max(0, PPM - limit), PPM), average * (PPM + limit) // PPM)


MARGIN = """kind liquidate jumping price average jump_limit initial maintenance size_premium base quote bids asks own at to
tokens token_price token_average decimals initial_weight maintenance_weight """ + EXPIRY


def draw_margin(r):
    price = 1 + r.bits(34)
    average = r.pick(price, max(1, r.about(price, 5_000)), max(1, r.about(price, 200_000)))
    jump = r.pick(0, 0, 1)
    maintenance = r.pick(5_000, 50_000, r.flat(5_000, 300_000))
    base = r.signed(r.pick(0, r.size(44), r.size(50), 1))
    value = abs(base) * price // BASE
    token = r.pick(10**6, 10**6, 1 + r.bits(32))
    decimals = r.pick(6, 6, 9, 0, 12)
    open = lambda: r.pick(0, 0, abs(base), 2 * abs(base), r.near(2 * abs(base)), r.size(44))
    return (
        r.flat(0, 2), r.side(), jump, price, average, r.pick(50_000, r.flat(5_000, 500_000)), min(PPM, maintenance + 1 + r.bits(17)),
        maintenance, r.pick(0, 0, 2, 50, r.bits(10)), base, r.signed(r.pick(value, r.near(value), r.bits(44))), open(), open(),
        r.pick(0, 0, PPM, r.ppm()), r.signed(r.bits(36)), r.signed(r.bits(36)), r.bits(44), token,
        r.pick(token, max(1, r.about(token, 50_000))), decimals, r.pick(PPM, 900_000, r.ppm()), r.pick(PPM, 950_000, r.ppm()),
        *draw_expiry(r, price, 0.4),
    )


@formula(
    "margin",
    MARGIN,
    "collateral requirement liability unrealised",
    draw_margin,
    # What counts nothing may be worth more than any number holds.
    [(kind, 0, 0, 1, 1, 0, 5_000, 5_000, 0, 0, 7, 0, 0, 0, 0, 0, U64, 10**12, 10**12, 0, *weights, 0, 0, 0, 0) for kind in (0, 1, 2) for weights in ((0, 1), (1, 0))],
)
def margin(*args):
    """One position, and tokens of a bank beside it."""
    (kind, liquidate, jumping, price, average, jump_limit, initial, maintenance, size_premium, base, quote, bids, asks, own, at, to,
     tokens, token_price, token_average, decimals, initial_weight, maintenance_weight, *expiry) = args
    # Tokens: the lower price for initial margin, the weight of maintenance for maintenance alone.
    worth = min(token_price, token_average) if kind == INITIAL else token_price
    weight = maintenance_weight if kind == MAINTENANCE else initial_weight
    collateral = i64(u64(tokens * worth // 10**decimals) * weight // PPM) if weight else 0
    # The worse world of open orders: all bids, or all asks.
    worst = max(abs(base + bids), abs(base - asks))
    if worst == 0 and base == 0:
        counted = min(0, quote) if kind == INITIAL else quote
        return collateral + counted, 0, 0, quote
    if kind == INITIAL:
        high = max(price, average)
        mark, priced = (min(price, average) if base >= 0 else high), high
    else:
        mark = priced = jump_price(price, average, jump_limit) if liquidate and jumping else price
    mark, priced = forecast(mark, *expiry), forecast(priced, *expiry)
    funding = -(base * (to - at)) // INDEX
    profit = i64(quote + funding + base * mark // BASE)
    liability = u64(value_up(worst, priced))
    required = up(liability * ratio(kind, initial, maintenance, size_premium, worst, own), PPM)
    shown = i64(quote + funding + base * price // BASE)
    return collateral + (min(0, profit) if kind == INITIAL else profit), required, liability, shown


MAX_AGE = 10
LIQUIDATION = """price average jump_limit state age maintenance size_premium base quote bids asks at to tokens token_price token_average
token_limit token_state token_age decimals weight """ + EXPIRY


def draw_liquidation(r):
    price, token = 1 + r.bits(34), r.pick(10**6, 1 + r.bits(32))
    base = r.signed(r.pick(0, r.size(44), r.size(44), 1))
    value = abs(base) * price // BASE
    open = lambda: r.pick(0, 0, abs(base), r.near(2 * abs(base)), r.size(44))
    age = lambda: r.pick(0, 2 * MAX_AGE, 2 * MAX_AGE + 1, 60 * MAX_AGE, 60 * MAX_AGE + 1, r.flat(0, 700))
    return (
        price, r.pick(price, max(1, r.about(price, 200_000))), 50_000, r.flat(0, 4), age(), r.pick(5_000, 50_000, r.flat(5_000, 300_000)),
        r.pick(0, 0, 2, r.bits(10)), base, r.signed(r.pick(value, r.near(value), r.bits(44))), open(), open(), r.signed(r.bits(36)),
        r.signed(r.bits(36)), r.bits(44), token, r.pick(token, max(1, r.about(token, 200_000))), 50_000, r.flat(0, 4), age(), r.pick(6, 6, 9, 0),
        r.pick(PPM, 950_000, 0, r.ppm()), *draw_expiry(r, price, 0.3),
    )


@formula("liquidation_margin", LIQUIDATION, "collateral requirement liability", draw_liquidation)
def liquidation_margin(*args):
    """Whether an account is to be liquidated: rows that are too old count at what is best for it."""
    (price, average, jump_limit, state, age, maintenance, size_premium, base, quote, bids, asks, at, to, tokens, token_price, token_average,
     token_limit, token_state, token_age, decimals, weight, *expiry) = args

    def counted(price, average, limit, state, age):
        """A price, and whether it is too old."""
        if values(LIQUIDATE, state, price, age, MAX_AGE):
            return 2 * price, True
        return jump_price(price, average, limit) if state == JUMP else price, False

    collateral = 0
    if weight:
        worth, _ = counted(token_price, token_average, token_limit, token_state, token_age)
        collateral = i64(u64(tokens * worth // 10**decimals) * weight // PPM)
    worst = max(abs(base + bids), abs(base - asks))
    if worst == 0 and base == 0:
        return collateral + quote, 0, 0
    mark, too_old = counted(price, average, jump_limit, state, age)
    funding = -(base * (to - at)) // INDEX
    if too_old:
        return i64(collateral + quote + funding + max(0, base) * mark // BASE), 0, 0
    mark = forecast(mark, *expiry)
    liability = u64(value_up(worst, mark))
    required = up(liability * with_premium(maintenance, worst, size_premium), PPM)
    return i64(collateral + i64(quote + funding + base * mark // BASE)), required, liability


def draw_trade(r):
    base = r.signed(r.pick(0, r.size(44), 1, 3))
    more = r.signed(r.pick(abs(base), r.near(abs(base)), r.size(44), 1, 2 * abs(base)))
    value = r.bits(40)
    return base, r.signed(r.bits(42)), r.signed(r.bits(42)), more or 1, -value if more > 0 else value


@formula("trade", "base entry quote by for", "base entry quote realised increased", draw_trade)
def trade(base, entry, quote, by, value):
    """A trade against a position: entry in proportion, toward zero; a flip closes and opens."""
    after = base + by
    if base == 0 or (base > 0) == (by > 0):
        realised, left = 0, entry + value
    elif abs(by) <= abs(base):
        closed = toward_zero(entry * abs(by), abs(base))
        realised, left = closed + value, entry - closed
    else:
        part = toward_zero(value * abs(base), abs(by))
        realised, left = entry + part, value - part
    grew = abs(after) > abs(base) or (after != 0 and base != 0 and (after > 0) != (base > 0))
    return after, left, quote + value, realised, int(grew)


def draw_claim(r):
    quote = r.signed(r.bits(42))
    entry = r.pick(quote, r.near(quote, -I64), r.signed(r.bits(42)))
    return r.signed(r.bits(42)), quote, entry, r.pick(0, r.signed(r.bits(42)))


@formula("claimable", "profit quote entry excess", "claimable", draw_claim)
def claimable(profit, quote, entry, excess):
    return (profit if profit <= 0 else min(profit, max(0, quote - entry) + max(0, excess)),)
