//! A market maker: one strategy quotes, and its quotes rest on the book and join auctions.
//!
//! A [`Strategy`] says from a [`View`] of one market what the maker is willing to do there; this job turns it into
//! orders: it keeps the ladder standing as quoted, joins auctions whose price is at least as good as the join prices, and
//! never asks for more than the room that is left.
//!
//! Ladder and joins share the position limit. What rests may be taken at any moment, by a transaction that was sent before
//! the next look, so no look can keep the sum of both within the limit: the limit is divided. Joins may bring the position
//! to the limit less what the ladder has on a side ([`Strategy::rests`]), which their instruction enforces on chain; the ladder
//! has what is left between the limit and the larger of that and the position. Whatever is filled in whatever order, the
//! position ends within the limit.
//!
//! Every order of the ladder expires ([`Maker::living`]) and is renewed when half of its life is over, so that a process
//! that dies leaves nothing that lives on; one that ends in order cancels what stands ([`Job::farewell`]). [`KillSwitch`] stands over all of it: once it has fallen, everything is
//! cancelled and nothing quoted until the operator arms it again.

mod adaptive;
pub(crate) mod join;
mod kill;
pub(crate) mod ladder;
mod strategy;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kedge_interface::error::ProgramError;
use kedge_interface::instruction::Decoded;
use kedge_model::Error;
use kedge_model::account::board::Purpose;
use kedge_model::account::order::Side;
use kedge_model::quantity::Size;
use kedge_model::rule::margin::{self, MarginKind};
use solana_pubkey::Pubkey;

pub use adaptive::Adaptive;
pub use kill::{Cause, KillLimits, KillSwitch};
pub use strategy::{Level, Limits, Quotes, Strategy, View};

use kedge_sender::{Call, Plan, Receipt};
use kedge_state::{Account, World};

use super::{Figure, Job};

/// A maker with an account of its own.
pub struct Maker {
    /// Its sub-account.
    account: Pubkey,
    strategy: Box<dyn Strategy>,
    limits: Vec<Limits>,
    /// Whether the ladder rests, and whether auctions are joined.
    ladder: bool,
    joins: bool,
    /// Seconds of the chain's clock for which an order of the ladder stands.
    life: u32,
    state: Mutex<State>,
}

/// Seconds for which an order of the ladder stands when nothing else is asked for.
pub const LIFE: u32 = 120;

/// Name of the instruction by which it leaves.
const CANCEL_ALL: &str = "cancel_all";

/// What it remembers.
struct State {
    switch: KillSwitch,
    figures: BTreeMap<(&'static str, Option<u16>), f64>,
    news: Option<String>,
    /// Why its ladder was refused at the last look, by market.
    refused: BTreeMap<u16, ProgramError>,
    /// Markets that had no price to quote at when they were last looked at.
    unpriced: BTreeSet<u16>,
    /// Withdrawals that landed since it was told to leave; none while it stays.
    left: Option<usize>,
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
        let state = State {
            switch: KillSwitch::new(kill),
            figures: BTreeMap::new(),
            news: None,
            refused: BTreeMap::new(),
            unpriced: BTreeSet::new(),
            left: None,
        };
        let Uses { ladder, joins } = uses;
        Self { account, strategy, limits, ladder, joins, life: LIFE, state: Mutex::new(state) }
    }

    /// The same with another life of its orders, seconds of the chain's clock; at least 2.
    #[must_use]
    pub fn living(self, seconds: u32) -> Self {
        Self { life: seconds.max(2), ..self }
    }

    /// The largest position on either side to which joins may go.
    fn join_limit(&self, limits: &Limits) -> Size {
        let most = limits.max_position.0;
        let rests = if self.ladder { self.strategy.rests(limits).0.min(most / 2) } else { 0 };
        Size(most - rests)
    }

