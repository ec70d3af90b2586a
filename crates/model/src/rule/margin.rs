//! Margin of a pocket: one pass over its positions, one board.

use crate::account::bank::Bank;
use crate::account::board::{MarketRow, PriceBoard, PriceRow, Purpose, Requirement};
use crate::account::pocket::Pocket;
use crate::account::position::Position;
use crate::account::sub_account::{Balance, SubAccount};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::fault::{self, Fault};
use crate::num::{Checked, PPM, Rounding, mul_div_inline};
use crate::quantity::{Amount, Base, Ppm, Price, Quote, Size};

/// By how much more than its last price a token or base counts in a liquidation whose row is too old: it may have doubled
/// since. What is owed counts nothing then. An account that even this does not save is not shielded by a feed that is silent.
pub const BEST: Ppm = Ppm(1_000_000);

/// The three margins of a pocket, strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarginKind {
    /// To open risk or take collateral out: strict prices, open orders in the worst case, no credit for
    /// unrealised profit.
    Initial,
    /// After a fill: half way between initial and maintenance.
    Fill,
    /// To stay clear of liquidation.
    Maintenance,
}

/// Collateral against requirement.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Margin {
    /// Weighted collateral plus profit and loss, quote units. May be negative.
    pub collateral: Quote,
    /// Margin required.
    pub requirement: Amount,
    /// Value of the positions in the worst case of their open orders.
    pub liability: Amount,
}

impl Margin {
    /// Collateral less requirement.
    #[inline]
    pub fn free(&self) -> Result<Quote> {
        self.collateral.minus(self.requirement.credit()?)
    }

    /// Whether the requirement is met.
    #[inline]
    pub fn is_met(&self) -> bool {
        self.free().is_ok_and(|free| free.0 >= 0)
    }
}

/// Ratio of a position of a size under a kind of margin. Source: drift 2.13; vectors G1.
#[inline]
pub fn ratio(row: &MarketRow, kind: MarginKind, size: Size, custom: Ppm) -> Result<Ppm> {
    match kind {
        MarginKind::Initial => Ok(row.initial_ratio(size)?.max(custom)),
        MarginKind::Maintenance => row.maintenance_ratio(size),
        MarginKind::Fill => {
            let (initial, maintenance) = (row.initial_ratio(size)?, row.maintenance_ratio(size)?);
            Ok(Ppm(initial.0.plus(maintenance.0)?.wrapping_shr(1)))
        }
    }
}

/// Margin of a pocket: of the cross pocket, its balances and all positions but the isolated ones; of an isolated position,
/// its own tokens and its profit and loss against its one requirement. Prices, weights and ratios are the same.
///
/// Every row in use must serve `purpose`, but for that of a token that counts nothing. Collateral is rounded down, requirements are rounded up. For liquidations a
/// halted or dead row counts at its last price, and a jumping price only as far as [`crate::account::board::PriceRow::liquidation_price`] goes.
/// In the hour before a market's expiry these prices count as far as they will be in its settlement price
/// ([`MarketRow::settles_at`]).
///
/// # Errors
/// [`Error::StaleRow`], [`Error::RowStateForbids`]; [`Error::PositionNotFound`] for an isolated pocket that is not
/// there; arithmetic.
#[inline(never)]
pub fn margin_of(
    account: &SubAccount,
    pocket: Pocket,
    board: &PriceBoard,
    kind: MarginKind,
    purpose: Purpose,
    clock: &Clock,
) -> Result<Margin> {
    let mut pass = Pass::new(board, kind, purpose, clock);
    pass.add(account, pocket)?;
    Ok(pass.total)
}

/// Maintenance margin of a pocket for the question whether it is to be liquidated: as [`margin_of`], but that rows that are
/// too old count at what is best for the account ([`BEST`]).
///
/// # Errors
/// As [`margin_of`], without [`Error::StaleRow`].
#[inline(never)]
pub fn liquidation_margin(account: &SubAccount, pocket: Pocket, board: &PriceBoard, clock: &Clock) -> Result<Margin> {
    let mut pass = Pass::of_liquidation(board, clock);
    pass.add(account, pocket)?;
    Ok(pass.total)
}

/// [`liquidation_margin`], and the market whose position a liquidation reduces first: of those whose row can be used, the one
/// that requires the most (orders included where there are any), of equal ones that of the lower index. `None` where
/// there is no such position.
///
/// # Errors
/// As [`liquidation_margin`].
#[inline(never)]
pub fn first_to_reduce(
    account: &SubAccount,
    pocket: Pocket,
    board: &PriceBoard,
    clock: &Clock,
) -> Result<(Margin, Option<u16>)> {
    let mut pass = Pass::of_liquidation(board, clock);
    pass.ranks = true;
    pass.add(account, pocket)?;
    Ok((pass.total, pass.first))
}

