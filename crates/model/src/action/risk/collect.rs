//! Collecting what a pocket owes a market in settlement from what it has besides dollars: a position in profit, or tokens
//! of another bank. Without that a debtor who can pay would keep everybody waiting who can claim.

use crate::account::bank::Bank;
use crate::account::board::Purpose;
use crate::account::pocket::Pocket;
use crate::account::sub_account::{Balance, SubAccountMut};
use crate::action::Context;
use crate::action::collateral::transfer::require_covered;
use crate::action::risk::liquidate::{Liquidate, LiquidationReport, Step};
use crate::action::risk::throttle::throttle;
use crate::error::{Error, Result};
use crate::event::{EventKind, EventSink, LiquidationRecord, TransferRecord, emit};
use crate::fault::{self, Fault};
use crate::num::{Rounding, mul_div};
use crate::quantity::{Amount, Base, Ppm, Price, Quote, Size};
use crate::rule::margin::{self, Margin};
use crate::rule::{lifecycle, liquidation};
use crate::side::Side;

impl Liquidate {
    /// Takes over of a position in profit what realises the debt of its pocket in settled markets, at the liquidator's
    /// price and without an insurance fee; `margin` is the pocket's, and is met.
    ///
    /// # Errors
    /// [`Error::NotLiquidatable`] without such a debt or without profit in this position; those of a liquidation.
    #[inline(never)]
    pub(in crate::action) fn realise<S: EventSink>(
        &self,
        context: &mut Context<'_, S>,
        account: &mut SubAccountMut<'_>,
        liquidator: &mut SubAccountMut<'_>,
        margin: &Margin,
    ) -> Result<LiquidationReport> {
        let pocket = Pocket::of(account.head, context.market.index);
        let owed = pocket.settled_debt(account.head)?;
        if owed.is_zero() || fault::planted(Fault::SolventDebtorWrittenOff) {
            return Err(Error::NotLiquidatable);
        }
        let step = self.step_for(context, account, owed)?;
        let report = self.transfer(context, account, liquidator, &step)?;
        throttle(context, margin, account.head, Some(liquidator.head), report.quote.magnitude())?;
        let record = LiquidationRecord {
            base: report.base,
            quote: report.quote,
            price: report.price,
            liquidator_fee: step.fee,
            ..record(context, account, liquidator, pocket, owed)?
        };
        emit(context.sink, EventKind::Liquidation, &record);
        account.head.release_position(context.market.index);
        Ok(report)
    }

    /// The step that realises a debt: no more of the position than that takes, at most a quarter of a large one.
    fn step_for<S: EventSink>(
        &self,
        context: &Context<'_, S>,
        account: &SubAccountMut<'_>,
        owed: Amount,
    ) -> Result<Step> {
        let market = &*context.market;
        let row = context.board.market(market.index)?;
        row.price.require(Purpose::Liquidate, &context.clock)?;
        let position = account.head.position(market.index).map_err(|_| Error::NothingToLiquidate)?;
        let mark = row.settles_at(row.price.liquidation_price()?)?;
        let size = position.base.size();
        let is_small = row.instrument().worth(size, mark, Rounding::Up)? <= market.small_position;
        let fee = if is_small { market.liquidator_fee_small } else { market.liquidator_fee };
        let price = liquidation::takeover_price(position.base, mark, fee)?;
        let profit = row.instrument().value(position.base, price, Rounding::Down)?.plus(position.entry)?;
        if size.is_zero() || profit.0 <= 0 {
            return Err(Error::NotLiquidatable);
        }
        let cover = Size(mul_div(owed.0, size.0, profit.magnitude().0, Rounding::Up).unwrap_or(u64::MAX));
        let taken = liquidation::step_size(cover, size, is_small, market.step, market.min_order, self.max_size)?;
        if taken.is_zero() {
            return Err(Error::AmountZero);
        }
        let side = Side::closing(position.base).opposite();
        if !self.limit_price.is_zero() && !side.accepts(self.limit_price, price) {
            return Err(Error::LiquidationPriceWorse);
        }
        Ok(Step { base: taken.on(side)?, price, fee, insurance_fee: Amount::ZERO })
    }