    /// Cuts quotes to what of the limit is the ladder's, and what is the joins'.
    fn share(&self, view: &View, quotes: &mut Quotes) {
        let (most, joins) = (i128::from(view.limits.max_position.0), i128::from(self.join_limit(&view.limits).0));
        let size = |room: i128| u64::try_from(room.max(0)).unwrap_or(u64::MAX);
        for (side, levels, join) in
            [(Side::Long, &mut quotes.bids, &mut quotes.buy), (Side::Short, &mut quotes.asks, &mut quotes.sell)]
        {
            let own = if side == Side::Long { i128::from(view.position.0) } else { -i128::from(view.position.0) };
            if let Some(join) = join {
                join.size = Size(join.size.0.min(size(joins - own)));
            }
            // While nobody may open risk, quotes are what reduces the position already.
            let taken = if self.joins && view.open { own.max(joins) } else { own };
            let mut room = if view.open { size(most - taken) } else { size(-own) };
            for level in levels {
                level.size = Size(level.size.0.min(room));
                room -= level.size.0;
            }
        }
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

    /// Makes news of a market that cannot be quoted any more, or again.
    fn told(&self, market: u16, refused: Option<ProgramError>) {
        let mut state = self.state();
        let before = match refused {
            Some(error) => state.refused.insert(market, error),
            None => state.refused.remove(&market),
        };
        if before != refused {
            let news = match refused {
                Some(error) => format!("market {market} cannot be quoted: {}: {}", error.name(), error.message()),
                None => format!("market {market} is quoted again"),
            };
            let earlier = state.news.take().map_or_else(String::new, |earlier| format!("{earlier}; "));
            state.news = Some(earlier + &news);
        }
    }

    /// Cancels everything of its own in the markets that it quotes.
    fn withdraw(&self, own: &Account) -> Vec<Plan> {
        let standing = |limits: &&Limits| own.orders_in(limits.market).next().is_some();
        let cancel = |limits: &Limits| Plan::of(Call::cancel_all(self.account, Some(limits.market)));
        self.limits.iter().filter(standing).map(cancel).collect()
    }

    fn quotes(&self, world: &World, own: &Account, limits: &Limits) -> Option<Quotes> {
        let view = View::of(world, own, *limits)?;
        let mut quotes = self.strategy.quote(&view);
        self.share(&view, &mut quotes);
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
        if self.is_killed(world, own) || self.state().left.is_some() {
            return self.withdraw(own);
        }
        let (mut joins, mut ladders) = (Vec::new(), Vec::new());
        for limits in &self.limits {
            if !own.is_free(limits.market, &world.fresh, &world.clock) {
                continue;
            }
            let Some(market) = world.markets.get(usize::from(limits.market)) else {
                self.told(limits.market, Some(ProgramError::Rule(Error::RowNotListed)));
                continue;
            };
            let quotes = self.quotes(world, own, limits);
            match quotes {
                Some(_) => self.state().unpriced.remove(&limits.market),
                None => self.state().unpriced.insert(limits.market),
            };
            let Some(quotes) = quotes else {
                // Without a view there is no price: nobody shall trade on the old ones.
                if own.orders_in(limits.market).next().is_some() {
                    ladders.push(Plan::of(Call::cancel_all(self.account, Some(limits.market))));
                }
                continue;
            };
            if self.joins {
                let shared = Limits { max_position: self.join_limit(limits), ..*limits };
                joins.extend(join::joins(world, &self.account, own, market, &shared, &quotes));
            }
            if self.ladder {
                let ladder = ladder::replace(world, &self.account, own, market, &quotes, self.life);
                self.told(limits.market, ladder.as_ref().err().map(|(error, _)| *error));
                ladders.extend(ladder.unwrap_or_else(|(_, instead)| instead));
            }
        }
        joins.extend(ladders);
        joins
    }

    /// Why everything is taken back in a market.
    fn why(&self, plan: &Plan) -> Option<String> {
        let [Call { market: Some(market), instruction: Decoded::CancelAll(_) }] = &plan.calls[..] else { return None };
        let state = self.state();
        Some(match (state.switch.fallen(), state.refused.get(market)) {
            _ if state.left.is_some() => "the keeper stops: nothing that it quotes is to stand after it".into(),
            (Some(cause), _) => format!("the kill switch has fallen: {cause}"),
            _ if state.unpriced.contains(market) => "there is no price to quote at".into(),
            (_, Some(error)) => format!("its ladder would be refused: {}: {}", error.name(), error.message()),
            _ => "its limits leave nothing to quote".into(),
        })
    }

    fn heard(&self, receipt: &Receipt) {
        let mut state = self.state();
        // A lost race for an auction is the game, not a refusal.
        if receipt.label != "place_and_make" {
            state.switch.heard(receipt.failure.is_none());
        }
        if let Some(left) = &mut state.left
            && receipt.label == CANCEL_ALL
            && receipt.failure.is_none()
        {
            *left += 1;
        }
    }

    /// Cancels what may stand in its markets, seen or not, and then whatever is seen to stand.
    fn farewell(&self, world: &World) -> Vec<Plan> {
        if !self.ladder {
            return Vec::new();
        }
        let Some(own) = world.accounts.get(&self.account) else { return Vec::new() };
        let landed = *self.state().left.get_or_insert(0);
        if landed >= self.limits.len() {
            return self.withdraw(own);
        }
        let cancel = |limits: &Limits| Plan::of(Call::cancel_all(self.account, Some(limits.market)));
        self.limits.iter().map(cancel).collect()
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
