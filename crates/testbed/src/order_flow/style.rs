//! Styles of takers.

use kedge_model::account::order::Side;
use kedge_sender::Plan;
use serde::Serialize;

use super::View;
use super::order::How;
use crate::random::Random;

/// A trading style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Follows the move of the last quarter of an hour.
    Momentum,
    /// Trades against the move of the last ten minutes, with patient orders.
    Reversion,
    /// Buys with nearly all the leverage there is.
    Levered,
    /// Long one market, short another.
    Hedger,
    /// Small trades either way.
    Scalper,
}

impl Style {
    /// All styles, in the order in which takers are dealt out.
    pub const ALL: [Self; 6] =
        [Self::Levered, Self::Momentum, Self::Scalper, Self::Reversion, Self::Levered, Self::Hedger];

    /// Name in sub-accounts and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Momentum => "momentum",
            Self::Reversion => "reversion",
            Self::Levered => "levered",
            Self::Hedger => "hedger",
            Self::Scalper => "scalper",
        }
    }

    /// Smallest and largest first deposit, dollars.
    pub const fn deposit(self) -> (f64, f64) {
        match self {
            Self::Levered => (3_000.0, 15_000.0),
            Self::Scalper => (5_000.0, 20_000.0),
            _ => (10_000.0, 60_000.0),
        }
    }

    /// Shortest and longest time between two decisions, market seconds.
    pub const fn patience(self) -> (f64, f64) {
        match self {
            Self::Scalper => (60.0, 240.0),
            Self::Hedger => (300.0, 900.0),
            _ => (120.0, 480.0),
        }
    }

    /// The plan of a taker of this style, when it has one.
    pub fn decide(self, view: &View<'_>, random: &mut Random) -> Option<Plan> {
        if view.equity() < 50.0 {
            return None;
        }
        match self {
            Self::Momentum => momentum(view, random),
            Self::Reversion => reversion(view, random),
            Self::Levered => levered(view, random),
            Self::Hedger => hedger(view, random),
            Self::Scalper => scalper(view, random),
        }
    }
}

fn momentum(view: &View<'_>, random: &mut Random) -> Option<Plan> {
    let market = view.home;
    if view.is_waiting(market) {
        return None;
    }
    let change = view.history.change(market, 900);
    let exposure = view.exposure(market);
    if change.abs() < 0.001 {
        return if random.chance(0.3) { view.close(market, 0.5, How::Auction) } else { None };
    }
    let side = if change > 0.0 { Side::Long } else { Side::Short };
    if exposure != 0.0 && (exposure > 0.0) != (change > 0.0) {
        return view.close(market, 1.0, How::Auction);
    }
    let target = view.equity() * 4.0;
    let missing = target - exposure.abs();
    if missing < target * 0.15 {
        return None;
    }
    let how = if random.chance(0.3) { How::Now(0.003) } else { How::Auction };
    view.trade(market, side, missing * random.between(0.3, 0.7), how)
}

fn reversion(view: &View<'_>, random: &mut Random) -> Option<Plan> {
    let market = view.home;
    if view.is_waiting(market) {
        return None;
    }
    let change = view.history.change(market, 600);
    let exposure = view.exposure(market);
    if change.abs() < 0.0007 {
        return view.close(market, 1.0, How::Auction);
    }
    let side = if change > 0.0 { Side::Short } else { Side::Long };
    let missing = view.equity() * 3.0 - exposure.abs();
    if change.abs() < 0.002 || missing <= 0.0 {
        return None;
    }
    let how = if random.chance(0.5) { How::Rest(random.between(0.0002, 0.001), 900) } else { How::Auction };
    view.trade(market, side, missing * random.between(0.2, 0.5), how)
}

fn levered(view: &View<'_>, random: &mut Random) -> Option<Plan> {
    let market = view.home;
    if view.is_waiting(market) {
        return None;
    }
    if view.exposure(market) != 0.0 {
        // Takes a profit now and then and adds to it otherwise; never closes at a loss.
        let won = view.account.head.position(market).is_ok_and(|position| {
            let value = view.world.oracle(market);
            position
                .base
                .value(value, kedge_model::num::Rounding::Down)
                .is_ok_and(|value| value.0 + position.entry.0 > 0)
        });
        if won && random.chance(0.1) {
            return view.close(market, 1.0, How::Auction);
        }
        if !random.chance(0.5) {
            return None;
        }
    }
    let long = if view.exposure(market) == 0.0 { random.chance(0.7) } else { view.exposure(market) > 0.0 };
    let side = if long { Side::Long } else { Side::Short };
    let room = view.room(market);
    if room < view.equity() * 0.5 {
        return None;
    }
    view.trade(market, side, room * random.between(0.7, 0.95), How::Auction)
}

fn hedger(view: &View<'_>, random: &mut Random) -> Option<Plan> {
    let count = u16::try_from(view.world.markets.len()).ok()?;
    let (long, short) = (view.home, (view.home + 1) % count);
    let leg = view.equity() * 1.5;
    for (market, side) in [(long, Side::Long), (short, Side::Short)] {
        let missing = leg - view.exposure(market).abs();
        if missing > leg * 0.25 && !view.is_waiting(market) {
            let how = if random.chance(0.7) { How::Now(0.003) } else { How::Auction };
            return view.trade(market, side, missing, how);
        }
        if missing < -leg * 0.25 {
            return view.close(market, 0.25, How::Now(0.003));
        }
    }
    if random.chance(0.2) { view.close(long, 0.5, How::Auction) } else { None }
}

fn scalper(view: &View<'_>, random: &mut Random) -> Option<Plan> {
    let market = u16::try_from(random.below(view.world.markets.len())).ok()?;
    if view.is_waiting(market) {
        return None;
    }
    let how = match random.below(4) {
        0 | 1 => How::Auction,
        2 => How::Now(0.002),
        _ => How::Rest(random.between(0.000_1, 0.000_5), 300),
    };
    if view.exposure(market) != 0.0 && random.chance(0.6) {
        return view.close(market, 1.0, How::Auction);
    }
    let side = if random.chance(0.5) { Side::Long } else { Side::Short };
    view.trade(market, side, view.equity() * random.between(0.2, 1.0), how)
}
