//! Finds orders that cross and has them filled.

mod candidates;
mod pack;
mod patience;
mod uncross;

use std::collections::BTreeSet;

use kedge_engine::Report;
use kedge_interface::error::ProgramError;
use kedge_model::Error;
use kedge_model::account::market::Market;
use kedge_model::account::order::{Order, Side, flags};
use kedge_model::action::Matched;
use kedge_model::num::Rounding;
use kedge_model::quantity::Price;
use kedge_sender::plan::maker_accounts;
use kedge_sender::{Call, Failure, MakerOrder, Plan, Receipt, Subject};
use kedge_state::World;
use solana_pubkey::Pubkey;

use super::{Attention, Job, sharers};
use candidates::{against, candidates};

use crate::trial::Trial;
pub use candidates::best_makers;
pub use patience::Patience;

/// Fills crossing orders for the reward.
#[derive(Debug)]
pub struct Filler {
    /// Sub-account that the rewards go to.
    pub account: Option<Pubkey>,
    /// Most maker accounts in one fill: each is an account of the transaction.
    pub max_makers: usize,
    /// Most maker orders in one fill.
    pub max_orders: usize,
    /// Most fills in one transaction.
    pub max_fills: usize,
    /// Slots for which an order that has become fillable in its auction is left to the makers who may join it: they act
    /// on the same slot, and of two who do the second pays for nothing. With 0 it races them; else it leaves them up to
    /// four slots more while it loses races.
    pub yield_slots: u64,
    /// What it has learnt of the races.
    pub patience: Patience,
}

impl Job for Filler {
    fn name(&self) -> &'static str {
        "filler"
    }

    /// At most one fill a taker account: the next one is decided on what the first left. Fills of orders that rest are
    /// packed; an order in its auction is contested, and its fill goes alone.
    fn decide(&self, world: &World) -> Vec<Plan> {
        self.decide_within(world, &Attention::all())
    }

    fn decide_within(&self, world: &World, attention: &Attention<'_>) -> Vec<Plan> {
        let trial = Trial::refreshed(world);
        for plan in attention.under_way() {
            // What has landed is refused, and changes nothing.
            trial.assume(plan);
        }
        let attention = attention.packing(self.max_fills);
        let candidates: Vec<(Pubkey, BTreeSet<u8>)> = candidates(world).into_iter().collect();
        let mut found = Vec::new();
        for (taker, slots) in attention.turn(candidates.len(), world.clock.slot).map(|place| &candidates[place]) {
            if attention.is_full(found.len()) || attention.is_spent() {
                break;
            }
            let Some(account) = world.accounts.get(taker) else { continue };
            for slot in slots {
                let Some(order) = account.orders.get(usize::from(*slot)).filter(|order| order.is_open()) else {
                    continue;
                };
                if !attention.is_free(&Subject::Order(FILL, *taker, order.id)) {
                    break;
                }
                let free = account.is_free(order.market, &world.fresh, &world.clock);
                let Some(market) = world.markets.get(usize::from(order.market)).filter(|_| free) else { continue };
                if let Some(plan) = self.fill(world, &trial, &attention, market, (taker, *slot, order)) {
                    // The next fill finds what this one leaves: two that count on one maker, or on one quote of the
                    // vAMM, would race each other.
                    if !trial.assume(&plan) {
                        break;
                    }
                    found.push((plan, !order.is_resting(world.clock.slot)));
                    break;
                }
            }
        }
        let mut plans = uncross::plans(world, &trial, &attention);
        plans.extend(self.pack(world, found));
        plans
    }

    fn heard(&self, receipt: &Receipt) {
        match &receipt.failure {
            None => self.patience.heard(false, receipt.decided),
            Some(Failure::Refused(_)) => self.patience.heard(true, receipt.decided),
            Some(_) => {}
        }
    }
}

/// Name of the instruction, as in the IDL and in the subject of a fill.
const FILL: &str = "fill_order";

/// How often a fill of one order is tried: each time without the makers that the one before passed over.
const TRIES: usize = 4;

