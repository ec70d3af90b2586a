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


ROW = "price time average hour deviation sample_time state confirmations quorum quorum_time jump_limit"


def draw_refresh(r):
    price = 10 + r.bits(36)
    limit = r.pick(50_000, 5_000, 500_000)
    average = r.pick(price, max(1, r.about(price, 20_000)), max(1, r.about(price, 2 * limit)))
    time = NOW - r.pick(1, 5, 60, 300, 3_600, r.bits(13))
    moved = [0, limit, limit // 5, 3 * limit, 2 * limit]
    base = r.pick(average, price)
    sample = r.pick(price, r.about(price, 3_000), max(1, base + base * r.pick(*moved) // PPM), max(1, base - base * r.pick(*moved) // PPM))
    sample = max(1, r.near(sample, 1))
    quorum = r.pick(1, 1, 2)
    if r.chance(0.04):
        price = average = 0
    return (
        price, time, average, r.pick(average, max(0, r.about(average, 100_000))) if average else 0, r.pick(0, price // 300, r.bits(30)),
        time - r.pick(0, 0, 3), r.pick(0, 0, 1, 2, 2, 3, 4), r.flat(0, 3), quorum, r.pick(time, time - 5), limit,
        sample, sample * r.pick(0, 1_000, 4_000) // PPM, NOW - r.pick(0, 1, 9), SLOT - r.pick(0, 1, 20, 40), r.pick(400_000, 50_000, 400_000),
    )


@formula(
    "refresh",
    ROW + " seen confidence seen_time seen_slot slot_micros",
    "updated price confidence time slot average hour deviation sample_time state confirmations quorum_time",
    draw_refresh,
    # In a jump: quiet up to a fifth of the limit, three times; out of it when the price is back inside the limit.
    [(1_100_000, NOW - 5, 1_000_000, 1_000_000, 0, NOW - 5, 2, seen_before, quorum, NOW - 5, 50_000, 1_100_000 + move, 0, NOW - 1, SLOT - 1, 400_000)
     for seen_before in (0, 2) for quorum in (1, 2) for move in (-11_001, -11_000, -10_999, 0, 10_999, 11_000, 11_001, 12_000)]
    + [(1_000_000, NOW - 5, 1_000_000, 1_000_000, 0, NOW - 5, state, 0, 1, NOW - 5, 50_000, seen, 0, NOW - 1, SLOT - 1, 400_000)
       for state in (0, 1, 2, 3, 4) for seen in (949_999, 950_000, 1_050_000, 1_050_001)],
)
def refresh(price, time, short, hour, deviation, sample_time, state, confirmations, quorum, quorum_time, limit, seen, confidence, seen_time, seen_slot, micros):
    """One usable source. The row's own confidence and slot are 1 before."""
    whole = quorum == 1
    if not (seen_time > time or price == 0 or (whole and time > quorum_time and seen_time >= quorum_time)):
        return 0, price, 1, time, 1, short, hour, deviation, sample_time, state, confirmations, quorum_time
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
    return 1, seen, confidence, seen_time, slot, short, hour, deviation, sample_time, state, confirmations, quorum_time


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
