//! What a strategy sees and says.

use kedge_model::account::board::Purpose;
use kedge_model::account::market::Market;
use kedge_model::account::order::Side;
use kedge_model::num::{PPM, Rounding, mul_div};
use kedge_model::quantity::{Base, Ppm, Price, Size};

use kedge_state::{Account, World};

/// How far a maker goes in one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Market.
    pub market: u16,
    /// Size of the ladder's nearest order.
    pub size: Size,
    /// Largest size of one join.
    pub max_join: Size,
    /// Largest position on either side.
    pub max_position: Size,
}

/// One market as its maker sees it.
#[derive(Clone, Debug)]
pub struct View {
    /// The market.
    pub market: Market,
    /// The limits there.
    pub limits: Limits,
    /// The oracle now.
    pub oracle: Price,
    /// Its average over five minutes.
    pub average_5m: Price,
    /// Its average over an hour.
    pub average_1h: Price,
    /// Half-width of the oracle's confidence interval over its price.
    pub confidence: Ppm,
    /// The row's moving average of how far prices are from the five-minute average.
    pub deviation: Ppm,
    /// Whether the price may be quoted on both sides; else only what reduces the position.
    pub open: bool,
    /// The maker's base.
    pub position: Base,
}

impl View {
    /// Of an account's market; `None` without a price, and in the hour before an expiry, when a position is worth something
    /// else than the oracle that strategies quote around.
    #[must_use]
    pub fn of(world: &World, own: &Account, limits: Limits) -> Option<Self> {
        let market = *world.markets.get(usize::from(limits.market))?;
        if market.in_last_hour(&world.clock) {
            return None;
        }
        let row = &world.fresh.market(limits.market).ok()?.price;
        row.require(Purpose::ReduceRisk, &world.clock).ok()?;
        let oracle = row.price.usable().ok()?;
        let share = |part: Price| {
            let share = mul_div(part.0, PPM, oracle.0, Rounding::Up).unwrap_or(PPM);
            Ppm(u32::try_from(share.min(PPM)).unwrap_or(u32::MAX))
        };
        Some(Self {
            market,
            limits,
            oracle,
            average_5m: row.twap_5m,
            average_1h: row.twap_1h,
            confidence: share(row.confidence),
            deviation: share(row.deviation),
            open: row.require(Purpose::IncreaseRisk, &world.clock).is_ok(),
            position: own.base(limits.market),
        })
    }

    /// How full the position limit is, millionths.
    #[must_use]
    pub fn used(&self) -> u64 {
        let most = self.limits.max_position.0.max(1);
        mul_div(self.position.size().0.min(most), PPM, most, Rounding::Down).unwrap_or(PPM)
    }

    /// Base that may still be added on a side of the maker's own orders; what reduces the position is always room.
    #[must_use]
    pub fn room(&self, side: Side) -> Size {
        let own = match side {
            Side::Long => i128::from(self.position.0),
            Side::Short => -i128::from(self.position.0),
        };
        let most = if self.open { i128::from(self.limits.max_position.0) } else { 0 };
        Size(u64::try_from((most - own).max(0)).unwrap_or(u64::MAX))
    }
}

/// An order of a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Its price. The job rounds it to a tick away from the middle, and keeps it off the vAMM's touch.
    pub price: Price,
    /// Its size. The job rounds it down to a step.
    pub size: Size,
}

/// What a maker is willing to do in one market now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quotes {
    /// Orders to buy, the best first.
    pub bids: Vec<Level>,
    /// Orders to sell, the best first.
    pub asks: Vec<Level>,
    /// The most that it pays in an auction, and for how much; none to stay away.
    pub buy: Option<Level>,
    /// The least that it takes in an auction, and for how much.
    pub sell: Option<Level>,
    /// The standing ladder is replaced once its best prices are this far off.
    pub requote: Ppm,
}

impl Quotes {
    /// Distance of best bid and ask, basis points; zero when one side is not quoted.
    #[must_use]
    pub fn spread_bps(&self) -> f64 {
        match (self.bids.first().or(self.buy.as_ref()), self.asks.first().or(self.sell.as_ref())) {
            (Some(bid), Some(ask)) => (ask.price.0 as f64 / bid.price.0.max(1) as f64 - 1.0) * 1e4,
            _ => 0.0,
        }
    }
}

/// How to quote. Deterministic: the same view gives the same quotes.
pub trait Strategy: Send + Sync {
    /// What to do in a market now.
    fn quote(&self, view: &View) -> Quotes;

    /// The most base that its ladder has on one side. Where auctions are joined too, that much of the position limit is
    /// kept for the ladder, at most half of it, and joins stop before it.
    fn rests(&self, limits: &Limits) -> Size {
        Size(limits.max_position.0 / 2)
    }
}
