//! Settling profit and loss into balances, and fees out of a market's ledger.

use crate::account::bank::Bank;
use crate::account::board::Purpose;
use crate::account::exchange::operation;
use crate::account::market::Market;
use crate::account::pocket::Pocket;
use crate::account::position::claimable_pnl;
use crate::account::sub_account::{SubAccount, SubAccountMut};
use crate::action::{Context, ledger};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{EventKind, EventSink, SettleRecord, SweepRecord, emit};
use crate::num::Rounding;
use crate::quantity::{Amount, Quote};
use crate::rule::lifecycle::Payout;
use crate::rule::margin::{self, MarginKind};
use crate::rule::tranche::premiums;
use crate::rule::waterfall;

/// Moves a position's profit or loss between its claim and its pocket: the quote balance, or an isolated position's
/// own tokens.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct SettlePnl {
    /// Whether the owner of the account signs: while the market has a deficit nobody else turns its profit into tokens.
    pub by_owner: bool,
}

/// Result of a settlement: what moved to the pocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettleReport {
    /// Moved to the pocket (negative: out of it).
    pub amount: Quote,
    /// Profit given up, because nobody has paid a loss of the market.
    pub written_off: Amount,
}

impl SettlePnl {
    /// Settles the position's profit or loss. A loss is paid as far as the pocket's tokens go; a profit as far as the market's pool and the
    /// claimable part go.
    ///
    /// For ten minutes after a liquidation has found a pocket of this market that owes more than it has, no profit is paid:
    /// the default is settled first. While the market has a deficit a profit is paid at the haircut ([`waterfall::haircut`]),
    /// for the owner alone, and not before the deficit is an hour old. Of a pocket that has no tokens and owes another market in
    /// which it has no base, anybody turns profit into tokens: its creditors would wait for an owner who has nothing to gain.
    ///
    /// # Errors
    /// [`Error::NothingToSettle`], [`Error::PositionNotFound`], [`Error::InsufficientMargin`] when a profit
    /// would leave a pocket that is below maintenance (it is for the liquidator then), [`Error::ProfitHeld`],
    /// [`Error::ProfitOwnersAlone`], price rows.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        bank: &mut Bank,
        account: &mut SubAccountMut<'_>,
    ) -> Result<SettleReport> {
        context.exchange.require_open(operation::SETTLE, &context.clock)?;
        bank.require_quote()?;
        if context.market.is_settling() {
            // `SettlePosition` closes the position and pays users in turn.
            return Err(Error::MarketNotActive);
        }
        let board = context.board;
        let row = board.market(context.market.index)?;
        let market = &mut *context.market;
        let pocket = Pocket::of(account.head, market.index);
        let position = account.head.position_mut(market.index)?;
        ledger::settle_funding(position, market, row)?;
        if !position.base.is_zero() {
            row.price.require(Purpose::SettlePnl, &context.clock)?;
        }
        let price = row.settles_at(row.price.price)?;
        let (base, quote, entry) = (position.base, position.quote, position.entry);
        let pnl = quote.plus(row.instrument().value(base, price, Rounding::Down)?)?;
        // Asked only where it decides: the look at every position costs.
        let owes = !market.deficit.is_zero() && pocket.owes_without_tokens(account.head)?;
        let (amount, written_off) = if pnl.0 < 0 {
            (pocket.tokens(account.head)?.min(pnl.magnitude()).debit()?, Amount::ZERO)
        } else {
            let net = market.net_users_pnl(price)?;
            let excess = market.pnl_pool.credit()?.minus(net)?.plus(market.deficit.credit()?)?;
            let claim = claimable_pnl(pnl, quote, entry, excess)?.positive_part();
            let Payout { paid, written_off } = self.divide(market, claim, net, owes, &context.clock)?;
            (paid.credit()?, written_off)
        };
        if amount.is_zero() && written_off.is_zero() {
            // Funding alone is worth an update; an empty slot is worth freeing.
            account.head.release_position(market.index);
            return Err(Error::NothingToSettle);
        }
        let left = transfer(market, bank, account.head, pocket, amount, written_off)?;
        if pocket.is_bankrupt(account.head) && pocket.claims(account.head)?.0 >= 0 {
            // Money came in after the default and paid all of it.
            pocket.set_bankrupt(account.head, false)?;
        }
        // A profit may leave only a pocket that stays clear of liquidation. One without positions that the haircut leaves with
        // less than it owes has nothing to liquidate: it pays what it can and defaults.
        let defaults = !written_off.is_zero() && owes && pocket.is_flat(account.head);
        if (amount.0 > 0 || !written_off.is_zero()) && !defaults {
            margin::require(
                account.head,
                Pocket::of(account.head, market.index),
                context.board,
                MarginKind::Maintenance,
                Purpose::SettlePnl,
                &context.clock,
            )?;
        }
        let record = SettleRecord {
            account: account.head.party(),
            amount,
            pool: market.pnl_pool,
            quote: left,
            price,
            written_off,
            market: market.index,
            isolated: u8::from(pocket.is_isolated()),
            padding: [0; 5],
        };
        emit(context.sink, EventKind::SettlePnl, &record);
        account.head.release_position(context.market.index);
        Ok(SettleReport { amount, written_off })
    }

    /// Divides a profit into what is paid now and what is given up for a deficit.
    fn divide(self, market: &Market, claim: Amount, net: Quote, owes: bool, clock: &Clock) -> Result<Payout> {
        let plain = Payout { paid: claim.min(market.pnl_pool), written_off: Amount::ZERO };
        if claim.is_zero() {
            return Ok(plain);
        }
        market.require_no_insolvency(clock)?;
        if market.deficit.is_zero() {
            return Ok(plain);
        }
        market.require_haircut_time(clock)?;
        if !self.by_owner && !owes {
            return Err(Error::ProfitOwnersAlone);
        }
        waterfall::haircut(claim.min(waterfall::payable(market.pnl_pool, net, market.deficit)?), net, market.deficit)
    }
}

