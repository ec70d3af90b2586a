"""A step of a liquidation, its fee, its cover and the throttle: docs/math/liquidation.md."""

from exact import BASE, PPM, Refused, U64, down, formula, i64, step_down, step_up, up, value_down, value_up
from expiry import EXPIRY, draw_expiry, forecast
from margin import with_premium

STEP_SHARE, UNITS = 250_000, 3


def covered(shortage, ratio, fee, insurance, price, rounding):
    freed = price * max(0, ratio - fee - insurance) // PPM
    if freed == 0:
        return U64
    size = rounding(shortage * BASE, freed)
    return U64 if size > U64 else size


def insurance_fee(shortage, value, ratio, fee, most):
    if ratio <= fee or value == 0:
        return 0
    return min(most, max(0, ratio - fee - up(shortage * PPM, value)) * 95 // 100)


def step_size(cover, position, small, step, min_order, wanted):
    wanted = position if wanted >= position else step_down(wanted, step)
    if small:
        return wanted
    quarter = step_up(up(position * STEP_SHARE, PPM), step)
    cover = min(U64, step_up(cover, step))
    return min(wanted, max(min_order, min(cover, max(quarter, min_order))))


def takeover_price(base, oracle, fee):
    return up(oracle * (PPM - fee), PPM) if base > 0 else oracle * (PPM + fee) // PPM


def affordable(fee, equity, value):
    """A discount within what is left: nothing of a pocket without equity."""
    return fee if value == 0 else min(fee, max(0, equity) * PPM // value)


def draw_discount(r):
    most = r.ppm(100_000)
    ramp = r.pick(0, 60_000, 600_000, r.flat(1, 600_000))
    value = r.bits(45)
    equity = r.pick(value * most // PPM, r.near(value * most // PPM), value * r.flat(0, 60_000) // PPM, 0, -r.bits(30), r.bits(45))
    return (
        r.pick(0, most, r.flat(0, most)), most, r.pick(0, r.flat(0, ramp), min(2**50, r.near(ramp)), r.bits(30)), ramp, equity, value,
    )


@formula("discount", "start most elapsed ramp equity value", "discount affordable", draw_discount)
def discount(start, most, elapsed, ramp, equity, value):
    grown = most if elapsed >= ramp else start + (most - start) * elapsed // ramp
    return grown, affordable(grown, equity, value)


def draw_budget(r):
    return r.size(50), r.size(50), r.price(), r.pick(0, 50_000, PPM, r.ppm()), r.pick(0, 1, 10_000_000_000, r.bits(50))


@formula("window_budget", "longs shorts price share floor", "budget limited", draw_budget)
def window_budget(longs, shorts, price, share, floor):
    if share == 0:
        return floor, int(floor != 0)
    value = value_down(max(longs, shorts), price)
    if value > U64:
        raise Refused("Overflow")
    return max(floor, value * share // PPM), 1


def draw_cover(r):
    price, ratio = r.price(), r.pick(55_000, r.flat(10_000, 500_000))
    fee, most = r.pick(5_000, 10_000, r.ppm(60_000)), r.pick(0, 5_000, 10_000, r.ppm(60_000))
    size = 1 + r.size(45)
    value = value_down(size, price)
    shortage = r.pick(0, value * r.flat(0, 60_000) // PPM, r.near(value * max(0, ratio - fee) // PPM), r.bits(40))
    step = r.pick(1, 100_000, 10_000_000)
    cover = r.pick(covered(shortage, ratio, fee, most, price, up), size // 4, r.near(size // 4), U64, r.bits(50))
    return (
        shortage, ratio, fee, most, price, size, cover, r.pick(0, 0, 1), step, step * r.pick(1, 1, 10, r.flat(1, 1_000)),
        r.pick(U64, U64, size, r.near(size), size // 7, min(U64, r.near(cover)), step - 1),
    )


@formula("cover", "shortage ratio fee most price size cover small step min_order wanted", "down up insurance taken long short", draw_cover)
def cover(shortage, ratio, fee, most, price, size, cover, small, step, min_order, wanted):
    return (
        covered(shortage, ratio, fee, most, price, down),
        covered(shortage, ratio, fee, most, price, up),
        insurance_fee(shortage, value_down(size, price), ratio, fee, most),
        step_size(cover, size, small, step, min_order, wanted),
        takeover_price(1, price, fee),
        takeover_price(-1, price, fee),
    )


class Use:
    """What a market has counted of the running window: of all, of those at least one, two and three eighths short, and whose."""

    def __init__(self, used, window, owner, weight, account):
        self.used, self.window, self.owner, self.weight, self.account = used, window, owner, weight, account


# In place of an account's number.
SEVERAL = 2**16 - 1


def throttle(use, budget, collateral, required, value, owner, account, slot, micros):
    """Counts a step of an account of an owner, or lets it wait."""
    if budget == 0:
        return
    if slot >= use.window + up(60_000 * 1_000, micros):
        use.used, use.window, use.weight = [0, 0, 0, 0], slot, 0
    never_waits = 2 * collateral < required
    eighths = 3 if never_waits else min(3, max(0, required - collateral) * 8 // required)
    others = use.weight if (use.owner == owner and use.account != account) else 0
    if not never_waits and max(0, use.used[eighths] - others) >= budget:
        raise Refused("LiquidationThrottled")
    use.used = [used + value if at <= eighths else used for at, used in enumerate(use.used)]
    if use.weight and use.owner == owner:
        use.weight += value
        if use.account != account:
            use.account = SEVERAL
    elif use.weight > value:
        use.weight -= value
    else:
        use.owner, use.account, use.weight = owner, account, value - use.weight


THROTTLE = "size equity wanted budget all eighth quarter three_eighths owner weight account number own_liquidator age"


def draw_throttle(r):
    size = 1_000_000 * (1 + r.bits(20))
    required = up(size * 50_000, PPM)
    equity = r.pick(*[required * part // 8 for part in (8, 7, 6, 5, 4, 3)], required * r.flat(0, 1_000) // 1_000, -r.bits(20))
    equity = min(required - 1, r.near(equity, -(10**9)))
    wanted = r.pick(size, r.flat(1, size), size // 7)
    budget = r.pick(0, wanted, r.near(wanted, 1), 1 + r.bits(40))
    used = sorted((r.pick(0, budget, r.near(budget), budget + r.bits(30), r.bits(40)) for _ in range(4)), reverse=True)
    weight = r.pick(0, min(wanted, used[0]), min(used[0], r.near(wanted)), max(0, used[r.flat(0, 3)] - r.near(budget)), r.flat(0, used[0]))
    return (
        size, equity, wanted, budget, *used, r.flat(0, 2) if weight else 0, weight, r.pick(1, 2, SEVERAL), r.pick(1, 1, 2), r.pick(0, 0, 0, 1),
        r.pick(0, 149, 150, r.bits(9)),
    )


def used_edge(part, seen, weight, owner=1, account=2):
    """A requirement of 4,000,000, so many eighths of it short; ten are the budget."""
    used = [10 if at < seen else 9 for at in range(4)]
    return 80_000_000, 4_000_000 - part * 500_000, 10, 10, *used, owner, weight, account, 1, 0, 0


@formula(
    "throttle",
    THROTTLE,
    "all eighth quarter three_eighths window owner weight account",
    draw_throttle,
    # Each class against each sum; then what is seen of one's own other accounts, of this one and of another owner's.
    [used_edge(part, seen, 0, 0) for part in (1, 2, 3, 4, 5) for seen in (0, 1, 2, 3, 4)]
    + [used_edge(2, 4, weight, owner, account) for weight in (1, 10) for owner in (1, 2) for account in (1, 2, SEVERAL)]
    + [used_edge(5, 0, weight, owner) for weight in (9, 10, 11) for owner in (1, 2)],
)
def throttled(size, equity, wanted, budget, a, b, c, d, owner, weight, account, number, own_liquidator, age):
    """A step on a long at 1,000 without fees: its value is what is taken. The owner is 1, others 2, nobody 0."""
    use = Use([a, b, c, d], 10**6 - age, owner, weight, account)
    if not own_liquidator:
        throttle(use, budget, equity, up(size * 50_000, PPM), wanted, 1, number, 10**6, 400_000)
    return *use.used, use.window, use.owner, use.weight, use.account


STEP = """maintenance buffer fee fee_small insurance_fee small_position step min_order wanted base price tokens quote size_premium
budget liquidated window slot_micros slot marked """ + EXPIRY


def draw_step(r):
    """A position near its maintenance margin, with fees that a listing accepts."""
    maintenance = r.pick(50_000, 5_000, 160_000, r.flat(5_000, 400_000))
    buffer = r.pick(5_000, 0, min(maintenance, 40_000), r.ppm(maintenance))
    insurance = r.pick(0, min(5_000, maintenance // 2), maintenance // 5, r.ppm(maintenance // 2))
    fees = [min(max(0, maintenance - insurance - 1), r.pick(5_000, 10_000, r.ppm(maintenance))) for _ in range(2)]
    price = r.pick(10**6 * r.flat(1, 100_000), 1 + r.bits(37), r.flat(1, 20))
    step = r.pick(1, 1_000, 100_000, 10_000_000)
    size = step * (1 + r.bits(22))
    value = value_up(size, price)
    small = r.pick(0, 0, 1_000 * 10**6, value, r.near(value), value - 1)
    premium = r.pick(0, 0, 0, 2, r.bits(8))
    ratio = with_premium(maintenance, size, premium)
    equity = r.pick(
        value * ratio // PPM - r.bits(30),
        value * r.flat(0, ratio + buffer) // PPM,
        r.near(up(value * ratio, PPM), -10),
        up(value * (ratio + buffer), PPM) - r.flat(0, 4),
        r.near(up(value * ratio, PPM) // 2, -10),
        -r.bits(20),
    )
    long = r.side()
    if long:
        tokens = r.pick(0, 0, 1 + r.bits(30))
        quote = equity - tokens - value_down(size, price)
    else:
        tokens = r.pick(max(0, equity + value), 0, r.bits(40))
        quote = equity - tokens + value
    micros = r.pick(400_000, 400_000, r.flat(50_000, 1_000_000))
    slots = up(60_000 * 1_000, micros)
    slot = 1_000_000
    budget = r.pick(0, value // 10, 1, r.bits(40))
    return (
        maintenance, buffer, *fees, insurance, max(0, small), step, step * r.pick(1, 10), r.pick(U64, U64, U64, size, r.near(size // 9), step),
        size if long else -size, price, tokens, quote, premium, budget, r.pick(0, budget, r.near(budget), max(0, budget - 1)),
        r.pick(slot, slot - slots, slot - slots + 1, slot - r.bits(9), 0), micros, slot, r.pick(0, 0, 1),
        *draw_expiry(r, price, 0.2),
    )


def edge(equity, liquidated, window):
    """A long of one base at 1,000: half of its requirement is 25. The budget is one unit."""
    return 50_000, 5_000, 5_000, 10_000, 10_000, 0, 1_000, 1_000, U64, BASE, 10**9, 0, equity - 10**9, 0, 1, liquidated, window, 400_000, 10**6, 0, 0, 0, 0, 0


@formula(
    "liquidation_step",
    STEP,
    "base price quote insurance tokens_left quote_left liquidated window marked bankrupt",
    draw_step,
    # At half of the requirement, at the end of the budget, at the end of the window.
    [edge(25_000_000 + e, used, 10**6 - w) for e in (-1, 0, 1) for used in (0, 1, 2) for w in (0, 149, 150)],
)
def step(*args):
    """The whole action on an isolated position without orders; of a position without equity at no discount."""
    (maintenance, buffer, fee, fee_small, insurance, small_position, step, min_order, wanted, base, price, tokens, quote, premium,
     budget, liquidated, window, micros, slot, marked, *expiry) = args
    price = forecast(price, *expiry)
    size = abs(base)
    low, high = value_down(size, price), value_up(size, price)

    def margins(size, quote):
        value = value_up(size, price)
        collateral = tokens + quote + (value_down(size, price) if base > 0 else -value)
        required = up(value * with_premium(maintenance, size, premium), PPM)
        return collateral, required, max(0, required + up(value * buffer, PPM) - collateral)

    collateral, required, shortage = margins(size, quote)
    if collateral >= required and not (marked and shortage):
        if not marked:
            raise Refused("NotLiquidatable")
        return 0, 0, 0, 0, tokens, quote, liquidated, window, 0, 0
    if shortage == 0:
        return 0, 0, 0, 0, tokens, quote, liquidated, window, 0, 0
    if wanted == 0 and not marked:
        # It only begins.
        return 0, 0, 0, 0, tokens, quote, liquidated, window, 1, 0
    small = high <= small_position
    taken_fee = affordable(fee_small if small else fee, collateral, high)
    ratio = with_premium(maintenance, size, premium) + buffer
    share = insurance_fee(shortage, low, ratio, taken_fee, insurance)
    cover = covered(shortage + UNITS, ratio, taken_fee, share, price, up)
    taken = step_size(cover, size, small, step, min_order, wanted)
    if taken == 0:
        raise Refused("AmountZero")
    at = takeover_price(base, price, taken_fee)
    paid = value_up(taken, at) if base > 0 else -value_down(taken, at)
    fee_paid = value_down(taken, price) * share // PPM
    use = Use([liquidated, 0, 0, 0], window, 0, 0, 0)
    throttle(use, budget, collateral, required, abs(paid), 1, 0, slot, micros)
    liquidated, window = use.used[0], use.window
    left = i64(quote + paid - fee_paid)
    after = margins(size - taken, left)
    bankrupt = int(taken == size and tokens == 0 and left < 0)
    if size == taken and left == 0 and tokens == 0:
        # Nothing is left in the slot.
        return base, at, paid, fee_paid, 0, 0, liquidated, window, 0, 0
    moved = taken if base > 0 else -taken
    return moved, at, paid, fee_paid, tokens, left, liquidated, window, int(after[2] > 0 and not bankrupt), bankrupt


def draw_transfer(r):
    asset = r.pick(800_000, r.ppm())
    return (
        r.bits(45), asset, r.pick(1_200_000, asset, r.near(asset), PPM + r.bits(19)), r.pick(PPM, 1_100_000, PPM + r.bits(17)),
        r.pick(PPM, 900_000, 1 + r.ppm(PPM - 1)), r.pick(0, 10_000, r.ppm(100_000)), r.price(), r.pick(6, 9, 0, 12), r.bits(45),
    )


@formula(
    "liability_transfer",
    "shortage asset_weight liability_weight asset_multiplier liability_multiplier insurance_fee price decimals asset_value",
    "to_cover for_asset",
    draw_transfer,
)
def transfer(shortage, asset_weight, liability_weight, asset_multiplier, liability_multiplier, insurance_fee, price, decimals, asset_value):
    asset = asset_weight * asset_multiplier // liability_multiplier
    freed = max(0, liability_weight - asset - up(liability_weight * insurance_fee, PPM))
    value = price * freed // PPM
    if asset_weight >= liability_weight or value == 0:
        tokens = U64
    else:
        tokens = min(U64, max(1, shortage * 10**decimals // value))
    other = max(1, up(asset_value * liability_multiplier * 10**decimals, asset_multiplier * price))
    if other > U64:
        raise Refused("Overflow")
    return tokens, other
