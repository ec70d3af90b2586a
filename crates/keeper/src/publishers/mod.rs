//! Prices onto the chain: where they come from, and how they get into Pyth's accounts.
//!
//! * [`Prices`] is a source: [`hermes`], a [`recorded`] day, or a [`generator`];
//! * [`instruction`] builds what the Pyth receiver and its push oracle take;
//! * [`publisher`] decides which prices are worth a transaction, and sends them.
//!
//! Prices of Hermes carry signatures and go to any chain. Recorded and generated prices carry none: only a test chain
//! with the mock receiver (`programs/mock-receiver`) takes them.

pub mod accumulator;
pub mod candles;
pub mod generator;
pub mod hermes;
pub mod instruction;
pub mod message;
pub mod path;
pub mod publisher;
pub mod recorded;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub use message::Message;

/// A feed's id.
pub type FeedId = [u8; 32];

/// A node of a Merkle proof.
pub type Node = [u8; 20];

/// A price that can be published.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// What it says.
    pub message: Message,
    /// The message as it was signed, or would be.
    pub bytes: Vec<u8>,
    /// What proves it; `None` for a price that only a test chain takes.
    pub evidence: Option<Evidence>,
}

impl Offer {
    /// A price that nothing proves.
    #[must_use]
    pub fn unproven(message: Message) -> Self {
        Self { message, bytes: message.encode(), evidence: None }
    }
}

/// Proof of a price: it is in a tree whose root is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The signed root, a VAA. Prices of one answer share it.
    pub vaa: Arc<[u8]>,
    /// From the message to the root.
    pub proof: Vec<Node>,
}

/// Why a source has no prices now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unavailable {
    /// What happened.
    pub reason: String,
    /// How long it wants to be left alone.
    pub rest: Option<Duration>,
}

impl Unavailable {
    /// Something that may be over at the next look.
    pub fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), rest: None }
    }
}

/// Prices, when they are known.
pub type Look<'a> = Pin<Box<dyn Future<Output = Result<Vec<Offer>, Unavailable>> + Send + 'a>>;

/// Where prices come from.
pub trait Prices: Send {
    /// Its name in logs and metrics.
    fn name(&self) -> &'static str;

    /// The prices at a time of the chain, Unix seconds. A feed that has none is left out.
    ///
    /// # Errors
    /// When there are none at all, or only outdated ones.
    fn look(&mut self, now: i64) -> Look<'_>;
}

#[cfg(test)]
pub(crate) mod testing {
    use super::FeedId;

    /// SOL/USD.
    pub(crate) const SOL: FeedId = [
        0xef, 0x0d, 0x8b, 0x6f, 0xda, 0x2c, 0xeb, 0xa4, 0x1d, 0xa1, 0x5d, 0x40, 0x95, 0xd1, 0xda, 0x39, 0x2a, 0x0d,
        0x2f, 0x8e, 0xd0, 0xc6, 0xc7, 0xbc, 0x0f, 0x4c, 0xfa, 0xc8, 0xc2, 0x80, 0xb5, 0x6d,
    ];
}
