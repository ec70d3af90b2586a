//! The backstop vault: how it begins, what it takes over, and how it is unwound. Every instruction here is anybody's: what is
//! taken, at which price and in which pieces is the program's.

use crate::account::bank::Bank;
use crate::account::board::{PriceBoard, Purpose};
use crate::account::exchange::{Exchange, operation};
use crate::account::order::{OrderKind, OrderParams, RawLimit, flags};
use crate::account::pocket::Pocket;
use crate::account::sub_account::{MAX_POSITIONS, SubAccount, SubAccountMut};
use crate::action::Context;
use crate::action::order::place;
use crate::action::risk::liquidate::{Liquidate, LiquidationReport, Prepared, prepare, recovered};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{CancelReason, EventSink};
use crate::num::to_i64;
use crate::quantity::{Amount, Price, Size};
use crate::rule::backstop::{self, PACE, Prices, TAKE_OVER_AGE};
use crate::rule::liquidation;
use crate::side::Side;

/// Orders that the vault's sub-account has room for: one in each market that it can have a position in.
pub const BACKSTOP_ORDERS: usize = MAX_POSITIONS;

/// Begins the backstop vault.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct CreateBackstop {
    /// Authority of its sub-account: an address without a key.
    pub authority: [u8; 32],
}

/// Lets the vault take over a part of a position that nobody took in 30 seconds.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct TakeOver;

/// Places the vault's next order that reduces its position in a market.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwind;

impl CreateBackstop {
    /// Begins the vault's sub-account, whose account has this bump.
    ///
    /// # Errors
    /// [`Error::WrongRow`] for another bank than the quote bank, [`Error::InvalidParameter`] for a second vault.
    pub fn execute(self, exchange: &mut Exchange, bank: &mut Bank, vault: &mut SubAccount, bump: u8) -> Result<()> {
        bank.require_quote()?;
        if bank.backstop.exists() {
            return Err(Error::InvalidParameter);
        }
        bank.backstop.authority = self.authority;
        *vault = SubAccount {
            version: SubAccount::VERSION,
            bump,
            authority: self.authority,
            name: *b"backstop vault\0\0",
            next_order_id: 1,
            ..SubAccount::default()
        };
        exchange.sub_accounts = exchange.sub_accounts.wrapping_add(1);
        Ok(())
    }
}

impl TakeOver {
    /// Begins the liquidation of a pocket that is short of margin; once it is 30 seconds old, moves the part of the position
    /// that [`Liquidate`] would move to the vault instead, at the discount that a liquidation has when its ramp is over: never
    /// less than an outside liquidator gets. The vault takes no more than the market's limit of what it is worth
    /// ([`backstop::take_over_room`]), and nothing once it has lost 15 % of what the day began with.
    ///
    /// # Errors
    /// Those of [`Liquidate`]; [`Error::BackstopMissing`], [`Error::TakeOverTooEarly`], [`Error::BackstopSpent`],
    /// [`Error::BackstopLimit`], [`Error::MarketNotActive`] in settlement.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        bank: &mut Bank,
        account: &mut SubAccountMut<'_>,
        vault: &mut SubAccountMut<'_>,
    ) -> Result<LiquidationReport> {
        context.exchange.require_open(operation::LIQUIDATE, &context.clock)?;
        bank.require_quote()?;
        bank.backstop.require(vault.head)?;
        if account.head.is_same(vault.head) {
            return Err(Error::SelfTrade);
        }
        if context.market.is_settling() {
            return Err(Error::MarketNotActive);
        }
        vault.head.require_free_in(context.market.index)?;
        let short = match prepare(context, account)? {
            Prepared::Healthy(_) => return Err(Error::NotLiquidatable),
            Prepared::Recovered(cancelled) => return Ok(recovered(cancelled)),
            Prepared::Short(short) => short,
        };
        if short.begins {
            return Ok(LiquidationReport { recovered: false, ..recovered(short.cancelled()) });
        }
        let age = context.clock.at().since(short.pocket.liquidation_slot(account.head));
        if age.millis_down(context.board.slot_time()) < TAKE_OVER_AGE {
            return Err(Error::TakeOverTooEarly);
        }
        let worth = bank.mark_backstop(vault.head, context.board, Prices::Last, &context.clock)?;
        if bank.backstop_room()?.is_zero() {
            return Err(Error::BackstopSpent);
        }
        let mut target = short.target(context, account.head)?;
        let market = &*context.market;
        target.discount = liquidation::discount_at(market, target.is_small, &short.margin, market.liquidation_ramp)?;
        let held = vault.head.position(market.index).map_or_else(|_| Default::default(), |position| position.base);
        let side = if target.base.0 > 0 { Side::Long } else { Side::Short };
        let room = backstop::take_over_room(market, held, side, worth.low.positive_part(), target.oracle)?;
        if room.is_zero() {
            return Err(Error::BackstopLimit);
        }
        let step = Liquidate { max_size: room, limit_price: Price::ZERO };
        step.carry_out(context, account, vault, &short, &target)
    }
}