    /// Buys tokens of another bank from a pocket that owes this market, which is in settlement, more than it can pay: as
    /// many as the debt needs, for quote tokens at the bank's price less the market's larger liquidator fee; tokens whose
    /// price no source brings at [`lifecycle::auction_price`]. The debt is
    /// then collected by [`crate::action::SettlePosition`]. Prices and amounts are rounded against the liquidator.
    ///
    /// # Errors
    /// [`Error::NotLiquidatable`] without such a debt, [`Error::NothingToLiquidate`] without such tokens,
    /// [`Error::LiquidationPriceWorse`], [`Error::AmountZero`], [`Error::InsufficientBalance`] and
    /// [`Error::InsufficientMargin`] of the liquidator, price rows.
    #[inline(never)]
    pub(in crate::action) fn buy_tokens<S: EventSink>(
        &self,
        context: &mut Context<'_, S>,
        account: &mut SubAccountMut<'_>,
        liquidator: &mut SubAccountMut<'_>,
    ) -> Result<LiquidationReport> {
        if fault::planted(Fault::SolventDebtorWrittenOff) {
            return Err(Error::MarketNotActive);
        }
        liquidation::require_free(liquidator.head, context.board, &context.clock)?;
        let pocket = Pocket::of(account.head, context.market.index);
        let debt = account.head.position(context.market.index)?.quote;
        let owed = pocket.settled_debt(account.head)?;
        if debt.0 >= 0 || owed.is_zero() {
            return Err(Error::NotLiquidatable);
        }
        let backs = |balance: &&Balance| {
            let counts = |row: &crate::account::board::BankRow| !row.maintenance_weight.is_zero();
            balance.used == 1 && balance.bank != Bank::QUOTE && context.board.bank(balance.bank).is_ok_and(counts)
        };
        let held = match pocket {
            Pocket::Cross => account.head.balances.iter().find(backs).copied(),
            Pocket::Isolated(_) => None,
        };
        let Balance { bank, amount: tokens, .. } = held.ok_or(Error::NothingToLiquidate)?;
        let row = context.board.bank(bank)?;
        let auction = lifecycle::auction_price(&row.price, &context.clock, context.board.slot_time())?;
        let (fee, price) = match auction.filter(|_| !fault::planted(Fault::DeadCollateralIsKept)) {
            Some(price) => (Ppm::ZERO, price),
            None => {
                row.price.require(Purpose::Liquidate, &context.clock)?;
                let fee = context.market.liquidator_fee_small.max(context.market.liquidator_fee);
                (fee, row.price.liquidation_price()?.lowered(fee, Rounding::Up)?)
            }
        };
        if !self.limit_price.is_zero() && price > self.limit_price {
            return Err(Error::LiquidationPriceWorse);
        }
        let unit = margin::token_unit(row.decimals)?;
        let needed = mul_div(owed.0, unit, price.usable()?.0, Rounding::Up).unwrap_or(u64::MAX);
        let amount = Amount(needed).min(tokens).min(Amount(self.max_size.0));
        crate::action::collateral::transfer::require_amount(amount)?;
        let quote = Amount(mul_div(amount.0, price.0, unit, Rounding::Up)?);
        liquidator.head.debit(Bank::QUOTE, quote)?;
        account.head.debit(bank, amount)?;
        account.head.credit(Bank::QUOTE, quote)?;
        liquidator.head.credit(bank, amount)?;
        require_covered(liquidator.head, context.board, &context.clock)?;
        let quote = quote.credit()?;
        let record = LiquidationRecord {
            quote,
            price,
            liquidator_fee: fee,
            ..record(context, account, liquidator, pocket, owed)?
        };
        emit(context.sink, EventKind::Liquidation, &record);
        let moved = TransferRecord { from: record.account, amount, to: liquidator.head.id, bank, padding: [0; 4] };
        emit(context.sink, EventKind::Transfer, &moved);
        Ok(LiquidationReport {
            base: Base::ZERO,
            quote,
            price,
            insurance_fee: Amount::ZERO,
            orders_cancelled: 0,
            recovered: false,
            bankrupt: false,
        })
    }
}

/// A record with the parties, and with the debt before and after in place of the margin that is missing.
fn record<S: EventSink>(
    context: &Context<'_, S>,
    account: &SubAccountMut<'_>,
    liquidator: &SubAccountMut<'_>,
    pocket: Pocket,
    owed: Amount,
) -> Result<LiquidationRecord> {
    Ok(LiquidationRecord {
        account: account.head.party(),
        liquidator: liquidator.head.party(),
        base: Base::ZERO,
        quote: Quote::ZERO,
        price: Price::ZERO,
        insurance_fee: Amount::ZERO,
        shortage: owed.credit()?,
        shortage_after: pocket.settled_debt(account.head)?.credit()?,
        liquidator_fee: Ppm::ZERO,
        orders_cancelled: 0,
        market: context.market.index,
        bankrupt: 0,
        isolated: u8::from(pocket.is_isolated()),
        padding: [0; 4],
        liquidation: u64::from(account.head.liquidations),
    })
}