impl Filler {
    fn fill(
        &self,
        world: &World,
        trial: &Trial<'_>,
        attention: &Attention<'_>,
        market: &Market,
        (taker, slot, order): (&Pubkey, u8, &Order),
    ) -> Option<Plan> {
        let expired = order.is_expired(&trial.clock);
        if (order.has(flags::POST_ONLY) || order.is_waiting()) && !expired {
            return None;
        }
        let limit = order.limit_price(trial.clock.slot, world.oracle(market.index), market.tick).ok()?;
        // The vAMM moves to the oracle before it quotes: near the limit is worth a trial.
        let near_amm = order.side().accepts(limit, world.oracle(order.market));
        let mut useless: Vec<Pubkey> = Vec::new();
        let mut best = None;
        for _ in 0..TRIES {
            let makers = self.makers(world, market, taker, order, limit, &useless);
            if !(expired || near_amm || !makers.is_empty() || order.has(flags::REDUCE_ONLY)) {
                break;
            }
            if !attention.spend() {
                break;
            }
            let accounts = maker_accounts(&makers);
            let filler = self.account.filter(|filler| filler != taker && !accounts.contains(filler));
            let there: Vec<Pubkey> = accounts.iter().copied().chain(filler).collect();
            let sharers = sharers::of(world, taker, order, &there);
            let call = Call::fill(order.market, *taker, (order.id, slot), filler, &makers, &sharers);
            let passed_over = match trial.run(&call) {
                Ok(Report::Fill(report)) => {
                    best = Some((call, makers, report.matched));
                    report.matched.passed_over
                }
                Err(ProgramError::Rule(Error::NothingToFill | Error::MakerInsufficientMargin)) => u64::MAX,
                Ok(_) | Err(_) => break,
            };
            let known = useless.len();
            let passed =
                (0u32..).zip(&accounts).filter(|(at, _)| passed_over.checked_shr(*at).is_some_and(|b| b & 1 != 0));
            useless.extend(passed.map(|(_, account)| *account));
            if useless.len() == known {
                break;
            }
        }
        let (call, makers, matched) = best?;
        if self.yields(market, order, &matched, trial.clock.slot) {
            return None;
        }
        let amm_size = matched.amm_size;
        let rows = maker_accounts(&makers).into_iter().chain([*taker]).flat_map(|account| world.markets_of(&account));
        let mut refresh = world.outdated(rows.collect::<Vec<_>>());
        let around = |maker: &MakerOrder| {
            let order =
                world.accounts.get(&maker.account).and_then(|maker_of| maker_of.orders.get(usize::from(maker.slot)));
            order.is_some_and(|order| order.has(flags::OFFSET))
        };
        let at_oracle = !amm_size.is_zero() || order.has(flags::OFFSET) || makers.iter().any(around);
        if at_oracle && !refresh.contains(&order.market) {
            // What trades at the oracle does so at a live price alone: a slot or two from now the row may be too old.
            refresh.push(order.market);
            refresh.sort_unstable();
        }
        Some(Plan::of(call).after_refresh(refresh))
    }

    /// Whether a fill is left to makers for now: at the auction's price of so many slots ago it was not there yet.
    fn yields(&self, market: &Market, order: &Order, matched: &Matched, slot: u64) -> bool {
        if self.yield_slots == 0 || !order.in_auction(slot) {
            return false;
        }
        let before = slot.saturating_sub(self.yield_slots.saturating_add(self.patience.more()));
        if before < order.activation_slot {
            return true;
        }
        let side = order.side();
        let rounding = if side == Side::Long { Rounding::Down } else { Rounding::Up };
        let worst = order.limit_price(before, Price::ZERO, market.tick);
        let Ok(worst) = worst.and_then(|price| matched.size.value(price, rounding)) else { return false };
        if side == Side::Long { matched.quote > worst } else { matched.quote < worst }
    }

    /// The best makers for an order, within the limits of a transaction, without those that are known to be of no use.
    fn makers(
        &self,
        world: &World,
        market: &Market,
        taker: &Pubkey,
        order: &Order,
        limit: Price,
        useless: &[Pubkey],
    ) -> Vec<MakerOrder> {
        let taker_rests = order.is_resting(world.clock.slot);
        let mut accounts: Vec<Pubkey> = Vec::new();
        let mut makers = Vec::new();
        for (resting, account) in against(world, market, order.side(), limit) {
            if makers.len() >= self.max_orders {
                break;
            }
            if account == *taker || useless.contains(&account) || (taker_rests && resting.seq >= order.seq) {
                continue;
            }
            if !accounts.contains(&account) {
                if accounts.len() >= self.max_makers {
                    continue;
                }
                accounts.push(account);
            }
            makers.push(MakerOrder { account, order_id: resting.id, slot: resting.slot });
        }
        makers
    }
}

#[cfg(test)]
mod tests;
