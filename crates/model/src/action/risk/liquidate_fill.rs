//! Reducing a position that does not meet its maintenance margin against makers and the vAMM: a liquidator needs neither
//! inventory nor margin.

use crate::account::board::Purpose;
use crate::account::exchange::operation;
use crate::account::order::{Order, OrderKind, RawLimit, STATUS_OPEN, flags};
use crate::account::sub_account::SubAccountMut;
use crate::action::matching::{self, MakerRef, Matched, Taker};
use crate::action::risk::liquidate::{Prepared, Shortage, Target, prepare};
use crate::action::risk::throttle::throttle;
use crate::action::{Context, ledger, matching::shares};
use crate::error::{Error, Result};
use crate::event::{EventKind, EventSink, LiquidationRecord, emit};
use crate::num::{Checked, Rounding};
use crate::quantity::{Amount, Base, Ppm, Price, Size};
use crate::rule::liquidation::{self, FillTerms};
use crate::side::Side;

/// Reduces up to a size of one position by a match.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct LiquidateWithFill<'a> {
    /// Most base that is filled.
    pub max_size: Size,
    /// Maker orders that may be used.
    pub makers: &'a [MakerRef],
}

/// What it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LiquidationFill {
    /// What was matched.
    pub matched: Matched,
    /// The worst price that was accepted.
    pub limit: Price,
    /// The liquidator's fee, out of the pocket.
    pub fee: Amount,
    /// Fee to the insurance fund.
    pub insurance_fee: Amount,
    /// Orders cancelled first.
    pub orders_cancelled: u32,
    /// Whether cancelling orders or an earlier recovery was enough, and nothing was filled.
    pub recovered: bool,
    /// Whether nothing but debt is left in the pocket.
    pub bankrupt: bool,
}

/// A step as it is decided before the match.
struct Plan {
    side: Side,
    size: Size,
    limit: Price,
    oracle: Price,
    fee: Ppm,
    insurance: Ppm,
}

