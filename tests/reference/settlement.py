"""Settlement of a market, defaults, sweeps: docs/math/settlement.md, docs/math/liquidation.md (Default), docs/math/ledger.md."""

from exact import BASE, INDEX, PPM, Refused, down, formula, i64, up
from expiry import EXPIRY, draw_expiry, forecast

PAYOUT_DELAY = 3_600
DEBT_PERIOD = 43_200
INSURANCE_SHARES = 1_000_000, 1_000_000, 750_000, 500_000, 250_000


def draw_market(r):
    long = r.pick(0, r.size(46))
    short = r.pick(long, r.size(46), 0, r.near(long))
    price = r.pick(10**6 * r.flat(1, 100_000), 1 + r.bits(36))
    users, pot = r.signed(r.bits(42)), r.signed(r.bits(20))
    deficit = r.pick(0, 0, r.bits(30))
    total = users + pot + deficit + up((long - short) * price, BASE)
    missing = r.pick(0, r.bits(30), r.near(0), abs(long - short) * price // BASE * r.ppm(80_000) // PPM)
    pool = max(0, total - missing)
    return users, pot, deficit, pool, long, short, price, missing


def owed(users, pot, deficit, long, short, price):
    """What all users together would take out."""
    return i64(users + pot + deficit + up((long - short) * price, BASE))


def for_one(fund, cap, tier):
    """What the insurance fund pays for one default at most."""
    return min(cap, fund * INSURANCE_SHARES[tier] // PPM)


def draw_terms(r):
    users, pot, deficit, pool, long, short, price, missing = draw_market(r)
    fund = r.pick(0, missing, missing // 2, r.near(missing), r.bits(34))
    cap = r.pick(2**40, 2**40, fund, fund // 2, r.near(missing))
    return users, pot, deficit, pool, long, short, fund, cap, r.flat(0, 4), r.pick(50_000, r.ppm(200_000)), price


def band_edge(missing, long):
    """One base net at 100.000001, so that the price moves by what is missing."""
    net = BASE if long else -BASE
    return missing - net // BASE * 100_000_001, 0, 0, 0, *((BASE, 0) if long else (0, BASE)), 0, 0, 0, 50_000, 100_000_001


@formula(
    "settlement_terms",
    "users_quote funding_pot deficit pool long short insurance_fund insurance_cap tier band average",
    "price insurance",
    draw_terms,
    [band_edge(missing, long) for missing in (4_999_999, 5_000_000, 5_000_001) for long in (0, 1)],
)
def terms(users, pot, deficit, pool, long, short, fund, cap, tier, band, average):
    missing = max(0, owed(users, pot, deficit, long, short, average) - pool)
    insurance = min(missing, for_one(fund, cap, tier))
    missing -= insurance
    net = long - short
    if missing and net:
        distance = up(missing * BASE, abs(net))
        price = average - distance if net > 0 else average + distance
        if up(average * (PPM - band), PPM) <= max(0, price) <= average * (PPM + band) // PPM:
            return max(0, price), insurance
    return average, insurance


PAYOUT = "users_quote debts settled_claims paid_out given_up settlement_loss fees insurance_fees pool"


def payout(claim, before, users, debts, settled, paid_out, given_up, loss, fees, insurance_fees, pool, since, is_open):
    """What a claim is paid now, and what of it is written off."""
    if is_open or since < PAYOUT_DELAY or users + debts != settled:
        raise Refused("SettlementPending")
    claims = settled + paid_out + given_up
    # What is owed is waited for, but not for ever.
    owed = debts if since < DEBT_PERIOD else 0
    means = min(pool + paid_out, max(0, claims - owed - max(0, loss - fees - insurance_fees)))
    paid = min(claim, pool, max(0, (claim + before) * means // claims - before))
    if debts == 0:
        return paid, claim - paid
    if paid == 0:
        raise Refused("SettlementPending")
    return paid, 0


def draw_claims(r, claim, before):
    """What settlement has counted, a claim of which something was paid before among it."""
    debts = r.pick(0, 0, r.bits(38))
    others = r.pick(0, 0, claim, r.bits(40))
    paid_out = before + (r.pick(0, r.bits(38)) if others else 0)
    loss = r.pick(0, 0, r.bits(30), (claim + others) // 3)
    fees = r.pick(0, r.bits(24), loss, r.near(loss))
    insurance_fees = r.pick(0, 0, r.bits(20), r.near(max(0, loss - fees)))
    # Nearly enough, or anything.
    due = max(0, claim + others - debts - max(0, loss - fees - insurance_fees))
    pool = r.pick(due, r.near(due), due * r.ppm() // PPM, r.bits(40), claim + others)
    return debts, others, paid_out, r.pick(0, 0, r.bits(30)), loss, fees, insurance_fees, pool


def draw_payout(r):
    claim = 1 + r.bits(42)
    before = r.pick(0, 0, r.bits(40), claim // 2)
    debts, others, *rest = draw_claims(r, claim, before)
    settled = claim + others
    since = r.pick(3_599, 3_600, 3_601, 43_199, 43_200, 3_600 + r.bits(20), 7_200, r.bits(12))
    return claim, before, settled - debts + r.pick(*[0] * 12, 1, -1), debts, settled, *rest, since, r.pick(*[0] * 9, 1), r.pick(*[0] * 9, 1)


@formula(
    "payout",
    "claim before " + PAYOUT + " since long short",
    "paid written_off",
    draw_payout,
    # A third of what 300 claim and the pool has: fees bear a loss first; nothing is given up while a debt is left.
    [(100, 0, 300 - debts, debts, 300, 0, 0, loss, fees, 0, pool, 3_600, 0, 0) for debts in (0, 30) for loss, fees in ((0, 0), (60, 0), (60, 45), (60, 61)) for pool in (199, 300)]
    # The same claim after its first part, once the debt has come in.
    + [(60, 40, 260, 0, 260, 40, 0, 0, 0, 0, pool, 7_200, 0, 0) for pool in (0, 1, 210, 259, 260)]
    # A debt that nobody pays: its share waits for half a day, and then for no tokens that the pool holds.
    + [(100, 0, 270, 30, 300, 0, 0, 0, 0, 0, pool, since, 0, 0) for pool in (0, 200, 300) for since in (43_199, 43_200)],
)
def payouts(*args):
    *given, since, long, short = args
    return payout(*given, since, long or short)


CLOSE = "base quote entry tokens settlement_price " + PAYOUT + " deficit funding_pot amm_base amm_quote since settled"
CLOSED = """closed amount written_off left entry pool debts users_quote deficit funding_pot amm_base amm_quote tokens settled_claims paid_out
given_up"""


def draw_close(r):
    """The last position of a market in settlement, before or after its base was closed."""
    settled = r.side()
    price = 1 + r.bits(36)
    base = 0 if settled else r.signed(r.pick(r.size(44), 1, 3))
    claim = r.signed(r.pick(0, r.bits(40), r.near(0)))
    quote = claim - base * price // BASE
    tokens = r.pick(0, abs(claim), r.near(abs(claim)), r.bits(40))
    before = r.pick(0, r.bits(38), claim // 2) if settled and claim > 0 else 0
    debts, others, *rest = draw_claims(r, max(0, claim), before)
    counted = others + (max(0, claim) if settled else 0)
    debts += max(0, -claim) if settled else 0
    users = counted - debts + (0 if settled else quote) + r.pick(0, 0, 0, 0, 1)
    entry = before if settled else r.signed(r.bits(40))
    return (
        base, quote, entry, tokens, price, users, debts, counted, *rest, r.pick(0, 0, r.bits(30)), -r.bits(20), -base + r.pick(0, 5),
        r.signed(r.bits(40)), r.pick(0, 3_599, 3_600, 43_199, 43_200, 3_600 + r.bits(20)), settled,
    )


def part_edge(settled, debts, entry):
    """A claim of 100 of 300, two thirds of which can be paid."""
    if settled:
        return 0, 100, entry, 5, 10, 300 - debts, debts, 300, entry, 0, 0, 0, 0, 200, 7, 0, 0, 0, 3_600, 1
    return BASE, 90, entry, 5, 10, 290 - debts, debts, 200, 0, 0, 0, 0, 0, 200, 7, 0, -BASE, 0, 3_600, 0


@formula(
    "settle_position",
    CLOSE,
    CLOSED,
    draw_close,
    # Looked at first, the entry of the trade says nothing; later it is what was paid before.
    [part_edge(settled, debts, entry) for debts in (0, 30) for settled, entry in ((0, 0), (0, 50), (0, -50), (1, 0), (1, 50))]
    + [(0, 100, 50, 5, 10, 300, 0, 200, 0, 0, 0, 0, 0, 200, 7, 0, 0, 0, 3_600, 0)],
)
def settle_position(
    base, quote, entry, tokens, price, users, debts, counted, paid_out, given_up, loss, fees, insurance_fees, pool, deficit, pot, amm_base,
    amm_quote, since, settled,
):
    """The whole action on an isolated position of a market in which nobody else has base."""
    value = base * price // BASE
    claim = quote + value
    users, amm_base, amm_quote = users + value, amm_base + base, amm_quote - value
    before = entry if settled else 0
    if not settled:
        debts, counted = debts + max(0, -claim), counted + max(0, claim)
    amount = lost = 0
    if claim < 0:
        amount = -min(tokens, -claim)
        debts += amount
    elif claim > 0:
        try:
            amount, lost = payout(claim, before, users, debts, counted, paid_out, given_up, loss, fees, insurance_fees, pool, since, 0)
        except Refused:
            if settled:
                raise
        counted, paid_out, given_up = counted - amount - lost, paid_out + amount, given_up + lost
        borne = min(lost, deficit)
        deficit, pot, amm_quote = deficit - borne, pot + borne, amm_quote + lost - borne
    pool, users, tokens = pool - amount, users - amount - lost, tokens + amount
    if settled and amount == 0 and lost == 0:
        raise Refused("NothingToSettle")
    left = claim - amount - lost
    entry = before + amount if claim > 0 and left else 0 if claim > 0 else before
    return base, amount, lost, left, entry, pool, debts, users, deficit, pot, amm_base, amm_quote, tokens, counted, paid_out, given_up


DEFAULT = """debt claims insurance_fund insurance_cap tier long short amm_base amm_quote amm_margin price amm_used since settling other_debts
funding_pot deficit pool"""
DAY = 86_400


def amm_room(base, quote, margin, price, used):
    """What the vAMM gives for the defaults of a day: half of its spare equity, what it gave counted in."""
    spare = max(0, quote + base * price // BASE - up(up(abs(base) * price, BASE) * margin, PPM))
    return min(spare, max(0, (spare + used) // 2 - used))


def draw_default(r):
    debt = 1 + r.bits(40)
    claims = r.pick(0, 0, debt // 3, r.near(debt), r.bits(38))
    long, short = r.pick(0, 0, r.size(46)), r.pick(0, 0, r.size(46), 3)
    price = r.pick(10**6 * r.flat(1, 100_000), 1 + r.bits(30))
    amm_base = short - long if r.chance(0.8) else r.pick(0, r.signed(r.bits(40)))
    amm_quote, margin = r.signed(r.bits(42)), r.pick(0, 200_000, r.ppm())
    used, since = r.pick(0, 0, r.bits(40)), r.pick(0, DAY - 1, DAY, DAY + 1, r.bits(18))
    # Near what the vAMM gives.
    if r.chance(0.5):
        amm_quote = max(0, amm_quote) - amm_base * price // BASE
        room = amm_room(amm_base, amm_quote, margin, price, used if since < DAY else 0)
        debt = max(1, r.pick(room, r.near(room), r.about(room, 500_000)))
    return (
        debt, claims, r.pick(0, debt, r.near(debt), r.bits(38)), r.pick(0, 2**40, debt // 2, r.near(debt)), r.flat(0, 4), long, short, amm_base,
        amm_quote, margin, price, used, since, r.pick(0, 0, 0, 1), r.pick(0, r.bits(30)), r.signed(r.bits(30)), r.pick(0, r.bits(20)), r.bits(40),
    )


@formula(
    "default",
    DEFAULT,
    """loss amm insurance deficit amm_quote funding_pot deficit_left fund pool debt_left amm_used new_day new_deficit settlement_loss
debts""",
    draw_default,
    # A vAMM with 20 of spare equity: half of it, what the day has used, and the day's last second.
    [(9_999_999 + d, 0, 0, 0, 0, BASE, BASE, 0, 20_000_000, 200_000, 10**8, used, since, 0, 0, 0, 0, 0)
     for d in (0, 1, 2) for used, since in ((0, 0), (10_000_000, 0), (10_000_000, DAY - 1), (10_000_000, DAY))],
)
def default(
    debt, claims, fund, cap, tier, long, short, amm_base, amm_quote, margin, price, used, since, settling, other_debts, pot, deficit, pool
):
    """A cross pocket with a debt here and claims elsewhere: who pays."""
    if claims >= debt:
        raise Refused("NotBankrupt")
    loss = debt - claims
    amm = 0 if settling else min(loss, amm_room(amm_base, amm_quote, margin, price, used if since < DAY else 0))
    new_day = int(amm > 0 and since >= DAY)
    used = (0 if new_day else used) + amm
    insurance = min(loss - amm, for_one(fund, cap, tier))
    added = loss - amm - insurance
    amm_quote -= amm
    if not settling and long == short == amm_base == 0:
        rest = min(added, max(0, amm_quote))
        amm, amm_quote, added = amm + rest, amm_quote - rest, added - rest
    owed = other_debts + (debt - loss if settling else 0)
    return (
        loss, amm, insurance, added, amm_quote, pot - added, deficit + added, fund - insurance, pool + insurance, debt - loss,
        used, new_day, int(added > 0 and deficit == 0), added if settling else 0, owed,
    )


SWEEP = "fees insurance_fees amm_share insurance_share " + EXPIRY


def draw_sweep(r):
    users, pot, deficit, pool, long, short, price, _ = draw_market(r)
    insurance_share = r.pick(250_000, r.ppm(500_000))
    fees = r.pick(0, r.bits(34), r.near(deficit))
    spare = pool - max(0, owed(users, pot, deficit, long, short, price))
    insurance_fees = r.pick(0, r.bits(30), max(0, spare), r.near(max(0, spare)))
    pool += r.pick(0, fees + insurance_fees, r.near(fees), r.bits(30))
    return users, pot, deficit, pool, long, short, price, fees, insurance_fees, r.pick(500_000, r.ppm(500_000)), insurance_share, *draw_expiry(r, price, 0.2)


@formula(
    "sweep",
    "users_quote funding_pot deficit pool long short price " + SWEEP,
    "insurance amm protocol deficit fees insurance_fees pool funding_pot fund amm_quote",
    draw_sweep,
)
def sweep(users, pot, deficit, pool, long, short, price, fees, insurance_fees, amm_share, insurance_share, *expiry):
    spare = max(0, pool - max(0, owed(users, pot, deficit, long, short, forecast(price, *expiry))))
    repaid = min(deficit, fees)
    fees, pot = fees - repaid, pot + repaid
    from_insurance = min(insurance_fees, spare)
    taken = min(fees, spare - from_insurance)
    amm, insurance = taken * amm_share // PPM, taken * insurance_share // PPM
    protocol = taken - amm - insurance
    total = insurance + from_insurance
    if not (total or amm or protocol or repaid):
        raise Refused("NothingToSettle")
    return total, amm, protocol, repaid, fees - taken, insurance_fees - from_insurance, pool - total - protocol, pot, total, amm


HAIRCUT_DELAY = 3_600


def draw_settle(r):
    users, pot, deficit, pool, long, short, price, _ = draw_market(r)
    deficit = r.pick(0, 0, deficit)
    base = r.signed(r.pick(0, r.size(40)))
    profit = r.signed(r.pick(0, r.bits(38), r.near(0)))
    quote = profit - base * price // BASE
    entry = r.pick(quote, quote - profit, r.near(quote, -(2**62)), r.signed(r.bits(40)))
    # Some deficits are large beside what users would take out.
    if deficit and r.chance(0.5):
        deficit = r.about(abs(profit) + 1, 900_000)
        users = deficit + r.pick(0, abs(profit), r.bits(38)) - pot - deficit - up((long - short) * price, BASE)
        pool = r.pick(pool, abs(profit) // 2, abs(profit), r.bits(42))
    since, owner = r.pick(HAIRCUT_DELAY, HAIRCUT_DELAY, HAIRCUT_DELAY + r.bits(20), HAIRCUT_DELAY - 1), r.pick(1, 1, 1, 0)
    return (
        users, pot, deficit, pool, long, short, price, base, quote, entry, r.pick(0, abs(profit), r.near(abs(profit)), r.bits(42)), since, owner,
        *draw_expiry(r, price, 0.2),
    )


@formula(
    "settle",
    "users_quote funding_pot deficit pool long short price base quote entry tokens since owner " + EXPIRY,
    "amount written_off pool users_quote quote tokens deficit",
    draw_settle,
)
def settle(users, pot, deficit, pool, long, short, price, base, quote, entry, tokens, since, owner, *expiry):
    """Profit or loss of an isolated position, moved as far as it goes; its margin is not asked about here."""
    price = forecast(price, *expiry)
    profit = quote + base * price // BASE
    off = 0
    if profit < 0:
        amount = -min(tokens, -profit)
    else:
        net = owed(users, pot, deficit, long, short, price)
        claim = max(0, min(profit, max(0, quote - entry) + max(0, pool - net + deficit)))
        amount = min(pool, claim)
        if claim and deficit:
            if since < HAIRCUT_DELAY:
                raise Refused("ProfitHeld")
            if not owner:
                raise Refused("ProfitOwnersAlone")
            net = max(0, net)
            if deficit > net:
                raise Refused("ProfitHeld")
            if net > deficit:
                claim = min(claim, pool * net // (net - deficit))
            if claim > net:
                raise Refused("ProfitHeld")
            amount = claim * (net - deficit) // net
            off = claim - amount
    if amount == off == 0:
        raise Refused("NothingToSettle")
    return amount, off, pool - amount, users - amount - off, quote - amount - off, tokens + amount, deficit - off
