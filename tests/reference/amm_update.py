"""Updates of peg, depth and peak: docs/math/amm.md, sections Capital and drawdown, Budget, Peg, Depth and centre."""

from amm_state import FIELDS, State, closing, draw_state, edge, reserve, scaled
from exact import BASE, PPM, Refused, down, formula, i64, u64, up

DECAY, DECAY_SCALE, LONGEST = 80_225, 10**10, 43_200
HOUR = 3_600


def peg_for(s, price):
    return max(1, u64(down(price * s.base_reserve, s.quote_reserve)))


def repeg_cost(s, peg):
    closed = reserve(s.sqrt_k, s.base_reserve + s.net)
    return i64(up((s.quote_reserve - closed) * (peg - s.peg), BASE))


def judge(s, now):
    """The minute: flows fade, the peak rises or decays."""
    elapsed = max(0, now - s.peak_time)
    if s.peak_time and elapsed < 60:
        return
    fade = lambda flow: max(0, flow - up(flow * min(elapsed, HOUR), HOUR))
    s.long_flow, s.short_flow = fade(s.long_flow), fade(s.short_flow)
    equity = min(s.equity(s.price), s.equity(s.twap_5m))
    if s.peak_time == 0 or s.peak_equity <= equity:
        s.peak_equity = equity
    else:
        s.peak_equity -= (s.peak_equity - equity) * DECAY * min(elapsed, LONGEST) // DECAY_SCALE
    s.peak_time = now
    s.floor_equity = s.peak_equity - max(0, s.peak_equity) * s.drawdown_limit // PPM


