"""Fees of a fill and where they go, tiers: docs/math/fees.md."""

from exact import PPM, Refused, formula, i64, u64, up


def draw_fill(r):
    """Rates that a schedule accepts: what is left of the fee pays the rebate."""
    taker = r.pick(1_000, 300, r.ppm(3_000))
    filler, referrer, discount = r.pick(100_000, r.ppm(200_000)), r.pick(0, 150_000, r.ppm(150_000)), r.pick(0, 50_000, r.ppm(150_000))
    kept = taker * ((PPM - discount) * (PPM - filler - referrer) // PPM) // PPM
    rebate = r.pick(0, min(300, kept), r.ppm(max(1, min(300, kept))))
    quote = r.pick(0, 1, 999, 1_000, 1_001, r.bits(20), r.bits(45))
    return quote, taker, min(rebate, kept), filler, r.pick(5_000_000, 0, r.bits(20)), referrer, discount, r.side(), r.flat(0, 2), r.pick(0, 0, r.ppm(1_000)), r.side()


@formula(
    "fees",
    "quote taker_rate rebate_rate filler_share max_filler referrer_share discount filler referral builder_rate maker",
    "taker builder rebate filler referrer exchange",
    draw_fill,
)
def of_fill(quote, taker_rate, rebate_rate, filler_share, max_filler, referrer_share, discount, filler, referral, builder_rate, maker):
    """referral: 0 nobody, 1 somebody who is not here, 2 somebody who is paid."""
    taker = up(quote * taker_rate, PPM)
    if referral:
        taker -= taker * discount // PPM
    rebate = quote * rebate_rate // PPM if maker else 0
    if rebate > taker:
        raise Refused("Overflow")
    left = taker - rebate
    reward = min(taker * filler_share // PPM, max_filler, left) if filler else 0
    left -= reward
    share = min(taker * referrer_share // PPM, left) if referral == 2 else 0
    return taker, up(quote * builder_rate, PPM), rebate, reward, share, left - share


def draw_value(r):
    price = r.price()
    size = r.size(45)
    return r.signed(size), price, r.pick(0, r.ppm(), r.bits(21)), r.pick(price, r.near(price), r.price()), r.bits(45), r.pick(6, 9, 0, 12)


@formula("value", "base price by other tokens decimals", "low high up_price down_price distance tokens", draw_value)
def value(base, price, by, other, tokens, decimals):
    exact = base * price
    moved_up, moved_down = up(price * (PPM + by), PPM), price * max(0, PPM - by) // PPM
    low, high, distance = i64(exact // 10**9), i64(up(exact, 10**9)), u64(abs(price - other) * PPM // price)
    return low, high, u64(moved_up), moved_down, distance, u64(tokens * price // 10**decimals)
