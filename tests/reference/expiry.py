"""The hour before an expiry: docs/math/settlement.md, The last hour and The price; docs/math/amm.md, What it can lose."""

from exact import LONG, clamp, down, formula, u64, up, value_down, value_up

HOUR, LEAST, MOST, NOW = 3_600, 1_800, 60, 1_800_000_000
EXPIRY = "expires ahead sum weight"


def forecast(price, expires, ahead, total, weight):
    """What a position is worth: the average so far for what it covers, the price for the rest."""
    if not expires or weight == 0:
        return price
    rest = max(0, ahead, LEAST - weight)
    return down(u64(total + u64(price * rest)), weight + rest)


def draw_expiry(r, price, often=0.5):
    """What the row of a market that expires has gathered, or one of a market that does not."""
    if not r.chance(often):
        return 0, 0, 0, 0
    weight = r.pick(0, HOUR, LEAST, r.near(LEAST), r.flat(1, HOUR))
    ahead = r.pick(HOUR - weight, HOUR - weight, 0, -5, 2 * HOUR, r.flat(0, HOUR))
    average = r.pick(price, max(1, r.about(price, 20_000)), max(1, r.about(price, 300_000)))
    return 1, ahead, average * weight + (r.flat(0, weight - 1) if weight else 0), weight


def draw_forecast(r):
    price = 1 + r.bits(51)
    return (price, *draw_expiry(r, r.pick(price, max(1, r.about(price, 50_000))), 0.9))


@formula(
    "forecast",
    "price " + EXPIRY,
    "settles_at ask_held bid_held final",
    draw_forecast,
    # The beginning of the hour, its middle and its end; half an hour covered after the end, and a second less.
    [(price, 1, ahead, 100_000_000 * weight, weight) for price in (100_000_001, 190_000_001) for ahead, weight in ((HOUR, 0), (HOUR - 1, 1), (LEAST, LEAST), (1, HOUR - 1), (0, HOUR), (0, LEAST), (0, LEAST - 1), (-9, 1))],
)
def forecasts(price, expires, ahead, total, weight):
    worth = forecast(price, expires, ahead, total, weight)
    if not expires or weight == 0:
        return worth, 0, 0, 0
    return worth, max(price, up(total, weight)), min(price, total // weight), int(ahead <= 0 and weight >= LEAST)


GATHER = "expires ahead since price average jump_limit jumping halted updated sum weight"


def draw_gather(r):
    price = 1 + r.bits(50)
    _, ahead, total, weight = draw_expiry(r, price, 1)
    ahead = r.pick(ahead, r.flat(-200, 100), HOUR, HOUR - r.flat(0, 90))
    since = r.pick(0, 1, 59, 60, 61, r.flat(0, 150), max(0, -ahead), max(0, -ahead) + r.flat(0, 70))
    average = r.pick(price, max(1, r.about(price, 200_000)))
    return r.pick(1, 1, 1, 1, 1, 1, 0), ahead, since, price, average, 50_000, r.pick(0, 0, 1), r.pick(0, 0, 0, 0, 1), r.pick(1, 1, 1, 1, 0), total, weight


@formula(
    "gather",
    GATHER,
    "sum weight",
    draw_gather,
    # Over the beginning of the hour and over its end, with half an hour covered or nearly so.
    [(1, ahead, since, 1_000, 1_000, 50_000, 0, 0, 1, 1_000 * weight, weight) for ahead, since in ((HOUR - 5, 30), (HOUR - 70, 90), (-20, 50), (-80, 200), (-80, 70)) for weight in (LEAST - 25, LEAST, HOUR - 60)],
)
def gather(expires, ahead, since, price, average, limit, jumping, halted, updated, total, weight):
    """A price of now, the one before it `since` seconds ago; the expiry lies `ahead`."""
    if not expires or halted or not updated:
        return total, weight
    expiry, before = NOW + ahead, max(NOW - since, NOW + ahead - HOUR)
    # Inside the hour all of it; beyond its end no more than half an hour still lacks. One price is a minute at most.
    inside = clamp(min(NOW, expiry) - before, 0, MOST)
    beyond = min(clamp(NOW - before, 0, MOST), max(0, LEAST - weight))
    counted = max(inside, beyond)
    if jumping:
        price = clamp(price, up(average * max(0, 10**6 - limit), 10**6), average * (10**6 + limit) // 10**6)
    return u64(total + price * counted), weight + counted


def draw_hold(r):
    size, price = r.size(45), 1 + r.bits(33)
    value = value_up(size, price)
    return r.side(), size, r.pick(value, r.near(value), max(0, r.about(value, 20_000))), r.bits(30), price


@formula("hold_to", "side size quote surplus price", "quote surplus", draw_hold)
def hold_to(side, size, quote, surplus, price):
    """A vAMM's trade, held to a price; the difference is surplus."""
    held = max(quote, value_up(size, price)) if side == LONG else min(quote, value_down(size, price))
    return held, surplus + abs(held - quote)