def spendable(s, wanted, oracle, now):
    if s.budget < wanted:
        elapsed = min(HOUR, max(0, now - (s.budget_time or now)))
        moved = s.unbudgeted * s.update_budget * elapsed // (PPM * HOUR)
        if s.budget_time == 0 or moved or s.unbudgeted == 0:
            s.budget_time = now
        s.unbudgeted -= moved
        s.budget = u64(s.budget + moved)
    return min(s.budget, s.spare(oracle) * s.update_budget // PPM)


def charge(s, cost):
    s.budget = u64(s.budget - cost)
    return max(0, cost)


AFTER = """base_reserve quote_reserve sqrt_k peg lag budget unbudgeted budget_time peak_equity peak_time floor_equity
long_flow short_flow slot_price"""
NAMES = AFTER.split()


def after(s):
    return [getattr(s, name) for name in NAMES]


def update(s, same_slot, now):
    """(whether the peg moved, cost, spent)."""
    oracle = s.price
    judge(s, now)
    if not same_slot or s.slot_price == 0:
        s.slot_price = oracle
    target = peg_for(s, oracle)
    s.lag = 0
    if target == s.peg:
        return 0, 0, 0
    peg, cost = target, 0
    if s.base:
        cost = repeg_cost(s, target)
        if cost > 0:
            budget = spendable(s, cost, oracle, now)
            if cost > budget:
                moved = abs(target - s.peg) * budget // cost
                peg = s.peg + moved if target > s.peg else s.peg - moved
                cost = repeg_cost(s, peg)
    before, s.peg = s.peg, peg
    if peg != target:
        mid = s.mid()
        if mid == 0:
            raise Refused("InvalidPrice")
        distance = up(abs(oracle - mid) * PPM, mid)
        s.lag = distance if oracle >= mid else -distance
        if peg == before:
            return 0, 0, 0
    return 1, cost, charge(s, cost)


def draw_now(r):
    state = draw_state(r)
    return (*state, r.side(), r.pick(1_800_000_000, 1_800_000_000 + r.seconds(100_000)))


NOW = 1_800_000_000
EDGES = [
    # The budget is refilled by a fraction, then cuts the move by a fraction; what the position needs has one too.
    (*edge(peg=1_950_000_007, budget=budget, unbudgeted=unbudgeted, budget_time=NOW - since, margin=margin, update_budget=share), 0, NOW)
    for budget, unbudgeted in ((0, 1_000_003), (7_000_001, 77), (7_000_001, 3_000_017))
    for since, margin, share in ((1_801, 100_001, 333_333), (7, 33_333, 1_000_000), (3_601, 999_999, 10_007))
] + [
    # Equity, and with it what may be spent, to the unit.
    (*edge(peg=1_950_000_007, budget=10**12, quote=22_050 * PPM + more, price=2_000_000_003, twap_5m=2_000_000_003, margin=100_000, base=-10_000_000_001,
           update_budget=1_000_000), 1, NOW)
    for more in range(12)
] + [
    (*edge(peg=1_950_000_007, budget=10**12, quote=40_050 * PPM + more, price=2_000_000_003, twap_5m=2_000_000_003, margin=1_000_000, base=-10_000_000_001,
           update_budget=1_000_000), 1, NOW)
    for more in range(12)
] + [
    # A minute to the second, an hour of flow, half a day of silence.
    (*edge(peak_time=NOW - since, peak_equity=12_000 * PPM + 7, long_flow=3_601, short_flow=7, drawdown_limit=300_001), 1, NOW)
    for since in (0, 59, 60, 61, 3_599, 3_600, 3_601, 43_199, 43_200, 43_201)
]


@formula("update", FIELDS + " same_slot now", "moved cost spent " + AFTER, draw_now, EDGES)
def updates(*args):
    s = State(*args[:-2])
    return (*update(s, *args[-2:]), *after(s))


@formula("repeg_cost", FIELDS + " to", "cost peg_for", lambda r: (*(s := draw_state(r)), max(1, r.about(s[3], 50_000))))
def repeg(*args):
    s = State(*args[:-1])
    return repeg_cost(s, args[-1]), peg_for(s, s.price)


def k_cost(s, base, quote, sqrt_k, peg):
    now = closing(s.base_reserve, s.quote_reserve, s.sqrt_k, s.peg, s.net)
    return closing(base, quote, sqrt_k, peg, s.net) - now


def take(s, shape, cost):
    s.base_reserve, s.quote_reserve, s.sqrt_k, s.peg = shape
    if 0 in shape[:2]:
        raise Refused("InvariantBroken")
    return 1, cost, charge(s, cost)


def reach(s, shape, now):
    """Takes a shape if the budget pays for it."""
    cost = k_cost(s, *shape)
    if cost > 0 and cost > spendable(s, cost, s.price, now):
        return None
    return take(s, shape, cost)


def recentre(s, now):
    sqrt_k = s.sqrt_k if s.base else s.listed_sqrt_k
    off = abs(s.base_reserve + s.net - sqrt_k)
    if s.base:
        due = off > sqrt_k // 1024 and s.inventory() <= s.flat_share
    else:
        due = off != 0 or (s.sqrt_k, s.quote_reserve) != (sqrt_k, sqrt_k)
    if not due:
        return None
    base = u64(sqrt_k - s.net)
    quote = reserve(sqrt_k, base)
    return reach(s, (base, quote, sqrt_k, max(1, u64(down(s.price * base, quote)))), now)


def deeper(s, scale):
    sqrt_k = min(s.listed_sqrt_k, s.sqrt_k * scale // PPM)
    base = scaled(s.base_reserve, s.sqrt_k, sqrt_k)
    return base, reserve(sqrt_k, base), sqrt_k, s.peg


def affordable_scale(x, y, peg, net, budget, low, high):
    """Largest scale in [low, high] with V(r) - V(1) <= budget, low when none: solved for r, not searched."""
    if net < 0 and x + net <= 0:
        raise Refused("AmmNoCapacity")
    if net == 0:
        # Nothing costs anything: all that the sign of the budget allows.
        return high if budget >= 0 else low
    # y n^2 Q (r - 1) <= budget 1e9 (x + n) (r x + n)
    rise, pay = y * net * net * peg, budget * BASE * (x + net)
    slope = rise - pay * x
    if slope <= 0:
        return high
    return min(high, max(low, (rise + pay * net) * PPM // slope))


def reshape(s, stepped, now):
    """(whether the shape changed, cost, spent); a slot has one step of the depth."""
    done = recentre(s, now)
    if done:
        return done
    nothing = 0, 0, 0
    if stepped or s.depth_step == 0 or s.base == 0:
        return nothing
    if s.lag:
        least = max(s.listed_sqrt_k // 4, s.inventory_limit * 4)
        sqrt_k = max(least, up(s.sqrt_k * (PPM - s.depth_step), PPM))
        if sqrt_k >= s.sqrt_k:
            return nothing
        base = scaled(s.base_reserve, s.sqrt_k, sqrt_k)
        shape = base, reserve(sqrt_k, base), sqrt_k, s.peg
        cost = k_cost(s, *shape)
        return nothing if cost > 0 else take(s, shape, cost)
    if s.sqrt_k >= s.listed_sqrt_k:
        return nothing
    high = PPM + s.depth_step
    done = reach(s, deeper(s, high), now)
    if done:
        return done
    budget = spendable(s, 2**64, s.price, now)
    scale = affordable_scale(s.base_reserve, s.quote_reserve, s.peg, s.net, budget, PPM, high)
    if scale == PPM:
        return nothing
    return reach(s, deeper(s, scale), now) or nothing


def draw_shape(r):
    state = draw_state(r)
    if r.chance(0.4):
        # A budget near what one step costs, and a depth below the listed one.
        state[32] = state[2] + state[2] // r.pick(3, 50, 200, 2000)
        state[33] = 0
        state[29] = max(1, state[29])
        s = State(*state)
        try:
            cost = k_cost(s, *deeper(s, PPM + s.depth_step))
            state[19] = max(0, cost * r.flat(0, 1_200) // 1_000)
        except Refused:
            pass
        state[20] = r.pick(state[20], 1_800_000_000)
    return (*state, r.pick(0, 0, 0, 1), 1_800_000_000)


THOUSAND, OFF = 1_000 * BASE, 1_000 * BASE // 1_024
SHAPES = [
    # Without a position everything that is not as listed is put back, each part by itself.
    (*edge(base=0, base_reserve=x, quote_reserve=y, sqrt_k=s, peg=2_000 * PPM, lag=7), 0, NOW)
    for x, y, s in ((THOUSAND, THOUSAND, THOUSAND), (THOUSAND + 1, THOUSAND, THOUSAND), (THOUSAND, THOUSAND - 1, THOUSAND), (THOUSAND, THOUSAND, THOUSAND - 1))
] + [
    # With a small one, when the centre is off by more than a part of 1,024; a tenth of the limit is small.
    (*edge(base=-side * size, base_reserve=THOUSAND - side * size + off, quote_reserve=reserve(THOUSAND, THOUSAND - side * size + off), quote=10**12,
           budget=10**11), 0, NOW)
    for side in (1, -1) for size in (4 * BASE, 4 * BASE + 40_000) for off in (-OFF - 1, -OFF, OFF, OFF + 1)
]


@formula("reshape", FIELDS + " stepped now", "changed cost spent " + AFTER + " stepped_now", draw_shape, SHAPES)
def reshapes(*args):
    s, depth = State(*args[:-2]), args[2]
    done = reshape(s, *args[-2:])
    # Recentring is no step: with a position it leaves the depth.
    step = done[0] and s.base and s.sqrt_k != depth
    return (*done, *after(s), int(bool(args[-2] or step)))


def draw_scale(r):
    s = State(*draw_state(r))
    step = r.pick(1_000, 22_000, r.flat(1, 22_000))
    low, high = r.pick((PPM, PPM + step), (PPM - step, PPM + step), (PPM - step, PPM))
    per_step = s.quote_reserve * s.base * s.base * s.peg * step // (PPM * BASE * s.base_reserve * max(1, s.base_reserve + s.net) or 1)
    budget = r.pick(0, r.bits(30), per_step * r.flat(0, 1_500) // 1_000)
    return s.base_reserve, s.quote_reserve, s.sqrt_k, s.peg, s.net, r.pick(budget, budget, -budget), low, high


@formula("affordable_scale", "base_reserve quote_reserve sqrt_k peg net budget low high", "scale", draw_scale)
def affordable(x, y, sqrt_k, peg, net, budget, low, high):
    return (affordable_scale(x, y, peg, net, budget, low, high),)


def draw_endow(r):
    return r.bits(44), r.ppm(), r.bits(40), r.bits(40), r.bits(40), r.signed(r.bits(44)), r.bits(40)


@formula(
    "endow",
    "amount update_budget budget unbudgeted capital quote fees",
    "budget unbudgeted capital quote",
    draw_endow,
    [(0, 500_000, 0, 0, 0, 0, 0), (1, 999_999, 1, 1, 1, -1, 1), (3, 500_000, 0, 0, 0, 0, 0)],
)
def endow(amount, update_budget, budget, unbudgeted, capital, quote, fees):
    now = amount * update_budget // PPM
    return budget + now, unbudgeted + amount - now + fees, capital + amount, quote + amount + fees

