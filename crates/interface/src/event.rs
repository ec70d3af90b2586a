//! Events: batches of records in self-calls and in logs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
pub use kedge_model::event::{Event, EventHeader, NO_MARKET, decode};
use solana_pubkey::Pubkey;

use crate::PROGRAM_ID;

/// First 8 bytes of a self-call that carries events, as Anchor tags them.
pub const EVENT_IX_TAG: [u8; 8] = 0x1d9a_cb51_2ea5_45e4_u64.to_le_bytes();

/// The records of one instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventBatch {
    /// Signer, market, sequence number and slot of the batch.
    pub header: EventHeader,
    /// The decoded records, in order.
    pub events: Vec<Event>,
}

impl EventBatch {
    /// The batch in a message without its tag; `None` for damaged bytes.
    pub fn read(message: &[u8]) -> Option<Self> {
        let (header, events) = decode(message)?;
        Some(Self { header, events: events.collect() })
    }

    /// The batch in the data of an inner instruction; `None` for anything but an event call of the program.
    pub fn from_inner(program_id: &Pubkey, data: &[u8]) -> Option<Self> {
        if *program_id != PROGRAM_ID {
            return None;
        }
        Self::read(data.strip_prefix(&EVENT_IX_TAG)?)
    }

    /// Whether records are missing: the header counts more than could be decoded (kinds of a newer program).
    pub fn is_partial(&self) -> bool {
        self.events.len() != usize::from(self.header.count)
    }
}

/// A batch of a transaction's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedBatch {
    /// Index of the transaction's instruction that wrote the batch, as the log counts: signature programs do not log
    /// and are not counted.
    pub instruction: usize,
    /// The decoded batch.
    pub batch: EventBatch,
}

/// The batches that the program wrote to a transaction's log, in order.
///
/// Only `Program data:` lines of the running program itself count, since another program can write the same bytes. A
/// truncated log ends the search.
pub fn from_logs<'a>(logs: impl IntoIterator<Item = &'a str>) -> Vec<LoggedBatch> {
    let program = PROGRAM_ID.to_string();
    let mut stack: Vec<&str> = Vec::new();
    let mut started = 0usize;
    let mut found = Vec::new();
    for line in logs {
        if let Some(data) = line.strip_prefix("Program data: ") {
            if stack.last().is_some_and(|running| *running == program) {
                // Fields are separated by spaces; the program writes one.
                let field = data.split(' ').next().unwrap_or(data);
                let batch = STANDARD.decode(field).ok().and_then(|bytes| EventBatch::read(&bytes));
                let instruction = started.saturating_sub(1);
                found.extend(batch.map(|batch| LoggedBatch { instruction, batch }));
            }
        } else if let Some(rest) = line.strip_prefix("Program ") {
            // "Program log: ..." and "Program return: ..." lines have neither as their second word.
            match rest.split_once(' ') {
                Some((id, what)) if what.starts_with("invoke [") => {
                    started += usize::from(stack.is_empty());
                    stack.push(id);
                }
                Some((id, what)) if stack.last() == Some(&id) && (what == "success" || what.starts_with("failed")) => {
                    stack.pop();
                }
                _ => {}
            }
        } else if line == "Log truncated" {
            break;
        }
    }
    found
}
