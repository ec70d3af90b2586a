//! What an honest keeper does in each round.

use super::chance::Chance;
use super::common::lifecycle::{settle_market, settle_position};
use super::common::{BOOK, BTC, DOLLAR, ONE, World, limit, with};
use super::rules::Broken;
use super::scene::{KEEPER, MAKER, MARKETS, Scene, TakeOver};
use super::truth::Brought;
use kedge_model::Error;
use kedge_model::account::order::{OrderParams, Side, flags};
use kedge_model::account::pocket::Pocket;
use kedge_model::action::{CancelAll, LiquidationReport, UpdateAmm};
use kedge_model::event::{CancelReason, NoEvents};
use kedge_model::quantity::Price;
use kedge_model::rule::margin::liquidation_margin;

/// Slots for which steps of liquidations are remembered: the window of the budget.
const WINDOW: u64 = 150;

impl Scene {
    /// One round.
    pub(crate) fn keep(&mut self) {
        for bank in (0..self.world.banks.len()).filter(|bank| self.muted != Some(*bank)) {
            let price = self.world.board.banks[bank].price.price.0;
            let _ = self.world.refresh_bank(bank, price);
        }
        for market in MARKETS {
            let _ = self.refresh(market, [Brought::Newest; 2]);
            if !self.weather.paused_updates {
                self.update_amm(market);
            }
            self.fund(market);
        }
        self.quote();
        self.take_over();
        self.wind_up();
    }

    /// Moves the vAMM.
    pub(crate) fn update_amm(&mut self, market: usize) -> bool {
        self.world.on_market(market, &[], |context, _, _| UpdateAmm.execute(context).map(|_| ())).is_ok()
    }

    /// Charges funding, which is the hourly rate for the time since it was charged last and for no more.
    pub(crate) fn fund(&mut self, market: usize) -> bool {
        let (since, now) = (self.world.markets[market].funding_time, self.world.clock.unix_time);
        if now / 3_600 == since / 3_600 {
            return false;
        }
        let Ok(report) = self.world.fund(market) else { return false };
        let price = i128::from(self.world.board.markets[market].price.twap_1h.0);
        let elapsed = i128::from((now - since).min(3_600));
        // Parts per billion an hour of a price in millionths, as the indices have it.
        let most = i128::from(report.rate).abs() * price * elapsed / 3_600 / 1_000_000 + 1;
        let charged = i128::from(report.deltas.long.0).abs().max(i128::from(report.deltas.short.0).abs());
        if since != 0 && charged > most {
            self.broken = Some(Broken::Overcharged(market));
        }
        true
    }

    /// The honest maker's quotes: around the oracle where there is a vAMM, at the oracle's price where there is none.
    fn quote(&mut self) {
        let all = CancelAll { market: None, reason: CancelReason::Requested };
        let _ = all.execute(&mut self.world.accounts[MAKER].borrow(), &mut NoEvents);
        for market in [BTC, BOOK] {
            let oracle = self.world.oracle(market).0;
            let tick = self.world.markets[market].tick.0;
            let away = (oracle / 1_000).div_ceil(tick) * tick;
            let size = if market == BTC { ONE / 2 } else { 20 * ONE };
            for side in [Side::Long, Side::Short] {
                let sign = if side == Side::Long { -1 } else { 1 };
                let order = with(flags::OFFSET | flags::POST_ONLY, limit(market, side, size, 0));
                let offset = i64::try_from(away).unwrap() * sign;
                let order = OrderParams { price: Price(u64::from_ne_bytes(offset.to_ne_bytes())), ..order };
                let _ = self.world.place(MAKER, order);
            }
        }
    }