/// Moves an amount from a position's claim to its pocket (negative: back), and takes away what it gives up; returns the claim
/// that is left.
#[inline(always)]
fn transfer(
    market: &mut Market,
    bank: &mut Bank,
    account: &mut SubAccount,
    pocket: Pocket,
    amount: Quote,
    written_off: Amount,
) -> Result<Quote> {
    if amount.0 >= 0 {
        pocket.credit(account, amount.magnitude())?;
        market.pnl_pool = market.pnl_pool.minus(amount.magnitude())?;
    } else {
        pocket.debit(account, amount.magnitude())?;
        market.pnl_pool = market.pnl_pool.plus(amount.magnitude())?;
    }
    bank.settle(amount)?;
    market.users_quote = market.users_quote.minus(amount)?;
    if !written_off.is_zero() {
        market.give_up(written_off)?;
    }
    let position = account.position_mut(market.index)?;
    position.quote = position.quote.minus(amount)?.minus(written_off.credit()?)?;
    position.settled_pnl = position.settled_pnl.plus(amount)?;
    Ok(position.quote)
}

/// Moves collected fees out of the ledger: first against the market's deficit, then a premium to the staked insurance and
/// the backstop vault while they have shares, and the rest to the insurance fund, the vAMM's capital and the protocol by the exchange's shares.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct SweepFees;

/// Result of a sweep, quote tokens by where they went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SweepReport {
    /// To the insurance fund.
    pub insurance: Amount,
    /// To the vAMM's capital.
    pub amm: Amount,
    /// To the protocol.
    pub protocol: Amount,
    /// Against the deficit.
    pub deficit: Amount,
    /// To the staked insurance, as its premium.
    pub premium: Amount,
    /// To the backstop vault, as its premium.
    pub vault_premium: Amount,
}

impl SweepFees {
    /// Sweeps what the pool can spare above all users' net profit.
    ///
    /// # Errors
    /// [`Error::NothingToSettle`], price rows.
    pub fn execute<S: EventSink>(self, context: &mut Context<'_, S>, bank: &mut Bank) -> Result<SweepReport> {
        context.exchange.require_open(operation::SETTLE, &context.clock)?;
        bank.require_quote()?;
        if context.market.is_settling() {
            // The pool is the users' until they are paid.
            return Err(Error::MarketNotActive);
        }
        let board = context.board;
        let row = board.market(context.market.index)?;
        row.price.require(Purpose::SettlePnl, &context.clock)?;
        let market = &mut *context.market;
        let mut report = SweepReport::default();
        let owed = Quote(market.net_users_pnl(row.settles_at(row.price.price)?)?.0.max(0));
        let mut spare = market.pnl_pool.credit()?.minus(owed)?.positive_part();

        report.deficit = market.repay_deficit()?;
        let from_insurance_fees = market.insurance_fees.min(spare);
        spare = spare.minus(from_insurance_fees)?;
        let from_fees = market.fees.min(spare);
        // Nobody earns a premium while nobody stands behind defaults.
        (report.premium, report.vault_premium) = premiums(from_fees, &bank.tranche, &bank.backstop.tranche)?;
        let premiums = report.premium.plus(report.vault_premium)?;
        let rest = from_fees.minus(premiums)?;
        report.amm = rest.share(context.exchange.amm_share, Rounding::Down)?;
        let insurance_part = rest.share(context.exchange.insurance_share, Rounding::Down)?;
        report.insurance = insurance_part.plus(from_insurance_fees)?;
        report.protocol = rest.minus(report.amm)?.minus(insurance_part)?;
        if report == SweepReport::default() {
            return Err(Error::NothingToSettle);
        }
        market.fees = market.fees.minus(from_fees)?;
        market.insurance_fees = market.insurance_fees.minus(from_insurance_fees)?;
        market.amm.take_fees(report.amm)?;
        market.pnl_pool = market.pnl_pool.minus(report.insurance)?.minus(report.protocol)?.minus(premiums)?;
        market.insurance_fund = market.insurance_fund.plus(report.insurance)?;
        market.protocol_fees = market.protocol_fees.saturating_add(report.protocol.0);
        // The insurance fund stays among the market's pools; the protocol's part changes its owner.
        bank.market_pools = bank.market_pools.minus(report.protocol)?.minus(premiums)?;
        bank.tranche.add_premium(report.premium, &context.clock)?;
        bank.backstop.add_premium(report.vault_premium, &context.clock)?;
        bank.protocol = bank.protocol.plus(report.protocol)?;
        let record = SweepRecord {
            insurance: report.insurance,
            amm: report.amm,
            protocol: report.protocol,
            deficit: report.deficit,
            premium: report.premium,
            market: market.index,
            padding: [0; 6],
            vault_premium: report.vault_premium,
        };
        emit(context.sink, EventKind::FeeSweep, &record);
        Ok(report)
    }
}
