//! The default strategy: a spread that follows uncertainty, around a middle that follows inventory.

use kedge_model::account::order::Side;
use kedge_model::num::{PPM, Rounding, mul_div};
use kedge_model::quantity::{Ppm, Price, Size};

use super::{Level, Limits, Quotes, Strategy, View};

/// Quotes around the oracle. Half the spread is
///
/// `edge + confidence * confidence_weight + volatility * volatility_weight`,
///
/// where confidence is the oracle's own, and volatility the larger of the row's deviation and the distance of the price
/// from its five-minute average: what has moved may move on before the next look. The middle moves against the position,
/// by `skew` when it is full: a long maker asks for less and pays less. Sizes go down with the room that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adaptive {
    /// Least half-spread.
    pub edge: Ppm,
    /// Weight of the oracle's confidence in the half-spread.
    pub confidence_weight: Ppm,
    /// Weight of volatility in the half-spread.
    pub volatility_weight: Ppm,
    /// Most half-spread.
    pub max_edge: Ppm,
    /// How far a full position moves the middle.
    pub skew: Ppm,
    /// Orders on each side; the second is double the first's distance and size, and so on.
    pub levels: u32,
    /// The ladder is replaced once it is this share of the half-spread off.
    pub requote: Ppm,
}

impl Adaptive {
    /// Half the spread now.
    #[must_use]
    pub fn half_spread(&self, view: &View) -> Ppm {
        let moved = view.oracle.distance(view.average_5m).unwrap_or(PPM);
        let volatility = u64::from(view.deviation.0).max(moved);
        let part = |value: u64, weight: Ppm| mul_div(value, weight.0.into(), PPM, Rounding::Up).unwrap_or(PPM);
        let wanted = u64::from(self.edge.0)
            .saturating_add(part(view.confidence.0.into(), self.confidence_weight))
            .saturating_add(part(volatility, self.volatility_weight))
            .min(u64::from(self.max_edge.0.max(self.edge.0)));
        Ppm(u32::try_from(wanted).unwrap_or(u32::MAX))
    }

    /// The oracle, moved against the position.
    fn middle(&self, view: &View) -> Option<Price> {
        let skew = mul_div(u64::from(self.skew.0), view.used(), PPM, Rounding::Down).ok()?;
        let skew = Ppm(u32::try_from(skew).ok()?);
        if view.position.0 >= 0 {
            view.oracle.lowered(skew, Rounding::Down).ok()
        } else {
            view.oracle.raised(skew, Rounding::Down).ok()
        }
    }

    fn side(&self, view: &View, middle: Price, half: Ppm, side: Side) -> (Vec<Level>, Option<Level>) {
        let mut room = view.room(side);
        let price = |away: Ppm| match side {
            Side::Long => middle.lowered(away, Rounding::Down).ok(),
            Side::Short => middle.raised(away, Rounding::Up).ok(),
        };
        let joins = price(half).map(|price| Level { price, size: room.min(view.limits.max_join) });
        let mut levels = Vec::new();
        for level in 1..=self.levels {
            let Some(price) = half.0.checked_mul(level).and_then(|away| price(Ppm(away))) else { break };
            let size = Size(view.limits.size.0.saturating_mul(level.into()).min(room.0));
            if size.is_zero() {
                break;
            }
            room = Size(room.0 - size.0);
            levels.push(Level { price, size });
        }
        (levels, joins.filter(|joins| !joins.size.is_zero()))
    }
}

impl Strategy for Adaptive {
    fn quote(&self, view: &View) -> Quotes {
        let Some(middle) = self.middle(view) else { return Quotes::default() };
        let half = self.half_spread(view);
        let (bids, buy) = self.side(view, middle, half, Side::Long);
        let (asks, sell) = self.side(view, middle, half, Side::Short);
        let requote = mul_div(half.0.into(), self.requote.0.into(), PPM, Rounding::Up).unwrap_or(0);
        Quotes { bids, asks, buy, sell, requote: Ppm(u32::try_from(requote).unwrap_or(u32::MAX)) }
    }

    fn rests(&self, limits: &Limits) -> Size {
        let levels = u64::from(self.levels);
        // One, two, three ... times the nearest order's size.
        let sizes = levels.saturating_mul(levels.saturating_add(1)) / 2;
        Size(limits.size.0.saturating_mul(sizes))
    }
}
