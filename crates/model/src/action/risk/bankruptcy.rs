//! Settling a default along the waterfall: fees, the protocol's tranche, insurance, the backstop vault, then every position by
//! size.

use crate::account::bank::Bank;
use crate::account::board::{MarketRow, PriceBoard};
use crate::account::exchange::{Exchange, operation};
use crate::account::market::Market;
use crate::account::pocket::Pocket;
use crate::account::position::status;
use crate::account::sub_account::{SubAccount, SubAccountMut};
use crate::action::ledger;
use crate::action::risk::backstop;
use crate::action::risk::liquidate::mark_bankrupt;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{BankruptcyRecord, EventKind, EventSink, emit};
use crate::fault::{self, Fault};
use crate::num::{BASE, Checked, FUNDING_TO_QUOTE, Rounding, mul_div, to_i64, to_u64};
use crate::quantity::{Amount, FundingIndex, Quote, Size};
use crate::rule::{tiers, waterfall};
use crate::time::Seconds;

/// The defaults of a day charge a position at most its value over this; what is beyond stays the market's deficit.
const MAX_CHARGE_DIVISOR: u64 = 10;
/// Seconds of that day. It begins with the first default after the one before is over.
const CHARGE_PERIOD: Seconds = Seconds::DAY;

/// Settles the debt that a bankrupt pocket has in one market.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct Bankruptcy;

/// Result of a default: the loss, by who paid it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BankruptcyReport {
    /// Debt that is settled: all of it, or what the pocket's claims on other markets do not cover.
    pub loss: Amount,
    /// Paid by the market's unswept fees.
    pub fees: Amount,
    /// Paid by the market's unswept insurance fees.
    pub insurance_fees: Amount,
    /// Paid by the protocol's tranche.
    pub protocol: Amount,
    /// Paid by the insurance fund.
    pub insurance: Amount,
    /// Paid by the staked insurance.
    pub staked: Amount,
    /// Paid by the backstop vault.
    pub backstop: Amount,
    /// Paid by the vAMM's capital because nobody holds a position.
    pub amm: Amount,
    /// Spread over all positions.
    pub socialised: Amount,
    /// Left as the market's deficit.
    pub deficit: Amount,
}