impl Unwind {
    /// Places one order that only reduces: an eighth of the position (all of a small one), at the oracle less half of the
    /// market's discount, good for a minute; the next is due when it ends. Returns its size and distance to the oracle.
    ///
    /// # Errors
    /// [`Error::BackstopMissing`], [`Error::PositionNotFound`] without a position, [`Error::UnwindNotDue`], those of placing.
    pub fn execute<S: EventSink>(
        self,
        context: &mut Context<'_, S>,
        bank: &Bank,
        vault: &mut SubAccountMut<'_>,
    ) -> Result<(Size, i64)> {
        context.exchange.require_open(operation::PLACE, &context.clock)?;
        bank.require_quote()?;
        bank.backstop.require(vault.head)?;
        let (market, clock) = (&*context.market, context.clock);
        vault.head.require_free_in(market.index)?;
        let row = context.board.market(market.index)?;
        row.price.require(Purpose::ReduceRisk, &clock)?;
        if clock.seconds_since(market.unwound) < PACE {
            return Err(Error::UnwindNotDue);
        }
        let base = vault.head.position(market.index)?.base;
        if base.is_zero() {
            return Err(Error::PositionNotFound);
        }
        let (side, price) = (Side::closing(base), row.price.price);
        let size = backstop::slice(market, base.size(), price)?;
        let distance = backstop::concession(market, side, price)?;
        // The order before this one has ended with the minute.
        for slot in 0..vault.orders.len() {
            if vault.order(slot).is_ok_and(|order| order.market == market.index) {
                vault.remove_order(slot, CancelReason::Expired, context.sink)?;
            }
        }
        let ends = to_i64(PACE.0)?.saturating_add(clock.unix_time);
        let params = OrderParams {
            price: RawLimit::offset(distance).word(),
            size,
            expires_at: u32::try_from(ends).map_err(|_| Error::Overflow)?,
            market: market.index,
            flags: flags::REDUCE_ONLY | flags::OFFSET,
            kind: OrderKind::Limit as u8,
            side: side as u8,
            ..OrderParams::default()
        };
        let _ = place::place(context, vault, &params)?;
        context.market.unwound = clock.unix_time;
        Ok((size, distance))
    }
}

/// What a default may take of the vault, and the vault: nothing of its own default, nothing before there is one or while it
/// falls short itself.
///
/// # Errors
/// [`Error::BackstopMissing`] where the vault was not handed in.
pub(super) fn payable(
    bank: &mut Bank,
    vault: Option<&mut SubAccount>,
    account: &SubAccount,
    (board, clock): (&PriceBoard, &Clock),
) -> Result<Amount> {
    if !bank.backstop.exists() || bank.backstop.owns(account) {
        return Ok(Amount::ZERO);
    }
    let vault = vault.ok_or(Error::BackstopMissing)?;
    let worth = bank.mark_backstop(vault, board, Prices::Last, clock)?;
    if Pocket::Cross.require_free(vault).is_err() {
        return Ok(Amount::ZERO);
    }
    backstop::payable(&worth, vault.balance(Bank::QUOTE), bank.backstop_room()?)
}
