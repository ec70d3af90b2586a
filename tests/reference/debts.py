"""Debts of those who can pay: docs/math/settlement.md, section of that name."""

from exact import BASE, PPM, Refused, U64, formula, u64, up, value_down, value_up
from liquidation import step_size, takeover_price


def settled_debt(debt, claim, tokens, quote, entry):
    """What a pocket owes settled markets beyond its tokens and realised profits: a claim in another one, and a position."""
    return max(0, debt - max(0, claim) - tokens - max(0, quote - entry))


REALISE = "debt claim tokens base quote entry price fee fee_small small_position step min_order wanted"


def draw_realise(r):
    price = r.pick(10**6 * r.flat(1, 100_000), 1 + r.bits(37))
    step = r.pick(1, 1_000, 100_000)
    size = step * (1 + r.bits(22))
    value = value_up(size, price)
    fees = r.pick(5_000, 0, r.ppm(30_000)), r.pick(10_000, r.ppm(30_000))
    long = r.side()
    profit = r.pick(value // 5, value * r.ppm(300_000) // PPM, r.near(0), r.bits(20))
    entry = profit - value if long else profit + value
    quote = r.pick(entry, entry, r.near(entry, -(2**62)), entry + r.bits(20), entry - r.bits(30))
    debt = 1 + r.pick(profit // 9, profit // 3, r.near(profit), r.bits(34))
    tokens, claim = r.pick(0, 0, debt // 3, debt // 2, r.near(debt)), r.pick(0, 0, debt // 5, -r.bits(20))
    small = r.pick(0, 0, value, r.near(value), 10**9)
    return (
        debt, claim, tokens, size if long else -size, quote, entry, price, *fees, small, step, step * r.pick(1, 10),
        r.pick(U64, U64, U64, size, r.near(size // 9), step),
    )


@formula(
    "realise",
    REALISE,
    "base price quote quote_left debt_left",
    draw_realise,
    # A profit of 20 at a fee of nothing on one base at 100; a debt of a fifth of it, and what pays it.
    [(4_000_000 + more, claim, tokens, BASE, entry - 100_000_000, entry - 100_000_000, 100_000_000, 0, 0, 0, 1, 1, U64) for more in (-1, 0, 1) for claim, tokens in ((0, 0), (1, 0), (0, 1), (-1, 0), (2_000_000, 1_999_999)) for entry in (20_000_000,)],
)
def realise(debt, claim, tokens, base, quote, entry, price, fee, fee_small, small_position, step, min_order, wanted):
    """A step on a position in profit of a pocket that meets its margin; `claim` is one in another settled market, or a debt."""
    owed = settled_debt(debt + max(0, -claim), claim, tokens, quote, entry)
    if owed == 0:
        raise Refused("NotLiquidatable")
    size = abs(base)
    small = value_up(size, price) <= small_position
    at = takeover_price(base, price, fee_small if small else fee)
    profit = base * at // BASE + entry
    if profit <= 0:
        raise Refused("NotLiquidatable")
    taken = step_size(min(U64, up(owed * size, profit)), size, small, step, min_order, wanted)
    if taken == 0:
        raise Refused("AmountZero")
    moved = taken if base > 0 else -taken
    paid = value_up(taken, at) if base > 0 else -value_down(taken, at)
    return moved, at, paid, quote + paid, debt


BUY = "debt tokens price fee fee_small decimals held wanted"


def draw_buy(r):
    price, decimals = r.price(), r.pick(6, 9, 0, 12)
    debt = 1 + r.bits(40)
    needed = debt * 10**decimals // price
    return (
        debt, r.pick(0, 0, debt // 2, debt, r.near(debt)), price, r.pick(5_000, r.ppm(60_000)), r.pick(10_000, 0, r.ppm(60_000)), decimals,
        min(2**60, r.pick(needed, 2 * needed, r.near(needed), r.bits(50))), min(U64, r.pick(U64, U64, r.near(needed), needed // 3)),
    )


@formula("buy_tokens", BUY, "price amount quote", draw_buy)
def buy_tokens(debt, tokens, price, fee, fee_small, decimals, held, wanted):
    """Tokens of another bank for a debt, at the price less the larger fee; fractions go against the liquidator."""
    owed = max(0, debt - tokens)
    if owed == 0:
        raise Refused("NotLiquidatable")
    at, unit = up(price * (PPM - max(fee, fee_small)), PPM), 10**decimals
    amount = min(held, wanted, up(owed * unit, at))
    if amount == 0:
        raise Refused("AmountZero")
    return at, amount, u64(up(amount * at, unit))