impl Bankruptcy {
    /// Pays the debt in the order of [`crate::rule::waterfall`]: the market's fees that are not swept yet and not owed to an
    /// older deficit; its insurance fees; the protocol's tranche, of which the defaults of a day take at most a quarter; the
    /// market's insurance fund up to its cap and its tier's share, by day; the staked insurance up to the tier's share of it, by
    /// day; the backstop vault up to what it may lose in a day, unless the default is its own. The rest is spread over all positions in
    /// proportion to their size (rounded up, the excess stays in the pot), together with the other defaults of a day at most a
    /// tenth of a position's value. With no position open the vAMM's capital pays, and what is left after that is
    /// the market's deficit, which the next fees repay.
    /// In settlement fees stand behind all claims already, so that they are no line, and what the funds do not pay is
    /// missing from profits ([`Market::payout`]), not from the vAMM. The bank remembers who paid what.
    ///
    /// Judged and settled by pocket: an isolated position defaults alone. Of a cross pocket that has claims on other
    /// markets, only the debt above them is lost; the rest stays owed until those claims are paid. With debts in
    /// several markets, the caller's order says which is settled in full first.
    ///
    /// # Errors
    /// [`Error::NotBankrupt`] unless nothing but debt is left, [`Error::PositionNotFound`]; [`Error::BackstopMissing`] without
    /// the vault's account where there is one and another defaults.
    #[expect(clippy::too_many_arguments, reason = "a default touches all of them")]
    pub fn execute(
        self,
        exchange: &Exchange,
        board: &mut PriceBoard,
        market: &mut Market,
        bank: &mut Bank,
        account: &mut SubAccountMut<'_>,
        mut vault: Option<&mut SubAccount>,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<BankruptcyReport> {
        exchange.require_open(operation::LIQUIDATE)?;
        bank.require_quote()?;
        let pocket = Pocket::of(account.head, market.index);
        if !mark_bankrupt(account.head, pocket, board)? {
            return Err(Error::NotBankrupt);
        }
        let uncovered = pocket.uncovered_debt(account.head, board)?;
        let backstop = backstop::payable(bank, vault.as_deref_mut(), account.head, (board, &clock))?;
        let row = board.market_mut(market.index)?;
        let position = account.head.position_mut(market.index)?;
        ledger::settle_funding(position, market, row)?;
        if position.quote.0 >= 0 {
            return Err(Error::NotBankrupt);
        }
        let loss = position.quote.magnitude().min(uncovered);

        let (lines, rest) = pay(market, bank, loss, backstop, &clock)?;
        let [fees, insurance_fees, protocol, insurance, staked, backstop] = lines;
        if let Some(vault) = vault {
            bank.pay_from_backstop(vault, backstop)?;
        }
        let borne = bear(market, row, rest, &clock)?;
        ledger::adjust(account.head, market, loss.credit()?)?;
        let position = account.head.position_mut(market.index)?;
        position.entry = Quote::ZERO;
        if position.status & status::SETTLED != 0 {
            market.debts = market.debts.minus(loss)?;
        }
        if loss == uncovered {
            pocket.set_bankrupt(account.head, false)?;
        }
        account.head.release_position(market.index);
        account.head.last_active_slot = clock.slot;
        let Borne { amm, socialised, charge, deficit } = borne;
        let mut record = BankruptcyRecord {
            account: account.head.party(),
            loss,
            fees,
            insurance_fees,
            protocol,
            insurance,
            staked,
            amm,
            socialised,
            charge,
            deficit,
            market: market.index,
            time: clock.unix_time,
            number: 0,
            isolated: u8::from(pocket.is_isolated()),
            padding: [0; 5],
            backstop,
        };
        bank.remember(&mut record)?;
        emit(sink, EventKind::Bankruptcy, &record);
        Ok(BankruptcyReport {
            loss,
            fees,
            insurance_fees,
            protocol,
            insurance,
            staked,
            backstop,
            amm,
            socialised,
            deficit,
        })
    }
}

/// Pays a loss from fees, insurance fees, the protocol's tranche, the insurance fund, the staked insurance and the vault, in this
/// order: what each gave, and what is left. The vault's part comes into the pool; the caller takes it from its balance. Fees bring no token, they free a claim on the pool.
fn pay(
    market: &mut Market,
    bank: &mut Bank,
    loss: Amount,
    backstop: Amount,
    clock: &Clock,
) -> Result<([Amount; 6], Amount)> {
    let settling = market.is_settling();
    if !settling {
        market.repay_deficit()?;
    }
    let of_market = |amount: Amount| if settling { Amount::ZERO } else { amount };
    let rooms = [
        of_market(market.fees),
        of_market(market.insurance_fees),
        bank.protocol_room(clock)?,
        market.insurance_room(clock)?,
        bank.tranche.room(tiers::of(market.tier)?.insurance_share, clock)?,
        backstop,
    ];
    let (lines, rest) = waterfall::lines(loss, rooms)?;
    let [fees, insurance_fees, protocol, insurance, staked, backstop] = lines;
    market.fees = market.fees.minus(fees)?;
    market.insurance_fees = market.insurance_fees.minus(insurance_fees)?;
    bank.pay_from_protocol(protocol)?;
    bank.pay_from_stakes(staked)?;
    market.pnl_pool = market.pnl_pool.plus(protocol)?.plus(staked)?.plus(backstop)?;
    market.pay_from_insurance(insurance, clock)?;
    Ok((lines, rest))
}

/// What became of a loss that no fund pays.
#[derive(Default)]
struct Borne {
    amm: Amount,
    socialised: Amount,
    charge: FundingIndex,
    deficit: Amount,
}

/// Lets a loss be borne: in settlement by all profits, else by all positions, or with none open by the vAMM's capital.
fn bear(market: &mut Market, row: &mut MarketRow, loss: Amount, clock: &Clock) -> Result<Borne> {
    if loss.is_zero() {
        return Ok(Borne::default());
    }
    let settling = market.is_settling();
    if settling && !fault::planted(Fault::ExpiryAtSpot) {
        // Nobody bears it by position: who was closed earlier would not. It is missing from every profit.
        market.deficit = market.deficit.plus(loss)?;
        market.funding_pot = market.funding_pot.plus(loss.debit()?)?;
        market.settlement_loss = market.settlement_loss.plus(loss)?;
        return Ok(Borne { deficit: loss, ..Borne::default() });
    }
    let interest = market.long_interest.plus(market.short_interest)?;
    let bearers = if settling { Size::ZERO } else { interest.plus(market.amm.base.size())? };
    if bearers.is_zero() { take_from_vamm(market, loss) } else { socialise(market, row, loss, bearers, clock) }
}

/// Takes a loss from the vAMM's capital; what is beyond its means is the market's deficit.
fn take_from_vamm(market: &mut Market, loss: Amount) -> Result<Borne> {
    let amm = loss.min(market.amm_means()?);
    let deficit = loss.minus(amm)?;
    market.amm.quote = market.amm.quote.plus(amm.debit()?)?;
    market.deficit = market.deficit.plus(deficit)?;
    market.funding_pot = market.funding_pot.plus(deficit.debit()?)?;
    Ok(Borne { amm, deficit, ..Borne::default() })
}

/// Spreads a loss over `bearers`, the base of all positions, through the funding indices; what the day's charges leave no
/// room for is the market's deficit.
fn socialise(market: &mut Market, row: &mut MarketRow, loss: Amount, bearers: Size, clock: &Clock) -> Result<Borne> {
    let scale = BASE.times(FUNDING_TO_QUOTE)?;
    // Over next to nothing it has more than 64 bits: more than the most, like any other.
    let wanted = mul_div(loss.0, scale, bearers.0, Rounding::Up).unwrap_or(u64::MAX);
    let most = mul_div(row.price.twap_1h.0, FUNDING_TO_QUOTE, MAX_CHARGE_DIVISOR, Rounding::Down)?;
    let most = most.saturating_sub(charged(market, clock)?);
    let charge = FundingIndex(to_i64(wanted.min(most))?);
    let socialised = if wanted <= most { loss } else { Amount(mul_div(bearers.0, most, scale, Rounding::Down)?) };
    let deficit = loss.minus(socialised)?;
    market.deficit = market.deficit.plus(deficit)?;
    market.charged = market.charged.plus(charge)?;
    row.funding_long = row.funding_long.plus(charge)?;
    row.funding_short = row.funding_short.minus(charge)?;
    let part = Amount(mul_div(market.amm.base.size().0, charge.0.unsigned_abs(), scale, Rounding::Up)?);
    market.amm.quote = market.amm.quote.plus(part.debit()?)?;
    market.funding_pot = market.funding_pot.plus(part.credit()?)?.minus(loss.credit()?)?;
    market.socialised = market.socialised.saturating_add(socialised.0);
    Ok(Borne { socialised, charge, deficit, ..Borne::default() })
}

/// What each base unit has been charged in the running day, in the unit of an index; begins a new day where one is over.
fn charged(market: &mut Market, clock: &Clock) -> Result<u64> {
    if fault::planted(Fault::ChargePerDefault) || clock.seconds_since(market.charge_time) >= CHARGE_PERIOD {
        (market.charged, market.charge_time) = (FundingIndex::ZERO, clock.unix_time);
    }
    to_u64(market.charged.0)
}
