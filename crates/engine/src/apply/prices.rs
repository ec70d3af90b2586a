//! What the price accounts say, on the board.

use kedge_abi::error::AccountError;
use kedge_interface::BOARD;
use kedge_interface::instruction::RefreshPrices;
use kedge_model::account::board::{OraclePrice, PriceBoard, PriceRow, SourceKind};
use kedge_model::clock::Clock;
use kedge_model::event::EventSink;
use solana_program_error::ProgramError;
use solana_pubkey::Pubkey;

use super::Applying;
use crate::store::Accounts;
use crate::{Report, Result};
use kedge_model::time::SlotTime;

impl<A: Accounts, S: EventSink> Applying<'_, A, S> {
    pub(super) fn refresh_prices(&mut self, i: &RefreshPrices) -> Result<Report> {
        let mut board: PriceBoard = self.copy(&BOARD)?;
        board.measure_slot_time(&self.clock)?;
        let slot_time = board.slot_time();
        let mut oracles = i.oracles.iter();
        for index in &i.markets {
            let row = board.market_mut(u16::from(*index))?;
            let seen = observe(self.accounts, &row.price, &mut oracles, &self.clock, slot_time)?;
            row.refresh(&seen, &self.clock, slot_time)?;
        }
        for index in &i.banks {
            let row = board.bank_mut(u16::from(*index))?;
            let seen = observe(self.accounts, &row.price, &mut oracles, &self.clock, slot_time)?;
            row.refresh(&seen, &self.clock, slot_time)?;
        }
        if oracles.next().is_some() {
            return Err(AccountError::TooManyAccounts.into());
        }
        self.accounts.write(BOARD, board);
        Ok(Report::Done)
    }
}

/// What the sources of a row say: the next accounts, one a source.
fn observe<'a>(
    accounts: &impl Accounts,
    row: &PriceRow,
    oracles: &mut impl Iterator<Item = &'a Pubkey>,
    clock: &Clock,
    slot_time: SlotTime,
) -> Result<Vec<Option<OraclePrice>>> {
    let moment = kedge_oracle::Moment { clock, slot_time, max_age: row.max_age };
    let mut seen = Vec::new();
    for source in row.sources() {
        if SourceKind::from_number(source.kind)? == SourceKind::Fixed {
            seen.push(Some(OraclePrice::fixed(clock)));
            continue;
        }
        let at = oracles.next().ok_or(ProgramError::NotEnoughAccountKeys)?;
        let (owner, data) = accounts.oracle(at).unwrap_or((&kedge_abi::address::SYSTEM_PROGRAM, &[]));
        seen.push(kedge_oracle::read(source, at, owner, data, &moment)?);
    }
    Ok(seen)
}