/// Refuses an account of which a pocket does not meet a margin.
///
/// # Errors
/// [`Error::InsufficientMargin`]; those of [`margin_of`].
#[inline(never)]
pub fn require(
    account: &SubAccount,
    pocket: Pocket,
    board: &PriceBoard,
    kind: MarginKind,
    purpose: Purpose,
    clock: &Clock,
) -> Result<()> {
    let mut pass = Pass::new(board, kind, purpose, clock);
    pass.add(account, pocket)?;
    if pass.total.is_met() { Ok(()) } else { Err(Error::InsufficientMargin) }
}

/// What a margin is asked for: the same for every balance and position of a pocket.
struct Pass<'a> {
    board: &'a PriceBoard,
    clock: &'a Clock,
    kind: MarginKind,
    purpose: Purpose,
    requirement: Requirement,
    /// Whether a row that is too old counts at what is best for the account.
    spares: bool,
    /// Whether the position that a liquidation reduces first is looked for.
    ranks: bool,
    /// Its market, and what it requires.
    first: Option<u16>,
    most: Amount,
    total: Margin,
}

impl<'a> Pass<'a> {
    #[inline(always)]
    fn new(board: &'a PriceBoard, kind: MarginKind, purpose: Purpose, clock: &'a Clock) -> Self {
        Self {
            board,
            clock,
            kind,
            purpose,
            requirement: purpose.requirement(),
            spares: false,
            ranks: false,
            first: None,
            most: Amount::ZERO,
            total: Margin::default(),
        }
    }

    /// For the question whether a pocket is to be liquidated.
    #[inline(always)]
    fn of_liquidation(board: &'a PriceBoard, clock: &'a Clock) -> Self {
        let mut pass = Self::new(board, MarginKind::Maintenance, Purpose::Liquidate, clock);
        pass.spares = !fault::planted(Fault::WeightlessBalanceNeedsPrice);
        pass
    }

    /// Adds what is in a pocket.
    #[inline(always)]
    fn add(&mut self, account: &SubAccount, pocket: Pocket) -> Result<()> {
        match pocket {
            Pocket::Cross => self.add_all_cross(account),
            Pocket::Isolated(market) => self.add_isolated(account.position(market)?),
        }
    }

    /// Adds balances and positions, isolated ones left out. In fours, as most slots are empty and the loop would cost more
    /// than the look at one.
    #[inline(never)]
    fn add_all_cross(&mut self, account: &SubAccount) -> Result<()> {
        for [a, b, c, d] in account.balances.as_chunks::<4>().0 {
            self.add_balance(a)?;
            self.add_balance(b)?;
            self.add_balance(c)?;
            self.add_balance(d)?;
        }
        for [a, b, c, d] in account.positions.as_chunks::<4>().0 {
            self.add_cross(a)?;
            self.add_cross(b)?;
            self.add_cross(c)?;
            self.add_cross(d)?;
        }
        Ok(())
    }

    /// Adds an isolated position with its tokens.
    #[inline(always)]
    fn add_isolated(&mut self, position: &Position) -> Result<()> {
        if !position.isolated.is_zero() {
            self.add_tokens(Bank::QUOTE, position.isolated)?;
        }
        self.add_position(position)
    }

    /// Whether a row that is too old counts at what is best for the account.
    ///
    /// # Errors
    /// The row's, when it does not.
    #[inline(always)]
    fn is_spared(&self, row: &PriceRow) -> Result<bool> {
        match row.require_value(self.purpose, self.requirement, self.clock) {
            Ok(()) => Ok(false),
            Err(Error::StaleRow) if self.spares => Ok(true),
            Err(other) => Err(other),
        }
    }

    /// Adds what is in a slot of the balances.
    #[inline(always)]
    fn add_balance(&mut self, balance: &Balance) -> Result<()> {
        if balance.used == 1 { self.add_tokens(balance.bank, balance.amount) } else { Ok(()) }
    }

    /// Adds what is in a slot of the positions, isolated ones left out.
    #[inline(always)]
    fn add_cross(&mut self, position: &Position) -> Result<()> {
        if position.is_cross() { self.add_position(position) } else { Ok(()) }
    }

