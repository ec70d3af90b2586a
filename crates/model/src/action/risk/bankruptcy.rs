//! Settling a default along the waterfall: fees, the protocol's tranche, the vAMM, insurance, the backstop vault, then profits where
//! they become tokens.

use crate::account::bank::Bank;
use crate::account::board::{MarketRow, PriceBoard, Purpose};
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
use crate::quantity::{Amount, Price, Quote};
use crate::rule::{tiers, waterfall};

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
    /// Paid by the vAMM's capital.
    pub amm: Amount,
    /// Paid by the insurance fund.
    pub insurance: Amount,
    /// Paid by the staked insurance.
    pub staked: Amount,
    /// Paid by the backstop vault.
    pub backstop: Amount,
    /// Left as the market's deficit.
    pub deficit: Amount,
}

impl Bankruptcy {
    /// Pays the debt in the order of [`crate::rule::waterfall`]: the market's fees that are not swept yet and not owed to an
    /// older deficit; its insurance fees; the protocol's tranche, of which the defaults of a day take at most a quarter; the
    /// vAMM's spare equity, at most a half of it by day, at a row that can be settled at; the market's insurance fund up to its
    /// cap and its tier's share, by day; the staked insurance up to the tier's share of it, by day; the backstop vault up to what it
    /// may lose in a day, unless the default is its own. With no position open the rest of
    /// the vAMM's cash pays too. What is left is the market's deficit: its next fees repay it, and until then profits bear it where they
    /// become tokens ([`waterfall::haircut`]). Nobody's base, balance or margin changes by another's default.
    /// In settlement fees and the vAMM stand behind all claims already, so that they are no lines, and what the funds do not pay
    /// is missing from profits ([`Market::payout`]). The bank remembers who paid what.
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
        board: &PriceBoard,
        market: &mut Market,
        bank: &mut Bank,
        account: &mut SubAccountMut<'_>,
        mut vault: Option<&mut SubAccount>,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<BankruptcyReport> {
        exchange.require_open(operation::LIQUIDATE, &clock)?;
        bank.require_quote()?;
        let pocket = Pocket::of(account.head, market.index);
        if !mark_bankrupt(account.head, pocket, board)? {
            return Err(Error::NotBankrupt);
        }
        let uncovered = pocket.uncovered_debt(account.head, board)?;
        let backstop = backstop::payable(bank, vault.as_deref_mut(), account.head, (board, &clock))?;
        let row = board.market(market.index)?;
        let position = account.head.position_mut(market.index)?;
        ledger::settle_funding(position, market, row)?;
        if position.quote.0 >= 0 {
            return Err(Error::NotBankrupt);
        }
        let loss = position.quote.magnitude().min(uncovered);

        let price = price_of(row, market, &clock);
        let (lines, rest) = pay(market, bank, (price, backstop), loss, &clock)?;
        let [fees, insurance_fees, protocol, from_amm, insurance, staked, backstop] = lines;
        if let Some(vault) = vault {
            bank.pay_from_backstop(vault, backstop)?;
        }
        let (rest_of_amm, deficit) = bear(market, rest, &clock)?;
        let amm = from_amm.plus(rest_of_amm)?;
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
        let mut record = BankruptcyRecord {
            account: account.head.party(),
            loss,
            fees,
            insurance_fees,
            protocol,
            amm,
            insurance,
            staked,
            deficit,
            missing: market.deficit,
            profits: market.net_users_pnl(price.unwrap_or(row.price.price))?,
            market: market.index,
            time: clock.unix_time,
            number: 0,
            isolated: u8::from(pocket.is_isolated()),
            padding: [0; 5],
            backstop,
        };
        bank.remember(&mut record)?;
        emit(sink, EventKind::Bankruptcy, &record);
        Ok(BankruptcyReport { loss, fees, insurance_fees, protocol, amm, insurance, staked, backstop, deficit })
    }
}

/// The price that the market's claims and its vAMM are valued at: that of settlement, or the row's where it can be settled at.
fn price_of(row: &MarketRow, market: &Market, clock: &Clock) -> Option<Price> {
    if market.is_settling() {
        return Some(market.settlement_price);
    }
    row.price.require(Purpose::SettlePnl, clock).and_then(|_| row.settles_at(row.price.price)).ok()
}

/// Pays a loss from fees, insurance fees, the protocol's tranche, the vAMM's spare equity, the insurance fund, the staked
/// insurance and the vault, in this order: what each gave, and what is left. Fees and the vAMM bring no token, they free a claim
/// on the pool; the vault's part comes into it, and the caller takes it from the vault's balance.
/// Without a price the vAMM has nothing that is known to be spare.
fn pay(
    market: &mut Market,
    bank: &mut Bank,
    (price, backstop): (Option<Price>, Amount),
    loss: Amount,
    clock: &Clock,
) -> Result<([Amount; 7], Amount)> {
    let settling = market.is_settling();
    if !settling {
        market.repay_deficit()?;
    }
    let of_market = |amount: Amount| if settling { Amount::ZERO } else { amount };
    let rooms = [
        of_market(market.fees),
        of_market(market.insurance_fees),
        bank.protocol_room(clock)?,
        of_market(price.map_or(Ok(Amount::ZERO), |price| market.amm_room(price, clock))?),
        market.insurance_room(clock)?,
        bank.tranche.room(tiers::of(market.tier)?.insurance_share, clock)?,
        backstop,
    ];
    let (lines, rest) = waterfall::lines(loss, rooms)?;
    let [fees, insurance_fees, protocol, amm, insurance, staked, backstop] = lines;
    market.fees = market.fees.minus(fees)?;
    market.insurance_fees = market.insurance_fees.minus(insurance_fees)?;
    bank.pay_from_protocol(protocol)?;
    bank.pay_from_stakes(staked)?;
    market.pnl_pool = market.pnl_pool.plus(protocol)?.plus(staked)?.plus(backstop)?;
    market.pay_from_amm(amm, clock)?;
    market.pay_from_insurance(insurance, clock)?;
    Ok((lines, rest))
}

/// Lets a loss that no fund pays be borne: with no position open by the vAMM's cash as far as that goes, else by profits, as
/// the market's deficit. Returns both parts.
fn bear(market: &mut Market, loss: Amount, clock: &Clock) -> Result<(Amount, Amount)> {
    let settling = market.is_settling();
    let open = market.long_interest.plus(market.short_interest)?.plus(market.amm.base.size())?;
    let empty = if settling { fault::planted(Fault::ExpiryAtSpot) } else { open.is_zero() };
    let amm = if empty { loss.min(market.amm_means()?) } else { Amount::ZERO };
    market.amm.quote = market.amm.quote.minus(amm.credit()?)?;
    let deficit = loss.minus(amm)?;
    market.add_deficit(deficit, clock)?;
    if settling && !empty {
        // It is missing from every profit, before the vAMM.
        market.settlement_loss = market.settlement_loss.plus(deficit)?;
    }
    Ok((amm, deficit))
}
