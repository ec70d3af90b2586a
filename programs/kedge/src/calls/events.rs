//! Leaving records: by a call of the program to itself (what moves money), or in the log (orders).

use anchor_lang::__alloc::vec;
use anchor_lang::AccountView;
use anchor_lang::event::EVENT_IX_TAG;
use anchor_lang::pinocchio::cpi::{CpiAccount, Seed, Signer, invoke_signed_unchecked};
use anchor_lang::pinocchio::instruction::{InstructionAccount, InstructionView};
use kedge_model::account::market::Market;
use kedge_model::clock::Clock;
use kedge_model::event::{Batch, NO_MARKET, RecordHeader};

use crate::account::{Address32, Sole};
use crate::error::Outcome;
use crate::pda::{EVENT_SIGNER, EventAuthority};

/// Bytes of the tag by which event decoders know the call.
const TAG: usize = 8;

/// The buffer in which an instruction collects its records.
pub struct Records(&'static mut [u8]);

/// Room for one record with its header.
pub const fn room<R>() -> usize {
    size_of::<R>() + size_of::<RecordHeader>()
}

impl Records {
    /// Room for one record.
    #[inline(always)]
    pub fn of<R>() -> Self {
        Self::new(room::<R>())
    }

    /// Room for `bytes` of records with their small headers. The heap's bump allocation is the cheapest place: a
    /// frame has 4,096 bytes. It is never given back, as the heap ends with the instruction.
    #[inline(never)]
    pub fn new(bytes: usize) -> Self {
        Self(vec![0; TAG + Batch::HEADER + bytes].leak())
    }

    /// The sink to hand to the model.
    #[inline(always)]
    pub fn batch(&mut self) -> Batch<'_> {
        Batch::new(self.0, TAG)
    }
}

/// Emits a market's records by one call of the program to itself, which no log limit can cut, under the market's
/// next sequence number. Without records nothing is emitted.
#[inline(never)]
pub fn emit(
    batch: Batch<'_>,
    market: &mut Market,
    signer: [u8; 32],
    clock: &Clock,
    authority: &Sole<EventAuthority>,
) -> Outcome {
    if batch.is_empty() {
        return Ok(());
    }
    market.next_event_seq += 1;
    send(batch.finish(signer, market.next_event_seq, clock.slot, market.index)?, authority);
    Ok(())
}

/// Emits records that belong to no market.
#[inline(never)]
pub fn emit_plain(batch: Batch<'_>, signer: [u8; 32], clock: &Clock, authority: &Sole<EventAuthority>) -> Outcome {
    send(batch.finish(signer, 0, clock.slot, NO_MARKET)?, authority);
    Ok(())
}

/// Leaves a market's records in the log, as a `Program data:` line.
#[inline(never)]
pub fn log(batch: Batch<'_>, market: &mut Market, signer: [u8; 32], clock: &Clock) -> Outcome {
    if batch.is_empty() {
        return Ok(());
    }
    market.next_event_seq += 1;
    let message = batch.finish(signer, market.next_event_seq, clock.slot, market.index)?;
    anchor_lang::sol_log_data(&[&message[TAG..]]);
    Ok(())
}

/// Leaves records that belong to no market, or to several, in the log.
#[inline(always)]
pub fn log_plain(batch: Batch<'_>, signer: [u8; 32], clock: &Clock) -> Outcome {
    if batch.is_empty() {
        return Ok(());
    }
    let message = batch.finish(signer, 0, clock.slot, NO_MARKET)?;
    anchor_lang::sol_log_data(&[&message[TAG..]]);
    Ok(())
}

/// The runtime takes about 1,000 CU for a call, the rest is some 150.
#[inline(always)]
fn send(message: &mut [u8], authority: &Sole<EventAuthority>) {
    message[..TAG].copy_from_slice(&EVENT_IX_TAG.to_le_bytes());
    let view: &AccountView = authority.as_ref();
    let accounts = [InstructionAccount::readonly_signer(&EventAuthority::ADDRESS)];
    let instruction = InstructionView { program_id: &crate::ID, data: message, accounts: &accounts };
    let seeds = EVENT_SIGNER.map(Seed::from);
    // SAFETY: the one account handed over is empty and read-only.
    unsafe { invoke_signed_unchecked(&instruction, &[CpiAccount::from(view)], &[Signer::from(&seeds)]) };
}
