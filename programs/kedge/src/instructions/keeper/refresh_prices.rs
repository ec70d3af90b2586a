//! Reading oracle accounts into price rows.

use kedge_model::account::board::{MAX_SOURCES, OraclePrice, PriceRow, PriceSource, RefreshReport, SourceKind};
use kedge_model::clock::Clock;
use kedge_oracle::Moment;

use crate::instructions::prelude::*;
use kedge_model::time::SlotTime;

/// Accounts of `refresh_prices`; the oracle accounts follow, for each row one a source in the row's order.
#[derive(Accounts)]
pub struct RefreshPrices {
    /// The board.
    #[account(mut)]
    pub board: Write<PriceBoard>,
}

/// Refreshes the rows of these markets and banks, in this order.
#[inline(never)]
pub fn handle(a: &mut RefreshPrices, markets: &[u8], banks: &[u8]) -> Outcome {
    let mut oracles = Trailing::of(a);
    let board: &mut PriceBoard = &mut a.board;
    let clock = clock()?;
    board.measure_slot_time(&clock)?;
    let slot_time = board.slot_time();
    for index in markets {
        let row = board.market_mut(u16::from(*index))?;
        row.end_halt(&clock);
        let before = row.price.before();
        let report = refresh(&mut row.price, &mut oracles, &clock, slot_time)?;
        row.follow(&before, &report, &clock)?;
    }
    for index in banks {
        let row = board.bank_mut(u16::from(*index))?;
        row.end_halt(&clock);
        refresh(&mut row.price, &mut oracles, &clock, slot_time)?;
    }
    if oracles.is_empty() { Ok(()) } else { Err(AccountError::TooManyAccounts.into()) }
}

/// Refreshes one row. A source whose account has nothing to say (not trading, too few samples, closed) is left out; an
/// account that is not the row's source, or is too weakly verified, is an error.
#[inline(always)]
fn refresh(row: &mut PriceRow, oracles: &mut Trailing, clock: &Clock, slot_time: SlotTime) -> Outcome<RefreshReport> {
    let mut seen: ArrayVec<Option<OraclePrice>, MAX_SOURCES> = ArrayVec::new();
    let moment = Moment { clock, slot_time, max_age: row.max_age };
    for source in row.sources() {
        let kind = SourceKind::from_number(source.kind)?;
        if kind == SourceKind::Fixed {
            seen.push(Some(OraclePrice::fixed(clock)));
            continue;
        }
        let account = oracles.next_shared().ok_or(ProgramError::NotEnoughAccountKeys)?;
        seen.push(observe(source, &account, &moment)?);
    }
    let report = row.refresh(&seen, clock, slot_time)?;
    row.invariant()?;
    Ok(report)
}

/// What a source's account says. One copy for the rows of markets and of banks.
fn observe(source: &PriceSource, account: &AccountView, moment: &Moment<'_>) -> Outcome<Option<OraclePrice>> {
    // SAFETY: the bytes are read and left before anything else touches the account.
    let data = unsafe { account.borrow_unchecked() };
    kedge_oracle::read(source, account.address(), account.owner(), data, moment)
}
