//! Sources of changes.

mod poll;
mod recorded;
mod socket;
#[cfg(feature = "yellowstone")]
mod yellowstone;

use std::pin::Pin;

use super::Event;

pub use poll::Poll;
pub use recorded::Recorded;
pub use socket::Socket;
#[cfg(feature = "yellowstone")]
pub use yellowstone::{Access, Yellowstone, YellowstoneError};

/// The next event, when it comes.
pub type Next<'a> = Pin<Box<dyn Future<Output = Event> + Send + 'a>>;

/// A source of changes of sub-accounts.
pub trait Source: Send {
    /// Its name in logs and metrics.
    fn name(&self) -> &'static str;

    /// Waits for the next event. The future may be dropped at any time without losing an event.
    fn next(&mut self) -> Next<'_>;

    /// Whether the source is up: all changes of sub-accounts arrive as events.
    fn is_up(&self) -> bool;

    /// Whether the source has a stream, which can be up or down.
    fn streams(&self) -> bool {
        true
    }
}
