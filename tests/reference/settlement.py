"""Settlement of a market, defaults, sweeps: docs/math/settlement.md, docs/math/liquidation.md (Default), docs/math/ledger.md."""

from exact import BASE, INDEX, PPM, Refused, down, formula, i64, up

PAYOUT_DELAY, DEBT_PERIOD = 3_600, 7 * 86_400
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


def draw_terms(r):
    users, pot, deficit, pool, long, short, price, missing = draw_market(r)
    return users, pot, deficit, pool, long, short, r.pick(0, missing, missing // 2, r.near(missing), r.bits(34)), r.pick(50_000, r.ppm(200_000)), price


def band_edge(missing, long):
    """One base net at 100.000001, so that the price moves by what is missing."""
    net = BASE if long else -BASE
    return missing - net // BASE * 100_000_001, 0, 0, 0, *((BASE, 0) if long else (0, BASE)), 0, 50_000, 100_000_001


@formula(
    "settlement_terms",
    "users_quote funding_pot deficit pool long short insurance_fund band average",
    "price insurance",
    draw_terms,
    [band_edge(missing, long) for missing in (4_999_999, 5_000_000, 5_000_001) for long in (0, 1)],
)
def terms(users, pot, deficit, pool, long, short, fund, band, average):
    missing = max(0, owed(users, pot, deficit, long, short, average) - pool)
    insurance = min(missing, fund)
    missing -= insurance
    net = long - short
    if missing and net:
        distance = up(missing * BASE, abs(net))
        price = average - distance if net > 0 else average + distance
        if up(average * (PPM - band), PPM) <= max(0, price) <= average * (PPM + band) // PPM:
            return max(0, price), insurance
    return average, insurance


def draw_payout(r):
    claim = 1 + r.bits(42)
    debts = r.pick(0, 0, r.bits(38))
    users = r.pick(claim - debts, claim + r.bits(40) - debts, claim // 2, -r.bits(30))
    claims = max(claim, users + debts)
    since = r.pick(0, 3_599, 3_600, 3_601, 604_799, 604_800, 604_801, r.bits(20))
    pool = max(0, r.pick(claims, r.near(claims), claims * r.ppm() // PPM, r.bits(40)))
    return claim, users, debts, pool, since, r.pick(0, 0, 0, 0, 1), r.pick(0, 0, 0, 0, 1)


@formula(
    "payout",
    "claim users_quote debts pool since long short",
    "paid written_off",
    draw_payout,
    [(100, 300, 0, 200, 3_600, 0, 0), (100, 300, 1, 200, 604_800, 0, 0), (3, 7, 0, 5, 3_600, 0, 0), (3, 7, 1, 5, 604_799, 0, 0)],
)
def payout(claim, users, debts, pool, since, long, short):
    if long or short or since < PAYOUT_DELAY:
        raise Refused("SettlementPending")
    claims = max(claim, users + debts)
    if pool >= claims:
        return claim, 0
    if debts and since < DEBT_PERIOD:
        raise Refused("SettlementPending")
    paid = claim * pool // claims
    return paid, claim - paid


CLOSE = "base quote tokens settlement_price pool debts users_quote deficit funding_pot amm_base amm_quote since settled"


def draw_close(r):
    """The last position of a market in settlement, before or after its base was closed."""
    settled = r.side()
    price = 1 + r.bits(36)
    base = 0 if settled else r.signed(r.pick(r.size(44), 1, 3))
    claim = r.signed(r.pick(0, r.bits(40), r.near(0)))
    quote = claim - base * price // BASE
    tokens = r.pick(0, abs(claim), r.near(abs(claim)), r.bits(40))
    others = r.pick(0, 0, r.bits(40))
    debts = (max(0, -claim) if settled else 0) + r.pick(0, 0, r.bits(30))
    users = quote + others
    pool = r.pick(max(0, claim + others + debts), r.bits(40), r.near(max(0, claim)), 0)
    return (
        base, quote, tokens, price, pool, debts, users, r.pick(0, 0, r.bits(30)), -r.bits(20), -base + r.pick(0, 5), r.signed(r.bits(40)),
        r.pick(0, 3_599, 3_600, 604_799, 604_800, r.bits(20)), settled,
    )


@formula(
    "settle_position",
    CLOSE,
    "closed amount written_off left pool debts users_quote deficit funding_pot amm_base amm_quote tokens",
    draw_close,
)
def settle_position(base, quote, tokens, price, pool, debts, users, deficit, pot, amm_base, amm_quote, since, settled):
    """The whole action on an isolated position of a market in which nobody else has base."""
    value = base * price // BASE
    claim = quote + value
    users, amm_base, amm_quote = users + value, amm_base + base, amm_quote - value
    if claim < 0 and not settled:
        debts += -claim
    done = not settled
    amount = lost = 0
    if claim < 0:
        amount = -min(tokens, -claim)
        pool, debts, users, tokens = pool - amount, debts + amount, users - amount, tokens + amount
    elif claim > 0:
        try:
            amount, lost = payout(claim, users, debts, pool, since, 0, 0)
        except Refused:
            if not done:
                raise
        pool, users, tokens = pool - amount, users - amount - lost, tokens + amount
        borne = min(lost, deficit)
        deficit, pot, amm_quote = deficit - borne, pot + borne, amm_quote + lost - borne
    if debts < 0:
        raise Refused("Overflow")
    if not done and amount == 0 and lost == 0:
        raise Refused("NothingToSettle")
    return base, amount, lost, claim - amount - lost, pool, debts, users, deficit, pot, amm_base, amm_quote, tokens


DEFAULT = """debt claims insurance_fund insurance_cap tier long short amm_base amm_quote average settling settlement_price
funding_pot deficit pool"""


def draw_default(r):
    debt = 1 + r.bits(40)
    claims = r.pick(0, 0, debt // 3, r.near(debt), r.bits(38))
    long, short = r.pick(0, 0, r.size(46)), r.pick(0, 0, r.size(46), 3)
    average = r.pick(10**6 * r.flat(1, 100_000), 1 + r.bits(30))
    amm_base = short - long if r.chance(0.8) else r.pick(0, r.signed(r.bits(40)))
    bearers = long + short + abs(amm_base)
    # Near the most that one default may charge.
    if bearers and r.chance(0.5):
        most = bearers * average // 10 // BASE
        debt = max(1, r.pick(most, r.near(most), r.about(most, 500_000)))
    return (
        debt, claims, r.pick(0, debt, r.near(debt), r.bits(38)), r.pick(0, 2**40, debt // 2, r.near(debt)), r.flat(0, 4), long, short, amm_base,
        r.signed(r.bits(42)), average, r.pick(0, 0, 0, 1), 1 + r.bits(36), r.signed(r.bits(30)), r.pick(0, r.bits(20)), r.bits(40),
    )


@formula(
    "default",
    DEFAULT,
    "loss insurance amm socialised deficit charge amm_quote funding_pot deficit_left fund pool debt_left",
    draw_default,
    # Next to nothing bears it: what it would be charged has more than 64 bits.
    [(10**12, 0, 0, 0, 0, 1, 0, -1, 0, 2_000 * 10**6, 0, 1, 0, 0, 0), (10**12, 0, 0, 0, 0, 54, 0, -54, 0, 2_000 * 10**6, 0, 1, 0, 0, 0)],
)
def default(debt, claims, fund, cap, tier, long, short, amm_base, amm_quote, average, settling, price, pot, deficit, pool):
    """A cross pocket with a debt here and claims elsewhere: who pays."""
    if claims >= debt:
        raise Refused("NotBankrupt")
    loss = debt - claims
    most = fund if settling else min(cap, fund * INSURANCE_SHARES[tier] // PPM)
    insurance = min(loss, most)
    rest = loss - insurance
    amm = socialised = added = charge = 0
    if rest:
        bearers = 0 if settling else long + short + abs(amm_base)
        if bearers == 0:
            means = amm_quote + amm_base * price // BASE if settling else amm_quote
            amm = min(rest, max(0, means))
            added = rest - amm
            amm_quote, pot = amm_quote - amm, pot - added
        else:
            wanted, limit = up(rest * INDEX, bearers), average * 1_000 // 10
            charge = min(wanted, limit)
            socialised = rest if wanted <= limit else down(bearers * limit, INDEX)
            added = rest - socialised
            part = up(abs(amm_base) * charge, INDEX)
            amm_quote, pot = amm_quote - part, pot + part - rest
    return loss, insurance, amm, socialised, added, charge, amm_quote, pot, deficit + added, fund - insurance, pool + insurance, debt - loss


SWEEP = "fees insurance_fees amm_share insurance_share"


def draw_sweep(r):
    users, pot, deficit, pool, long, short, price, _ = draw_market(r)
    insurance_share = r.pick(250_000, r.ppm(500_000))
    fees = r.pick(0, r.bits(34), r.near(deficit))
    spare = pool - max(0, owed(users, pot, deficit, long, short, price))
    insurance_fees = r.pick(0, r.bits(30), max(0, spare), r.near(max(0, spare)))
    pool += r.pick(0, fees + insurance_fees, r.near(fees), r.bits(30))
    return users, pot, deficit, pool, long, short, price, fees, insurance_fees, r.pick(500_000, r.ppm(500_000)), insurance_share


@formula(
    "sweep",
    "users_quote funding_pot deficit pool long short price " + SWEEP,
    "insurance amm protocol deficit fees insurance_fees pool funding_pot fund amm_quote",
    draw_sweep,
)
def sweep(users, pot, deficit, pool, long, short, price, fees, insurance_fees, amm_share, insurance_share):
    spare = max(0, pool - max(0, owed(users, pot, deficit, long, short, price)))
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


def draw_settle(r):
    users, pot, deficit, pool, long, short, price, _ = draw_market(r)
    base = r.signed(r.pick(0, r.size(40)))
    profit = r.signed(r.pick(0, r.bits(38), r.near(0)))
    quote = profit - base * price // BASE
    entry = r.pick(quote, quote - profit, r.near(quote, -(2**62)), r.signed(r.bits(40)))
    return users, pot, deficit, pool, long, short, price, base, quote, entry, r.pick(0, abs(profit), r.near(abs(profit)), r.bits(42))


@formula(
    "settle",
    "users_quote funding_pot deficit pool long short price base quote entry tokens",
    "amount pool users_quote quote tokens",
    draw_settle,
)
def settle(users, pot, deficit, pool, long, short, price, base, quote, entry, tokens):
    """Profit or loss of an isolated position, moved as far as it goes; its margin is not asked about here."""
    profit = quote + base * price // BASE
    if profit < 0:
        amount = -min(tokens, -profit)
    else:
        excess = pool - owed(users, pot, deficit, long, short, price)
        amount = min(pool, max(0, min(profit, max(0, quote - entry) + max(0, excess))))
    if amount == 0:
        raise Refused("NothingToSettle")
    return amount, pool - amount, users - amount, quote - amount, tokens + amount
