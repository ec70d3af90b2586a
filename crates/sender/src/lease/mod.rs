//! A lease over NATS JetStream, for fleets whose copies should not all work at once.
//!
//! The lease is a key in a key-value bucket that forgets what is older than the lease's time. Who creates the key holds the
//! lease, and writes it again four times in that time; everybody else stands by. A holder counts from before it asked, the
//! server from when it wrote: the holder has stopped before the server forgets, also when its machine slept meanwhile, since
//! it counts by the clock that says most. Whoever may write the bucket may take the lease or keep everybody from it, so the
//! bucket is the keepers' alone; one whose time to live is changed under them counts as silent. Nothing but fees depends on it, since the
//! program lets each action happen once; so when NATS is silent for longer than the lease lasts, everybody works
//! ([`Standing::Alone`]), in shares when there are several ([`crate::shard`]).

#[cfg(feature = "nats")]
mod moment;
#[cfg(feature = "nats")]
mod nats;

#[cfg(feature = "nats")]
pub use nats::{Lease, LeaseError, Terms, check};

/// How a copy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds the lease and works.
    Held,
    /// Another does; it waits.
    Waits,
    /// Nobody can be asked; it works.
    Alone,
}

impl Standing {
    /// 1, 0 and -1: as metrics have it.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Held => 1,
            Self::Waits => 0,
            Self::Alone => -1,
        }
    }

    /// Whether to work.
    #[must_use]
    pub const fn works(self) -> bool {
        matches!(self, Self::Held | Self::Alone)
    }
}
