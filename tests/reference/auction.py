"""Dutch auctions, offsets and what an order shows: docs/math/orders.md."""

from exact import LONG, PPM, Refused, accepts, better, down, formula, i64, step_down, step_up, u64, up


def on_tick(side, raw, tick):
    """Bids down, offers up, at least a tick."""
    return max(tick, step_down(raw, tick) if side == LONG else step_up(raw, tick))


def draw_tick(r):
    return r.pick(1, 1, 10, 100, 1_000, 10_000, 1 + r.bits(16))


def draw_price_auction(r):
    start = r.price()
    end = max(1, r.about(start, r.pick(5_000, 50_000, 900_000)))
    duration = r.pick(1, 2, 13, 255, r.flat(1, 255))
    return r.side(), start, end, r.pick(0, r.near(duration), r.flat(0, duration)), duration, draw_tick(r)


@formula("auction_price", "side start end elapsed duration tick", "price", draw_price_auction)
def price(side, start, end, elapsed, duration, tick):
    raw = end
    if elapsed < duration:
        moved = abs(end - start) * elapsed // duration
        raw = start + moved if end >= start else start - moved
    return (on_tick(side, raw, tick),)


def draw_width(r):
    price = r.price()
    return r.pick(0, price // 400, price // 399, r.bits(price.bit_length()), r.near(price // 400)), price, r.pick(50_000, r.ppm())


@formula("auction_width", "deviation price band", "width", draw_width)
def width(deviation, price, band):
    return (min(band, max(5_000, down(2 * deviation * PPM, price))),)


def draw_derive(r):
    oracle, wide = r.price(), r.pick(0, 5_000, 50_000, r.ppm())
    end = oracle * (PPM + r.pick(wide, -wide)) // PPM
    limit = r.pick(0, oracle, r.near(oracle, 1), r.near(end, 1), max(1, r.about(oracle, 100_000)), r.price())
    # Near the furthest start that counts, too.
    far = oracle * (PPM + r.pick(wide, -wide, 2 * wide, -2 * wide)) // PPM
    named = r.pick(oracle, end, r.near(oracle), r.near(end), max(0, r.near(far)), r.price())
    return r.side(), oracle, limit, wide, named, r.pick(named, end, r.near(max(0, far)), r.near(end), r.price())


@formula(
    "auction_derive",
    "side oracle limit width named named_end",
    "start end judged",
    draw_derive,
    # The furthest start that counts has a fraction; beyond it, at it, and with an end that is beyond it too.
    [(1, 100_000_001, 0, 50_000, named, named) for named in (1, 105_000_000, 105_000_001, 105_000_002, 200_000_000)]
    + [(0, 100_000_001, 0, 50_000, named, 100_000_001) for named in (1, 95_000_000, 95_000_001, 95_000_002, 100_000_002)]
    + [(1, 100_000_000, 100_000_001, 50_000, 200_000_000, end) for end in (105_000_050, 105_000_051, 105_000_052, 105_000_053, 1)],
)
def derive(side, oracle, limit, width, named, named_end):
    if side == LONG:
        beyond, before = oracle * (PPM + width) // PPM, up(limit * (PPM - width), PPM)
    else:
        beyond, before = up(oracle * (PPM - width), PPM), limit * (PPM + width) // PPM
    if limit == 0:
        start, end = oracle, beyond
    elif better(side, limit, oracle):
        start, end = before, limit
    else:
        start, end = oracle, beyond if better(side, beyond, limit) else limit
    return start, end, judged(side, named, named_end, start, width)


def judged(side, named, named_end, derived, width):
    """The start of an auction that its owner named: between the derived one and a width before it."""
    if better(side, derived, named):
        return derived
    furthest = up(derived * (PPM - width), PPM) if side == LONG else derived * (PPM + width) // PPM
    if not better(side, named, furthest):
        return named
    return named_end if better(side, named_end, furthest) else furthest


def draw_offset(r):
    oracle = r.price()
    offset = r.signed(r.pick(0, r.bits(12), r.bits(oracle.bit_length()), oracle, oracle + 1))
    tick = draw_tick(r)
    return r.side(), oracle, offset, tick, max(1, r.pick(r.near(oracle, 1), r.about(oracle, 30_000), step_down(oracle, tick)))


@formula("offset", "side oracle offset tick price", "at distance", draw_offset)
def offset(side, oracle, distance, tick, price):
    at = on_tick(side, u64(max(0, oracle + distance)), tick)
    below, gap = price < oracle, abs(price - oracle)
    away = (side == LONG) == below
    gap = step_up(gap, tick) if away else step_down(gap, tick)
    return at, i64(-gap if below else gap)


def draw_shown(r):
    step = r.pick(1, 10, 100_000, 1 + r.bits(20))
    extent = r.pick(0, 1, 2, 10, r.flat(1, 1_000))
    size = step * r.flat(1, 10_000)
    filled = r.pick(0, r.flat(0, size - 1), min(size - 1, step * extent * r.flat(0, 9)), size - 1)
    return extent, r.pick(1, 1, 1, 0), step, size, filled


@formula("shown", "extent is_limit step size filled", "shown", draw_shown)
def shown(extent, is_limit, step, size, filled):
    left = size - filled
    if not extent or not is_limit:
        return (left,)
    part = extent * step
    return (min(left, part - filled % part),)


# Kinds of orders by number: which wait, and for what.
STOPS, PROFITS = (2, 3, 6), (4, 5)


def draw_reached(r):
    trigger = r.price()
    price = r.pick(trigger, r.near(trigger, 1), r.about(trigger, 20_000))
    return r.flat(0, 7), r.side(), r.pick(2, 2, 2, 1), trigger, price, r.side(), r.pick(0, 5), r.flat(0, 12)


@formula(
    "reached",
    "kind side status trigger price no_limit slots elapsed",
    "reached left_behind",
    draw_reached,
    [(k, s, 2, 100, p, 1, 5, e) for k in range(8) for s in (0, 1) for p in (99, 100, 101) for e in (5, 6)],
)
def reached(kind, side, status, trigger, price, no_limit, slots, elapsed):
    """A stop of a buyer and a profit of a seller wait for a rise, the others for a fall; the order's price is the trigger."""
    above = (kind not in PROFITS) == (side == LONG)
    hit = status == 2 and (price >= trigger if above else price <= trigger)
    over = not (slots and elapsed <= slots)
    behind = kind == 0 and no_limit and over and not accepts(side, trigger, price)
    return int(hit), int(behind)


def draw_trail(r):
    price, distance = r.price(), r.pick(100, 200_000, r.flat(100, 200_000))
    side, tick = r.side(), draw_tick(r)
    goal = trailed(side, price, distance, tick)
    least = up(price * distance, 10 * PPM)
    trigger = r.pick(goal, r.near(goal, 1), max(1, goal - least), max(1, goal + least), max(1, r.near(goal - least, 1)), max(1, r.near(goal + least, 1)), r.price())
    return side, price, distance, tick, trigger


def trailed(side, price, distance, tick):
    if side == LONG:
        return max(tick, step_up(up(price * (PPM + distance), PPM), tick))
    return max(tick, step_down(price * (PPM - distance) // PPM, tick))


@formula(
    "trail",
    "side price distance tick trigger",
    "trigger",
    draw_trail,
    # A tenth of the distance is 1.00000105: a move by one unit less than 1.000002 is refused.
    [(0, 100_000_105, 100_000, 1, 110_000_116 + move) for move in (-1, 0, 1_000_000, 1_000_001, 1_000_002)]
    + [(1, 100_000_105, 100_000, 1, 90_000_094 - move) for move in (-1, 0, 1_000_000, 1_000_001, 1_000_002)],
)
def trail(side, price, distance, tick, trigger):
    """The trigger after a move; a move of less than a tenth of the distance, or away, is refused."""
    goal = trailed(side, price, distance, tick)
    moved = trigger - goal if side == LONG else goal - trigger
    if moved <= 0 or moved < up(price * distance, 10 * PPM):
        raise Refused("TrailTooSmall")
    return (goal,)


LAST_FILL_MICROS, SHIFT, WHOLE = 60_000_000, 2**14, 2**20


def draw_fill(r):
    last = r.pick(0, r.price(), r.price())
    price = max(1, r.pick(r.near(last), r.about(last, 50_000), r.price()))
    value = r.pick(SHIFT * WHOLE, r.near(SHIFT * WHOLE), r.near(SHIFT * (1 + r.bits(20))), r.bits(36), r.bits(63))
    micros = r.pick(400_000, 400_000, 50_000, 10_000_000, 0, r.flat(50_000, 10_000_000))
    age = LAST_FILL_MICROS // (micros or 400_000)
    return last, price, value, max(1, r.pick(r.about(price, 20_000), r.near(last), r.price())), micros, r.pick(0, age, r.near(age), age // 2, r.bits(11), r.bits(40))


@formula(
    "last_price",
    "last price value oracle slot_micros age",
    "last_price",
    draw_fill,
    # A fill of 60 dollars, and of a unit of weight more or less than the whole; a minute, and a slot more.
    [(150_000_000, 143_000_000, value, 149_000_000, 400_000, age) for value in (16_383, 16_384, 60_000_000, 2**34 - 1, 2**34, 2**63) for age in (0, 150, 151)],
)
def last_price(last, price, value, oracle, slot_micros, age):
    """After a fill: moved toward it by the part that its value is of the whole."""
    quiet = last == 0 or age * (slot_micros or 400_000) > LAST_FILL_MICROS
    start = oracle if quiet else last
    moved = up(abs(price - start) * min(WHOLE, value // SHIFT), WHOLE)
    return (start + moved if price > start else start - moved,)


def draw_slice(r):
    step, extent = r.pick(1, 100_000, 10_000_000), r.flat(1, 1_000)
    slice = step * extent
    size = slice * r.flat(2, 12) + step * r.pick(0, 0, r.flat(0, extent), r.near(0))
    released = r.pick(slice * r.flat(1, 12), size, r.near(size - slice), r.near(size - 2 * slice), slice)
    released = min(size, max(1, released))
    seconds = r.flat(10, 200)
    micros = r.pick(400_000, 400_000, 50_000, 10_000_000, r.flat(50_000, 1_000_000))
    due = up(seconds * 10**6, micros)
    return step, extent, size, released, r.pick(0, released // 2, max(0, released - 1)), seconds, micros, r.pick(due, r.near(due), 2 * due)


@formula("slice", "step extent size released filled seconds slot_micros elapsed", "released", draw_slice)
def slice(step, extent, size, released, filled, seconds, slot_micros, elapsed):
    """Released after one slice more; less than two slices left are released together."""
    if elapsed < up(seconds * 1_000 * 1_000, slot_micros):
        raise Refused("SliceNotDue")
    part = step * extent
    return (size if released + 2 * part > size else released + part,)