    /// A step of a liquidation by anybody. Whom the budget holds back must be held back by somebody as near to a default as
    /// himself, who is not of his own making.
    pub(crate) fn liquidate(
        &mut self,
        market: usize,
        account: usize,
        liquidator: usize,
        size: u64,
    ) -> Result<LiquidationReport, Error> {
        let short = if self.weather.budget { self.shortness(market, account) } else { 0 };
        let result = self.world.liquidate(market, account, liquidator, size);
        let slot = self.world.clock.slot;
        if self.weather.budget && result.as_ref().is_ok_and(|report| report.base.0 != 0) {
            self.taken_over.retain(|step| step.slot + WINDOW > slot);
            self.taken_over.push(TakeOver { market, slot, account, liquidator, short: short.max(0) });
        }
        let owner = |account: usize| self.world.accounts[account].head.authority;
        let counts = |step: &&TakeOver| {
            let of_others = step.account == account || owner(step.account) != owner(account);
            let real = owner(step.account) != owner(step.liquidator);
            step.market == market && of_others && real && step.slot + WINDOW > slot && step.short + 125_000 >= short
        };
        if result == Err(Error::LiquidationThrottled) && !self.taken_over.iter().any(|step| counts(&step)) {
            self.broken = Some(Broken::Shielded(account));
        }
        result
    }

    /// By how much of its requirement a pocket is short, parts per million.
    fn shortness(&self, market: usize, account: usize) -> i128 {
        if !self.world.accounts[account].position(market).is_used() {
            return 0;
        }
        let head = &self.world.accounts[account].head;
        let pocket = Pocket::of(head, World::index(market));
        let Ok(margin) = liquidation_margin(head, pocket, &self.world.board, &self.world.clock) else { return 0 };
        let requirement = i128::from(margin.requirement.0);
        (requirement - i128::from(margin.collateral.0)) * 1_000_000 / requirement.max(1)
    }

    /// Takes over what is liquidatable, and ends what is in default.
    fn take_over(&mut self) {
        self.held_back.clear();
        for account in (0..self.world.accounts.len()).filter(|account| *account != KEEPER) {
            for market in MARKETS {
                let position = self.world.accounts[account].position(market);
                if !position.is_used() {
                    continue;
                }
                // Losses go to the pool and profits to the pocket, as far as each goes.
                let _ = self.world.settle(market, account);
                if !position.base.is_zero() {
                    if self.liquidate(market, account, KEEPER, u64::MAX >> 8) == Err(Error::LiquidationThrottled) {
                        self.held_back.push((account, market));
                    }
                } else if position.quote.0 < 0 {
                    // What a debtor has besides dollars is bought from him.
                    let _ = self.liquidate(market, account, KEEPER, u64::MAX >> 8);
                    let _ = self.world.bankrupt(market, account);
                }
            }
        }
    }

    /// Settles what has expired.
    fn wind_up(&mut self) {
        for market in MARKETS {
            let state = &self.world.markets[market];
            let due = state.expiry_time != 0 && self.world.clock.unix_time >= state.expiry_time;
            if due && !state.is_settling() {
                let settled = self.explain(|scene| settle_market(&mut scene.world, market).is_ok());
                if settled {
                    self.frozen.push((market, self.row_bytes(market)));
                }
            }
            if !self.world.markets[market].is_settling() {
                continue;
            }
            for account in 0..self.world.accounts.len() {
                if !self.world.accounts[account].position(market).is_used() {
                    continue;
                }
                let solvent = self.solvent_debtor(market);
                let settled = settle_position(&mut self.world, market, account);
                if solvent && settled.is_ok_and(|report| !report.written_off.is_zero()) {
                    self.broken = Some(Broken::WrittenOff(market));
                }
            }
        }
    }

    /// Whether somebody owes a market in settlement and could pay: what a pocket is worth counts the debt already.
    fn solvent_debtor(&self, market: usize) -> bool {
        let owes = |account: &usize| {
            let position = self.world.accounts[*account].position(market);
            position.base.is_zero() && position.quote.0 < 0 && position.isolated.is_zero()
        };
        (0..self.world.accounts.len()).filter(owes).any(|account| self.worth(account) > i128::from(DOLLAR))
    }

    /// Days go by in quiet steps of an hour, in which the keeper works. The funding of days is explained.
    pub(crate) fn days(&mut self, days: u64, chance: &mut Chance) {
        let unexplained = self.unexplained();
        for _ in 0..days * 24 {
            self.truth.calm();
            self.asleep = 0;
            self.advance(9_000, None, chance);
        }
        self.take_out(unexplained - self.unexplained());
    }
}
