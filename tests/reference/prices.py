"""Combining sources, judging and averaging a row: docs/math/prices.md."""

from exact import PPM, Refused, clamp, formula, up

LEAD, WINDOW, HOUR = 30, 300, 3_600
NORMAL, DEGRADED, JUMP, STALE, HALTED = range(5)
NOW, SLOT = 1_800_000_000, 1_000_000


def usable(source, now, max_age, most):
    price, confidence, time, _ = source
    if price == 0:
        return False
    return up(confidence * PPM, price) <= most and time - now <= LEAD and max(0, now - time) <= max_age


def reached(ages, quorum):
    """Newest age that a quorum and more than half have reached, or all where there are fewer."""
    needed = min(len(ages), max(quorum, len(ages) // 2 + 1))
    return sorted(ages, reverse=True)[needed - 1]


def combine(sources, now, max_age, most, quorum):
    fresh = sorted(s[0] for s in sources if usable(s, now, max_age, most))
    used = [s for s in sources if usable(s, now, max_age, most)]
    if not used:
        raise Refused("NoUsablePrice")
    count = len(used)
    if count == 1:
        return (*used[0], 1)
    price = fresh[count // 2] if count % 2 else (fresh[count // 2 - 1] + fresh[count // 2]) // 2
    confidence = max(fresh[-1] - fresh[0], *(s[1] for s in used))
    if up(confidence * PPM, price) > most:
        raise Refused("NoUsablePrice")
    return price, confidence, reached([s[2] for s in used], quorum), reached([s[3] for s in used], quorum), count


def draw_source(r, price, most):
    near = max(0, r.pick(price, r.near(price), r.about(price, 3_000), r.about(price, most + 1)))
    edge = near * most // PPM
    age = r.pick(0, 1, 10, 11, -30, -31, r.flat(-40, 40))
    return near, r.pick(0, edge, r.near(edge), edge // 3), NOW - age, SLOT - r.pick(0, 1, 2, r.flat(0, 60))


def draw_combine(r):
    price, most = 10 + r.bits(36), r.pick(100, 5_000, 50_000)
    sources = [v for _ in range(4) for v in draw_source(r, price, most)]
    return r.flat(1, 4), *sources, 10, most, r.flat(1, 4)


SOURCES = " ".join(f"price{i} confidence{i} time{i} slot{i}" for i in range(4))


def four(*prices):
    """Four sources of these prices, each a second and a slot older than the one before."""
    return [v for i, price in enumerate(prices) for v in (price, 3, NOW - i, SLOT - i)]


@formula(
    "combine",
    f"sources {SOURCES} max_age max_confidence quorum",
    "price confidence time slot count",
    draw_combine,
    [(count, *four(*prices), 10, 50_000, quorum) for count in (1, 2, 3, 4) for quorum in (1, 2, 3, 4)
     for prices in ((1_000_004, 1_000_001, 1_000_009, 1_000_003), (1_000_001, 1_000_003, 1_000_004, 1_000_009))],
)
def combined(count, *rest):
    sources = [rest[i : i + 4] for i in range(0, 4 * count, 4)]
    return combine(sources, NOW, *rest[-3:])


def average(old, sample, elapsed, period):
    """Toward the sample, to the nearest unit, halves toward it."""
    if elapsed >= period:
        return sample
    step = (abs(sample - old) * elapsed * 2 + period) // (2 * period)
    return old + step if sample >= old else old - step


def draw_average(r):
    old, period = r.pick(0, r.price(), r.bits(30)), r.pick(WINDOW, HOUR, 1 + r.bits(12))
    return old, r.pick(old, r.near(old), max(0, r.about(old, 50_000)), r.bits(35)), r.pick(0, period, period - 1, period // 2, r.flat(0, period)), period


@formula("average", "average sample elapsed period", "average", draw_average, [(0, 1, 1, 2), (1, 0, 1, 2), (0, 1, 1, 3), (0, 1, 2, 3), (0, 3, 1, 2)])
def averages(*args):
    return (average(*args),)


ROW = """price time average hour deviation sample_time state confirmations quorum quorum_time jump_limit max_confidence pull heard
refresh_age"""
MAX_AGE = 10


def draw_refresh(r):
    price = 10 + r.bits(36)
    limit = r.pick(50_000, 5_000, 500_000)
    average = r.pick(price, max(1, r.about(price, 20_000)), max(1, r.about(price, 2 * limit)))
    time = NOW - r.pick(1, 5, 9, 10, 11, 60, 300, 3_600, r.bits(13))
    moved = [0, limit, limit // 5, 3 * limit, 2 * limit]
    base = r.pick(average, price)
    sample = r.pick(price, r.about(price, 3_000), max(1, base + base * r.pick(*moved) // PPM), max(1, base - base * r.pick(*moved) // PPM))
    sample = max(1, r.near(sample, 1))
    quorum = r.pick(1, 1, 1, 2, 2, 3)
    if r.chance(0.04):
        price = average = 0
    most = r.pick(PPM, 5_000)
    seen = sample, sample * r.pick(0, 1_000, 4_000) // PPM, NOW - r.pick(0, 1, 9, 9, 11, 12, -30, -31), SLOT - r.pick(0, 1, 20, 40)
    other = max(1, r.about(sample, r.pick(100, 5_100, 20_000))), 0, NOW - r.pick(0, 1, 9, 10, 11), SLOT - r.pick(0, 1, 20, 40)
    micros = r.pick(400_000, 50_000, 400_000, 10_000_000)
    slots = up(MAX_AGE * 10**6, micros)
    return (
        price, time, average, r.pick(average, max(0, r.about(average, 100_000))) if average else 0, r.pick(0, price // 300, r.bits(30)),
        time - r.pick(0, 0, 3), r.pick(0, 0, 1, 2, 2, 3, 4), r.flat(0, 3), quorum, r.pick(time, time, time - 5), limit, most,
        r.side(), NOW - r.pick(0, 1, 9, 10, 11, NOW), r.pick(slots, r.near(slots), r.bits(9)),
        r.pick(1, 1, 1, 0), *seen, r.pick(0, 0, 1) if quorum == 1 else r.side(), *other, micros,
    )


def said(source):
    return " ".join(f"{name}_{source}" for name in ("brought", "price", "confidence", "time", "slot"))


def below_quorum(state, quorum, fewer, age, first, second, heard=0, pull=1):
    """A calm row at 100 whose price is `age` old, and of fewer than the quorum or not; of each source a price and its age."""
    time = NOW - age
    row = 100 * PPM, time, 100 * PPM, 100 * PPM, 0, time, state, 0, quorum, time - 5 * fewer, 50_000, 5_000, pull, NOW - heard if heard else 0, 7
    brought = [(0, 0, 0, 0, 0) if one is None else (1, one[0] * PPM, 0, NOW - one[1], SLOT - 1) for one in (first, second)]
    return (*row, *brought[0], *brought[1], 400_000)


BELOW = [
    # A quorum that contradicts itself: by the row's state, its age, and who wrote it.
    below_quorum(state, 2, fewer, age, (100, 1), (110, 1)) for state in (NORMAL, DEGRADED, STALE, HALTED) for fewer in (0, 1) for age in (5, 11)
] + [
    # One source of a quorum of two.
    below_quorum(state, 2, fewer, age, None, (101, 1), pull=0) for state in (NORMAL, STALE, HALTED) for fewer in (0, 1) for age in (5, 10, 11)
] + [
    # What was heard of the pull source hides behind nothing, and is not forgotten for an older account.
    below_quorum(NORMAL, 1, 0, 15, first, (101, 1), heard) for first in (None, (100, 9), (100, 10), (100, 12)) for heard in (9, 10, 11)
]


@formula(
    "refresh",
    ROW + " " + said("first") + " " + said("second") + " slot_micros",
    "updated price confidence time slot average hour deviation sample_time state confirmations quorum_time heard refresh_age",
    draw_refresh,
    BELOW,
)
def refresh(price, time, short, hour, deviation, sample_time, state, confirmations, quorum, quorum_time, limit, most, pull, heard, age, *sources):
    """Two sources, the first of them a pull source or not. The row's own confidence and slot are 1 before."""
    *sources, micros = sources
    brought = [sources[at + 1 : at + 5] if sources[at] else None for at in (0, 5)]
    usable_ones = [one for one in brought if one and usable(one, NOW, MAX_AGE, most)]

    def unchanged():
        return 0, price, 1, time, 1, short, hour, deviation, sample_time, state, confirmations, quorum_time, heard, age

    def remembered():
        counts = pull and brought[0] and brought[0][2] - NOW <= LEAD
        return max(heard, brought[0][2]) if counts else heard

    # What the row has heard of a pull source is not hidden while it counts.
    if pull and NOW - heard <= MAX_AGE and (brought[0] is None or brought[0][2] < heard):
        return unchanged()
    young = max(0, NOW - time) <= MAX_AGE and price != 0
    fewer = time > quorum_time
    try:
        seen, confidence, seen_time, seen_slot, count = combine(usable_ones, NOW, MAX_AGE, most, quorum)
    except Refused:
        contradicts = len(usable_ones) >= quorum
        if contradicts:
            heard = remembered()
        if state != HALTED and (not young or (contradicts and fewer)):
            if contradicts or state != STALE:
                age = 0
            state = STALE
        return unchanged()
    whole = count >= quorum
    if not whole:
        if state == HALTED or (state == STALE and age * micros < MAX_AGE * 10**6):
            return unchanged()
        if state != STALE and not fewer:
            if not young:
                state, age = STALE, 0
            return unchanged()
    if not (seen_time > time or price == 0 or (whole and fewer and seen_time >= quorum_time)):
        return unchanged()
    heard = remembered()
    if whole:
        quorum_time = seen_time
    far = lambda a, b: abs(a - b) * PPM // a
    good = NORMAL if whole else DEGRADED
    if state != HALTED:
        jumped = short != 0 and far(short, seen) > limit
        if state == JUMP:
            quiet = price != 0 and far(price, seen) <= limit // 5
            confirmations = confirmations + 1 if quiet and whole else 0
            if not jumped or confirmations >= 3:
                short, confirmations, state = seen, 0, good
        elif jumped:
            confirmations, state = 0, JUMP
        else:
            state = good
    elapsed = max(0, seen_time - sample_time)
    if short == 0 or hour == 0:
        short, hour, deviation, sample_time = seen, seen, 0, seen_time
    elif elapsed:

        def held(mean, period):
            reach = mean * 2 * limit // PPM
            return seen if elapsed >= period else clamp(seen, max(0, mean - reach), mean + reach)

        deviation = average(deviation, abs(seen - short), elapsed, WINDOW)
        short = average(short, held(short, WINDOW), elapsed, WINDOW)
        hour = average(hour, held(hour, HOUR), elapsed, HOUR)
        sample_time = seen_time
    slot = min(seen_slot, max(0, SLOT - max(0, NOW - seen_time) * 10**6 // micros))
    return 1, seen, confidence, seen_time, slot, short, hour, deviation, sample_time, state, confirmations, quorum_time, heard, 0


# By purpose: the worst state that serves it, and for how many times the age limit a price does.
PURPOSES = (NORMAL, 1), (JUMP, 4), (DEGRADED, 1), (NORMAL, 1), (JUMP, 2), (DEGRADED, 2), (NORMAL, 1), (DEGRADED, 2), (JUMP, 1)
LIQUIDATE, DEAD = 4, 60


def serves(purpose, state, price, age, max_age):
    """The error of a row that does not serve a purpose, or nothing."""
    worst, times = PURPOSES[purpose]
    if state != HALTED and (state == STALE or price == 0 or age > times * max_age):
        return "StaleRow"
    return "" if state <= worst else "RowStateForbids"


def values(purpose, state, price, age, max_age):
    """The same for valuing what is beside the market that is traded: a liquidation takes the last price of a halted or dead row."""
    if purpose == LIQUIDATE and price and (state == HALTED or age > DEAD * max_age):
        return ""
    return serves(purpose, state, price, age, max_age)


def draw_serves(r):
    max_age = r.pick(10, 1, 60, 1 + r.bits(10))
    age = max_age * r.pick(0, 1, 2, 4, 60, r.flat(0, 61))
    purpose = r.flat(0, 8)
    worst, times = PURPOSES[purpose]
    age = r.pick(age, r.flat(0, times * max_age), times * max_age)
    return purpose, r.pick(r.flat(0, 4), r.flat(0, worst), worst), r.pick(1, 1, 1, 1, 1, 1, 0), r.near(age), max_age, r.side()


@formula(
    "serves",
    "purpose state price age max_age valued",
    "serves",
    draw_serves,
    [(p, s, 1, a, 10, v) for p in range(9) for s in range(5) for a, v in ((10, 0), (11, 0), (20, 0), (21, 0), (40, 0), (41, 0), (601, 0)) if s <= PURPOSES[p][0] and a <= 10 * PURPOSES[p][1] + 1]
    + [(LIQUIDATE, s, 1, a, 10, 1) for s in range(5) for a in (20, 21, 600, 601)]
    + [(LIQUIDATE, s, 0, a, 10, 1) for s in (NORMAL, HALTED) for a in (20, 601)],
)
def row_serves(purpose, state, price, age, max_age, valued):
    error = (values if valued else serves)(purpose, state, price, age, max_age)
    if error:
        raise Refused(error)
    return (1,)


LIVE_MICROS = 2_400_000


def draw_live(r):
    micros = r.pick(400_000, 399_999, 400_001, 200_000, 2_399_999, 2_400_000, 10_000_000, r.flat(50_000, 10_000_000))
    slots = up(LIVE_MICROS, micros)
    age = r.pick(0, slots, r.near(slots, -5), r.bits(7), -3)
    return age, r.pick(age, age, r.near(age, -5), max(0, age) + r.bits(6)), micros


@formula(
    "require_live",
    "age order_age slot_micros",
    "live",
    draw_live,
    [(age, 60, micros) for micros, slots in ((400_000, 6), (399_999, 7), (50_000, 48), (2_399_999, 2), (2_400_000, 1), (10_000_000, 1)) for age in (slots, slots + 1)]
    + [(6, order_age, 400_000) for order_age in (5, 6, 7)],
)
def require_live(age, order_age, slot_micros):
    """A row published so many slots ago, for an order that became active so many slots ago."""
    if age > order_age:
        raise Refused("AmmPriceTooOld")
    if age > up(LIVE_MICROS, slot_micros):
        raise Refused("PriceNotLive")
    return (1,)


def draw_board(r):
    micros = r.pick(400_000, 50_000, 10_000_000, r.flat(50_000, 10_000_000))
    return r.pick(0, 60_000, r.bits(20)), r.pick(0, micros), r.pick(0, 59, 60, 61, r.bits(10)), r.pick(0, 1, 150, r.bits(12))


@formula("slot_time", "milliseconds slot_micros seconds slots", "slots measured", draw_board)
def slot_time(milliseconds, slot_micros, seconds, slots):
    known = slot_micros or 400_000
    measured = slot_micros
    if seconds >= 60 and slots:
        measured = (known + clamp(seconds * 10**6 // slots, 50_000, 10_000_000)) // 2
    return up(milliseconds * 1_000, known), measured