    /// Adds tokens of a bank.
    #[inline(never)]
    fn add_tokens(&mut self, bank: u16, amount: Amount) -> Result<()> {
        let (kind, purpose) = (self.kind, self.purpose);
        let row = self.board.bank(bank)?;
        let weight = if kind == MarginKind::Maintenance { row.maintenance_weight } else { row.initial_weight };
        if weight.is_zero() && !fault::planted(Fault::WeightlessBalanceNeedsPrice) {
            // What counts nothing needs no price: a feed that is dead or was never alive holds up nobody.
            return Ok(());
        }
        let spared = self.is_spared(&row.price)?;
        let mut price =
            if kind == MarginKind::Initial { row.price.strict_low() } else { row.price.mark_for(purpose)? };
        if spared {
            // The last one, in a jump too.
            price = row.price.price.raised(BEST, Rounding::Down)?;
        }
        let value = token_value(amount, price, row.decimals)?;
        let weighted = if u64::from(weight.0) == PPM { value } else { value.share(weight, Rounding::Down)? };
        self.total.collateral = self.total.collateral.plus(weighted.credit()?)?;
        Ok(())
    }

    /// Notes a position when it is the first to be reduced so far. The row of a market in settlement is not used for that.
    #[inline(always)]
    fn rank(&mut self, row: &MarketRow, position: &Position, required: Amount) {
        let ahead = match self.first {
            Some(market) => required > self.most || (required == self.most && position.market < market),
            None => true,
        };
        if ahead
            && !position.base.is_zero()
            && !row.price.is_frozen()
            && row.price.require(Purpose::Liquidate, self.clock).is_ok()
        {
            (self.first, self.most) = (Some(position.market), required);
        }
    }

    /// Adds one position.
    #[inline(never)]
    fn add_position(&mut self, position: &Position) -> Result<()> {
        let kind = self.kind;
        let worst = position.worst_case_base()?;
        if worst.is_zero() && position.base.is_zero() {
            // Only a settled claim or debt is left: it needs no price. A claim backs new risk only once settled.
            let counted = if kind == MarginKind::Initial { Quote(position.quote.0.min(0)) } else { position.quote };
            self.total.collateral = self.total.collateral.plus(counted)?;
            return Ok(());
        }
        let row = self.board.market(position.market)?;
        if self.is_spared(&row.price)? {
            let best = row.price.price.raised(BEST, Rounding::Down)?;
            let held = row.instrument().value(Base(position.base.0.max(0)), best, Rounding::Down)?;
            let funding = position.unsettled_funding(row.funding(position.base))?;
            self.total.collateral = self.total.collateral.plus(position.quote)?.plus(funding)?.plus(held)?;
            return Ok(());
        }
        let (mut mark, mut liability_price) = match kind {
            MarginKind::Initial if position.base.0 >= 0 => (row.price.strict_low(), row.price.strict_high()),
            MarginKind::Initial => (row.price.strict_high(), row.price.strict_high()),
            _ => {
                let price = row.price.mark_for(self.purpose)?;
                (price, price)
            }
        };
        if row.expiry_time != 0 {
            // What it will be settled at.
            (mark, liability_price) = (row.forecast(mark)?, row.forecast(liability_price)?);
        }
        let size = worst.size();
        let (low, high) = row.instrument().bounds(position.base.size(), mark)?;
        let value = if position.base.0 >= 0 { low.credit()? } else { high.debit()? };
        let funding = position.unsettled_funding(row.funding(position.base))?;
        let pnl = position.quote.plus(funding)?.plus(value)?;
        let counted = if kind == MarginKind::Initial { Quote(pnl.0.min(0)) } else { pnl };
        let liability = if size == position.base.size() && liability_price == mark {
            high
        } else {
            row.instrument().worth(size, liability_price, Rounding::Up)?
        };
        let ratio = ratio(row, kind, size, position.custom_margin)?;
        let required = liability.share(ratio, Rounding::Up)?;
        if self.ranks {
            self.rank(row, position, required);
        }
        let total = &mut self.total;
        total.collateral = total.collateral.plus(counted)?;
        total.requirement = total.requirement.plus(required)?;
        total.liability = total.liability.plus(liability)?;
        Ok(())
    }
}

/// Token units of one whole token.
#[inline]
pub fn token_unit(decimals: u8) -> Result<u64> {
    TOKEN_UNITS.get(usize::from(decimals)).copied().ok_or(Error::Overflow)
}

/// The powers of ten that 64 bits hold: computing one is a checked product for each decimal.
const TOKEN_UNITS: [u64; 20] = {
    let mut units = [1; 20];
    let mut decimals = 1;
    while decimals < units.len() {
        units[decimals] = 10 * units[decimals - 1];
        decimals += 1;
    }
    units
};

/// Value of tokens at a price, quote units, rounded down.
#[inline]
pub fn token_value(amount: Amount, price: Price, decimals: u8) -> Result<Amount> {
    let unit = token_unit(decimals)?;
    if unit == 1_000_000 && price.0 == 1_000_000 {
        return Ok(amount);
    }
    mul_div_inline(amount.0, price.0, unit, Rounding::Down).map(Amount)
}
