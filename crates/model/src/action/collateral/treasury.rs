//! The protocol's way out.

use crate::account::bank::Bank;
use crate::account::exchange::{Exchange, operation};
use crate::account::sub_account::SubAccount;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{EventKind, EventSink, StakeRecord, emit};
use crate::quantity::Amount;
use crate::rule::tranche::Pot;

/// Pays the protocol's tokens to the treasury that was named when the exchange began: anybody may.
///
/// The protocol's tranche stands before every user's money in a default, so nothing of it leaves while a market can
/// default: neither an admin nor a thief of the admin's key has another way to it.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct PayTreasury;

impl PayTreasury {
    /// Debits the protocol's tranche and what no share of the staked insurance or of the backstop vault owns (a premium that
    /// found no staker, what rounding left); the caller moves the tokens. `vault` is the backstop vault's sub-account, where there
    /// is one. Returns the tokens.
    ///
    /// # Errors
    /// [`Error::BackstopMissing`] for another account than the vault's;
    /// [`Error::OperationPaused`], [`Error::WrongRow`] for another bank than the quote bank, [`Error::MarketsRemain`] until
    /// every market is delisted, [`Error::AmountZero`] where nothing is left.
    pub fn execute(
        self,
        exchange: &Exchange,
        bank: &mut Bank,
        vault: Option<&mut SubAccount>,
        clock: Clock,
        sink: &mut impl EventSink,
    ) -> Result<Amount> {
        exchange.require_open(operation::WITHDRAW, &clock)?;
        bank.require_quote()?;
        if !exchange.is_wound_up() {
            return Err(Error::MarketsRemain);
        }
        let ownerless = bank.tranche.take_ownerless()?.plus(bank.take_ownerless_backstop(vault)?)?;
        let amount = bank.protocol.plus(ownerless)?;
        if amount.is_zero() {
            return Err(Error::AmountZero);
        }
        bank.protocol = Amount::ZERO;
        let record = StakeRecord {
            authority: exchange.treasury,
            amount: amount.debit()?,
            shares: 0,
            assets: bank.tranche.assets,
            all_shares: bank.tranche.shares,
            generation: bank.tranche.generation,
            pot: Pot::Insurance as u8,
            padding: [0; 7],
        };
        emit(sink, EventKind::Stake, &record);
        Ok(amount)
    }
}
