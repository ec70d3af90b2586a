//! Where changes come from.

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

/// Tells of changes of sub-accounts.
pub trait Source: Send {
    /// Its name in logs and metrics.
    fn name(&self) -> &'static str;

    /// Waits for the next event. May be dropped at any time without losing one.
    fn next(&mut self) -> Next<'_>;

    /// Whether it is up: what it does not tell of has not happened.
    fn is_up(&self) -> bool;

    /// Whether it is meant to be up.
    fn streams(&self) -> bool {
        true
    }
}
