"""Funding, mark and basis: docs/math/funding.md."""

from amm_state import FIELDS, State, draw_state, edge
from exact import BASE, INDEX, PPB, PPM, Refused, clamp, formula, i64, toward_zero, u64

MOST, INTEREST, BOUND, HOURS, HOUR = 10**8, 100_000, 500_000, 8, 3_600


# Base spreads that the inventory makes of premium at most.
SPREADS = 4


def impact_premium(s, long, short):
    """The middle of what the vAMM asks and bids for as much as the market holds, over the oracle."""
    if s.sqrt_k == 0 or s.base == 0:
        return 0
    slope = min(s.inventory_spread, SPREADS * s.base_spread)
    return clamp(toward_zero(slope * s.net * (PPB // PPM), max(s.inventory_limit, long, short)), -MOST, MOST)


def hourly_rate(premium, cap):
    rate = toward_zero(premium + clamp(INTEREST - premium, -BOUND, BOUND), HOURS)
    return clamp(rate, -cap * 1_000, cap * 1_000)


def index_delta(rate, oracle, seconds):
    return i64(toward_zero(rate * oracle * min(HOUR, seconds), PPM * HOUR))


def payment(base, delta):
    """What a holder gets, down: a long pays a positive delta, a short gets it."""
    return i64(-(base * delta) // INDEX)


def split(delta, long, short, amm, budget):
    pays = payment(amm, delta)
    if pays >= 0 or -pays <= budget:
        return delta, delta, pays
    paying, receiving = (long, short) if delta >= 0 else (short, long)
    total = paying * abs(delta) // INDEX + budget
    capped = min(abs(delta), total * INDEX // receiving)
    if delta >= 0:
        return delta, capped, -budget
    return -capped, delta, -budget


def draw_rate(r):
    premium = r.signed(r.pick(0, 400_000, 600_000, r.flat(0, 700_000), r.bits(27), MOST))
    seconds = r.pick(HOUR, r.near(HOUR), r.near(0), r.bits(13))
    return r.near(premium, -MOST), r.pick(0, 5_000, 40_000, r.ppm(40_000)), r.price(), seconds


@formula(
    "funding_rate",
    "premium cap index_price seconds",
    "rate delta",
    draw_rate,
    [(p, 5_000, 2000 * 10**6, t) for p in (0, 7, -7, -400_000, 600_000, 600_001, -400_001, 5 * 10**6, -5 * 10**6) for t in (1, HOUR)]
    + [(5 * 10**6, 5_000, 2000 * 10**6, t) for t in (0, 2, HOUR - 1, HOUR + 1, 10 * HOUR)],
)
def rates(average, cap, index_price, seconds):
    rate = hourly_rate(average, cap)
    return rate, index_delta(rate, index_price, seconds)


def draw_split(r):
    long = r.pick(0, r.size(54), r.size(40))
    short = r.pick(long, long + r.signed(min(long, r.bits(40))), r.size(54))
    delta = r.signed(r.pick(0, 1, r.bits(30), r.bits(38)))
    owed = abs(payment(short - long, delta))
    return delta, long, short, r.pick(0, owed, r.near(owed), owed // 2, r.bits(30), owed // 7)


@formula("funding_split", "delta long short budget", "long short amm", draw_split)
def splits(delta, long, short, budget):
    return split(delta, long, short, short - long, budget)


def draw_payment(r):
    return r.signed(r.size()), r.signed(r.bits(45)), r.signed(r.bits(45))


@formula("funding_payment", "base at to", "payment", draw_payment, [(1, 0, 1), (-1, 0, 1), (10**9, 0, 10**3), (-(10**9), 0, 10**3 - 1), (5, 7, 7)])
def payments(base, at, to):
    return (payment(base, to - at),)


@formula("average_premium", "sum seconds", "average", lambda r: (r.signed(r.bits(50)), r.pick(0, HOUR, 1 + r.bits(16))))
def average(total, seconds):
    return (toward_zero(total, seconds) if seconds else 0,)


def median(a, b, c):
    return sorted((a, b, c))[1]


def mark(premium, oracle):
    """The market's own price; without a vAMM the oracle."""
    return u64(oracle + toward_zero(oracle * premium, PPB))


def trigger_mark(premium, oracle, basis):
    return median(max(0, mark(basis, oracle)), mark(premium, oracle), oracle)


def draw_interest(r, s):
    """Users' longs and shorts against a vAMM's position."""
    both = r.pick(0, r.size(40), s.inventory_limit, r.near(max(0, s.inventory_limit - abs(s.net))))
    return max(0, s.net) + both, max(0, -s.net) + both


def draw_premium(r):
    state = draw_state(r)
    return (*state, *draw_interest(r, State(*state)))


@formula(
    "impact_premium",
    FIELDS + " long short",
    "premium mark",
    draw_premium,
    # The slope at four base spreads; a premium of ten percent; no inventory limit.
    [(*edge(base_spread=spread, inventory_spread=2_000 + more), 10 * BASE, 0) for spread in (499, 500, 501) for more in (0, 1)]
    + [(*edge(base_spread=PPM, inventory_spread=100_000 + more, base=sign * 40 * BASE), 0, 0) for more in (-1, 0, 1) for sign in (1, -1)]
    + [(*edge(inventory_limit=limit), 10 * BASE, short) for limit in (0, 10 * BASE, 40 * BASE + 7) for short in (0, 40 * BASE, 40 * BASE + 8)],
)
def impact(*args):
    s, (long, short) = State(*args[:-2]), args[-2:]
    premium = impact_premium(s, long, short)
    return premium, mark(premium, s.price)


def draw_sample(r):
    state = draw_state(r)
    price = state[FIELDS.split().index("price")]
    interest = draw_interest(r, State(*state))
    if r.chance(0.1):
        state[2] = 0
    now = 1_800_000_000
    elapsed = r.pick(0, 29, 30, 31, 299, 300, 301, 3_599, 3_600, 3_601, r.bits(14))
    premium = r.signed(r.pick(0, r.bits(27), MOST))
    return (
        *state, price, *interest, r.signed(r.bits(45)), r.bits(14), premium, r.pick(0, now - elapsed, now - elapsed),
        r.pick(premium, r.signed(r.bits(27)), 0), r.pick(0, now - r.pick(0, 29, 30, 31, 150, 299, 300, r.bits(10))), now,
    )


SAMPLE = "premium_sum premium_seconds premium_last premium_time basis basis_time"


@formula("sample", FIELDS + " oracle long short " + SAMPLE + " now", SAMPLE + " mark trigger_mark", draw_sample)
def sample(*args):
    s = State(*args[:-10])
    oracle, long, short, total, seconds, current, time, basis, basis_time, now = args[-10:]
    if time and now > time:
        weight = min(HOUR, now - time)
        total, seconds = i64(total + current * weight), seconds + weight
    elapsed = max(0, now - basis_time)
    if elapsed >= 30:
        basis = current if elapsed >= 300 else basis + toward_zero((current - basis) * elapsed, 300)
        basis_time = now
    premium = impact_premium(s, long, short)
    return total, seconds, premium, now, basis, basis_time, mark(premium, oracle), trigger_mark(premium, oracle, basis)


def draw_update(r):
    state = draw_state(r)
    s = State(*state)
    s.quote = r.pick(s.quote, abs(s.base) * s.price // BASE + r.bits(40))
    state[FIELDS.split().index("quote")] = s.quote
    net = -s.base
    long = max(0, net) + r.pick(0, r.size(40))
    premium = r.signed(r.pick(0, 400_000, r.bits(23), MOST))
    seconds = r.pick(1, 60, HOUR)
    total = r.pick(0, premium * seconds)
    return (
        *state, max(1, r.pick(s.price, r.about(s.price, 5_000))), long, long - net, total, seconds if total else 0, r.pick(5_000, 40_000, 0),
        r.signed(r.bits(40)), r.pick(0, 1_800_000_000 - HOUR, 1_799_999_999, 1_800_000_000, 1_800_000_000 - r.bits(13)),
    )


@formula(
    "update_funding",
    FIELDS + " hour long short premium_sum premium_seconds cap funding_pot funding_time",
    "rate long_delta short_delta amm amm_quote funding_pot paid_long paid_short",
    draw_update,
    # The vAMM pays a tenth of its spare equity, which ends in each digit.
    [(*edge(quote=22_001 * PPM + d), 2_000 * PPM, 15 * BASE, 5 * BASE, -99_000_000 * 60, 60, 4_000_000, 0, 1_799_990_000) for d in range(10)],
)
def update_funding(*args):
    """The whole action at an hour's beginning, with a sample just taken."""
    s = State(*args[:-8])
    hour, long, short, total, seconds, cap, pot, time = args[-8:]
    if time // HOUR >= 1_800_000_000 // HOUR:
        raise Refused("FundingNotDue")
    rate = hourly_rate(toward_zero(total, seconds) if seconds else 0, cap) if time else 0
    delta = index_delta(rate, hour, 1_800_000_000 - time)
    budget = s.spare(s.price) // 10
    deltas = split(delta, long, short, s.base, budget) if long or short else (0, 0, 0)
    paid = -payment(long, deltas[0]), -payment(-short, deltas[1])
    return (rate, *deltas, i64(s.quote + deltas[2]), pot - deltas[2], *paid)
