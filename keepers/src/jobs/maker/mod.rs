//! A market maker: one strategy quotes, and its quotes rest on the book and join auctions.
//!
//! A [`Strategy`] says from a [`View`] of one market what the maker is willing to do there; this job turns it into
//! orders: it keeps the ladder standing as quoted, joins auctions whose price is at least as good as the join prices, and
//! never asks for more than the room that is left. [`KillSwitch`] stands over all of it: once it has fallen, everything is
//! cancelled and nothing quoted until the operator arms it again.

mod adaptive;
pub(crate) mod join;
mod kill;
pub(crate) mod ladder;
mod strategy;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kedge_model::board::Purpose;
use kedge_model::margin::{self, MarginKind};
use solana_pubkey::Pubkey;

pub use adaptive::Adaptive;
pub use kill::{Cause, KillLimits, KillSwitch};
pub use strategy::{Level, Limits, Quotes, Strategy, View};

use super::{Figure, Job};
use crate::outbox::Receipt;
use crate::{Account, Plan, Work, World};

/// A maker with an account of its own.
pub struct Maker {
    /// Its sub-account.
    account: Pubkey,
    strategy: Box<dyn Strategy>,
    limits: Vec<Limits>,
    /// Whether the ladder rests, and whether auctions are joined.
    ladder: bool,
    joins: bool,
    state: Mutex<State>,
}

/// What it remembers.
struct State {
    switch: KillSwitch,
    figures: BTreeMap<(&'static str, Option<u16>), f64>,
    news: Option<String>,
}

/// What of its quotes a maker uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uses {
    /// The ladder rests on the book.
    pub ladder: bool,
    /// Auctions are joined.
    pub joins: bool,
}

impl Maker {
    /// One that is armed.
    #[must_use]
    pub fn new(
        account: Pubkey,
        strategy: Box<dyn Strategy>,
        limits: Vec<Limits>,
        uses: Uses,
        kill: KillLimits,
    ) -> Self {
        let state = State { switch: KillSwitch::new(kill), figures: BTreeMap::new(), news: None };
        let Uses { ladder, joins } = uses;
        Self { account, strategy, limits, ladder, joins, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the kill switch; whether it has fallen.
    fn is_killed(&self, world: &World, own: &Account) -> bool {
        let mut state = self.state();
        let equity = equity(world, own);
        let stale = self.limits.iter().find(|limits| is_stale(world, limits.market)).map(|limits| limits.market);
        let was = state.switch.fallen().is_some();
        let cause = state.switch.look(world.clock, equity, stale);
        if let Some(equity) = equity {
            state.figures.insert(("equity_dollars", None), equity as f64 / 1e6);
        }
        state.figures.insert(("killed", None), f64::from(u8::from(cause.is_some())));
        if was != cause.is_some() {
            state.news = Some(match &cause {
                Some(cause) => format!("the kill switch has fallen: {cause}"),
                None => "the kill switch is armed again".into(),
            });
        }
        cause.is_some()
    }

    /// Cancels everything of its own in the markets that it quotes.
    fn withdraw(&self, own: &Account) -> Vec<Plan> {
        let standing = |limits: &&Limits| own.orders_in(limits.market).next().is_some();
        let cancel = |limits: &Limits| Plan::of(Work::CancelAll { account: self.account, market: Some(limits.market) });
        self.limits.iter().filter(standing).map(cancel).collect()
    }

    fn quotes(&self, world: &World, own: &Account, limits: &Limits) -> Option<Quotes> {
        let view = View::of(world, own, *limits)?;
        let quotes = self.strategy.quote(&view);
        let mut state = self.state();
        state.figures.insert(("position_coins", Some(limits.market)), view.position.0 as f64 / 1e9);
        state.figures.insert(("spread_bps", Some(limits.market)), quotes.spread_bps());
        Some(quotes)
    }
}

impl Job for Maker {
    fn name(&self) -> &'static str {
        match (self.ladder, self.joins) {
            (true, false) => "quoter",
            (false, true) => "jit",
            _ => "maker",
        }
    }

    /// Joins first: auctions end, ladders stand.
    fn decide(&self, world: &World) -> Vec<Plan> {
        let Some(own) = world.accounts.get(&self.account) else { return Vec::new() };
        if self.is_killed(world, own) {
            return self.withdraw(own);
        }
        let (mut joins, mut ladders) = (Vec::new(), Vec::new());
        for limits in &self.limits {
            if !own.is_free(limits.market, &world.fresh, &world.clock) {
                continue;
            }
            let Some(market) = world.markets.get(usize::from(limits.market)) else { continue };
            let Some(quotes) = self.quotes(world, own, limits) else {
                // Without a view there is no price: nobody shall trade on the old ones.
                if own.orders_in(limits.market).next().is_some() {
                    ladders.push(Plan::of(Work::CancelAll { account: self.account, market: Some(limits.market) }));
                }
                continue;
            };
            if self.joins {
                joins.extend(join::joins(world, &self.account, own, market, limits, &quotes));
            }
            if self.ladder {
                ladders.extend(ladder::replace(world, &self.account, own, market, &quotes));
            }
        }
        joins.extend(ladders);
        joins
    }

    fn heard(&self, receipt: &Receipt) {
        let mut state = self.state();
        // A lost race for an auction is the game, not a refusal.
        if receipt.label != "place_and_make" {
            state.switch.heard(receipt.failure.is_none());
        }
    }

    fn figures(&self) -> Vec<Figure> {
        let state = self.state();
        state.figures.iter().map(|((name, market), value)| Figure { name, market: *market, value: *value }).collect()
    }

    fn news(&self) -> Option<String> {
        self.state().news.take()
    }
}

/// What an account is worth at maintenance weights, quote units, isolated pockets included; `None` while a row of it does
/// not serve.
fn equity(world: &World, own: &Account) -> Option<i64> {
    own.pockets().try_fold(0i64, |sum, pocket| {
        let (kind, purpose) = (MarginKind::Maintenance, Purpose::Liquidate);
        let margin = margin::margin_of(&own.head, pocket, &world.fresh, kind, purpose, &world.clock).ok()?;
        sum.checked_add(margin.collateral.0)
    })
}

/// Whether nobody may open risk on the market's price.
fn is_stale(world: &World, market: u16) -> bool {
    let row = world.fresh.market(market);
    row.is_ok_and(|row| row.price.require(Purpose::ReduceRisk, &world.clock).is_err())
}