impl LiquidateWithFill<'_> {
    /// Begins as [`super::liquidate::Liquidate`] does, in the same order of a pocket's positions and within the same budget.
    /// The position is then reduced as a reduce-only order of the account would be, by at most what restores the buffer
    /// if it is filled at the oracle: against the makers named and the vAMM, inside the market's band, and not worse than
    /// the oracle by what the discount of a take-over leaves after taker fee and liquidator's fee
    /// ([`liquidation::fill_terms`]). What a better price leaves is the pocket's. Orders of the account's own owner
    /// that it meets are cancelled and never traded with; makers that cannot trade are passed over. The liquidator's fee
    /// goes to its position in the market.
    ///
    /// # Errors
    /// [`Error::NotLiquidatable`], [`Error::NothingToLiquidate`], [`Error::LiquidationOrder`]; [`Error::NothingToFill`]
    /// also while the discount is below the taker fee, [`Error::MakerInsufficientMargin`] as in a fill;
    /// [`Error::SelfTrade`], [`Error::AmountZero`], [`Error::LiquidationThrottled`], [`Error::NoPositionSlot`] of the
    /// liquidator, status of the market, price rows.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        account: &mut SubAccountMut<'_>,
        liquidator: &mut SubAccountMut<'_>,
        makers: &mut [SubAccountMut<'_>],
    ) -> Result<LiquidationFill> {
        context.exchange.require_open(operation::LIQUIDATE | operation::FILL, &context.clock)?;
        context.market.require_open(true, &context.clock)?;
        if account.head.is_same(liquidator.head) {
            return Err(Error::SelfTrade);
        }
        liquidator.head.require_free_in(context.market.index)?;
        let short = match prepare(context, account)? {
            Prepared::Healthy(_) => return Err(Error::NotLiquidatable),
            Prepared::Recovered(orders_cancelled) => {
                return Ok(LiquidationFill { orders_cancelled, recovered: true, ..LiquidationFill::default() });
            }
            Prepared::Short(short) => short,
        };
        let plan = self.plan(context, account, &short)?;
        let matched = self.fill(context, account, makers, &short, &plan)?;
        throttle(context, &short.before, account.head, None, matched.quote)?;
        let market = context.market.index;
        let row = context.board.market(market)?;
        let value = row.instrument().worth(matched.size, plan.oracle, Rounding::Down)?;
        let (fee, insurance_fee) =
            (value.share(plan.fee, Rounding::Down)?, value.share(plan.insurance, Rounding::Down)?);
        ledger::transfer(account.head, liquidator.head, market, fee)?;
        ledger::adjust(account.head, context.market, insurance_fee.debit()?)?;
        context.market.insurance_fees = context.market.insurance_fees.plus(insurance_fee)?;
        let (shortage_after, bankrupt) = short.end(context, account)?;
        // The base is in the records of the fills; here is what went from the account to the liquidator.
        let record = LiquidationRecord {
            account: account.head.party(),
            liquidator: liquidator.head.party(),
            market,
            isolated: u8::from(short.pocket.is_isolated()),
            liquidation: u64::from(account.head.liquidations),
            base: Base::ZERO,
            quote: fee.debit()?,
            price: plan.limit,
            insurance_fee,
            shortage: short.missing.credit()?,
            shortage_after,
            liquidator_fee: plan.fee,
            orders_cancelled: short.cancelled(),
            bankrupt: u8::from(bankrupt),
            padding: [0; 4],
        };
        emit(context.sink, EventKind::Liquidation, &record);
        matching::release(account, makers, market);
        short.release(account, market);
        liquidator.head.release_position(market);
        let orders_cancelled = short.cancelled();
        Ok(LiquidationFill {
            matched,
            limit: plan.limit,
            fee,
            insurance_fee,
            orders_cancelled,
            recovered: false,
            bankrupt,
        })
    }

    /// Decides size, limit and fees.
    fn plan<S: EventSink>(
        &self,
        context: &Context<'_, S>,
        account: &SubAccountMut<'_>,
        short: &Shortage,
    ) -> Result<Plan> {
        let (market, missing) = (&*context.market, short.missing);
        let Target { base, value, oracle, ratio, is_small, discount } = short.target(context, account.head)?;
        let taker_fee = context.exchange.fee_tier(account.head.tier_on(context.clock.day())).taker;
        let Some(FillTerms { fee, slippage }) = liquidation::fill_terms(discount, taker_fee)? else {
            return Err(Error::NothingToFill);
        };
        // Never out of what the worst fill needs.
        let insurance = liquidation::insurance_fee(missing, value.0, ratio, discount, market.insurance_fee)?;
        let needed = missing.plus(liquidation::ROUNDING_UNITS)?;
        // At the oracle: a worse fill restores less than the buffer, and another step follows.
        let paid = Ppm(fee.0.plus(taker_fee.0)?);
        let cover = liquidation::base_to_cover(needed, ratio, paid, insurance, oracle, Rounding::Up)?;
        let size = liquidation::step_size(cover, base.size(), is_small, market.step, market.min_order, self.max_size)?;
        if size.is_zero() {
            return Err(Error::AmountZero);
        }
        let limit = liquidation::takeover_price(base, oracle, slippage)?;
        Ok(Plan { side: Side::closing(base), size, limit, oracle, fee, insurance })
    }

    /// Matches the position as an order of its account that rests nowhere.
    fn fill<S: EventSink>(
        &self,
        context: &mut Context<'_, S>,
        account: &mut SubAccountMut<'_>,
        makers: &mut [SubAccountMut<'_>],
        short: &Shortage,
        plan: &Plan,
    ) -> Result<Matched> {
        let board = context.board;
        let row = board.market(context.market.index)?;
        row.price.require(Purpose::ReduceRisk, &context.clock)?;
        let order = Order {
            // Behind all that rest.
            seq: u64::MAX,
            price: RawLimit::price(plan.limit),
            size: plan.size,
            // Makers at a distance and the vAMM ask for a price as young as that.
            activation_slot: short.pocket.liquidation_slot(account.head).0,
            market: context.market.index,
            flags: flags::REDUCE_ONLY | flags::IMMEDIATE_OR_CANCEL,
            kind: OrderKind::Limit as u8,
            side: plan.side as u8,
            status: STATUS_OPEN,
            ..Order::default()
        };
        let band = context.market.trading_band(row, &context.clock)?;
        let interest = context.market.open_interest();
        let taker = Taker {
            slot: Taker::NO_SLOT,
            order,
            limit: matching::within(band, plan.side, plan.limit),
            band,
            only_reduces: context.market.only_reduces(&context.clock),
            shares: shares::of(account, &order, None, makers),
        };
        let matched = matching::run(context, row, account, &taker, makers, self.makers)?;
        if matched.size.is_zero() {
            let unbacked = matched.unbacked != 0;
            return Err(if unbacked { Error::MakerInsufficientMargin } else { Error::NothingToFill });
        }
        context.market.require_interest_cap(interest)?;
        shares::pay(context, account, None, makers, &matched)?;
        context.market.sample_premium(row.price.price, context.clock.unix_time)?;
        Ok(matched)
    }
}
