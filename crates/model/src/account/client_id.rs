//! The trader's own ids of orders: each is good for one order.
//!
//! A slot that an order has left remembers the order's client id until another order needs the slot: slots that remember
//! nothing are taken first, then the one of the oldest order. An id that says until when it is good ([`timed`]) is not
//! forgotten before: it is placed once, ever.

use crate::account::order::Order;
use crate::account::sub_account::SubAccountMut;
use crate::clock::Clock;
use crate::error::{Error, Result};

/// Client ids from here on are [`timed`].
pub const TIMED: u64 = 0xffff << 48;
/// How far ahead, in seconds, a timed id may be good. It keeps a slot for so long, and nobody can take it back sooner.
pub const MAX_SECONDS: u32 = 300;

/// The client id that is good up to a Unix time in seconds, with a number of the trader's own that tells those of the same
/// second apart. No two orders with it are ever placed in a sub-account, whatever is sent however often.
pub const fn timed(until: u32, own: u16) -> u64 {
    TIMED | (until as u64).wrapping_shl(16) | own as u64
}

/// Last Unix second in which a client id is good; `None` for one that is no [`timed`] id.
pub const fn good_until(client_id: u64) -> Option<u32> {
    if client_id < TIMED { None } else { Some(client_id.wrapping_shr(16) as u32) }
}

impl Order {
    /// What the slot of an order that has ended keeps of it.
    #[inline]
    pub(crate) fn remembered(&self) -> Self {
        let id = if self.client_id == 0 { 0 } else { self.id };
        Self { client_id: self.client_id, id, ..Self::default() }
    }
}

impl SubAccountMut<'_> {
    /// A free slot for an order with this client id, 0 for none.
    ///
    /// # Errors
    /// [`Error::DuplicateClientId`] for the id of an open order or one that is remembered;
    /// [`Error::ClientIdExpired`] and [`Error::ClientIdTooFar`] for a timed id that is not good now; [`Error::NoOrderSlot`],
    /// and [`Error::ClientIdsHeld`] when slots are free and all of them remember timed ids that are still good.
    #[inline(never)]
    pub(crate) fn slot_for(&self, client_id: u64, clock: &Clock) -> Result<usize> {
        let now = u32::try_from(clock.unix_time).map_err(|_| Error::Overflow)?;
        // Timed ids are in the order of their times: those from here on are still good.
        let good = timed(now, 0);
        // No order ever has the last of all ids: it is good too far ahead.
        let wanted = if client_id == 0 { u64::MAX } else { client_id };
        let (mut found, mut oldest) = (None, u32::MAX);
        for (index, order) in self.orders.iter().enumerate() {
            if order.client_id == wanted {
                return Err(Error::DuplicateClientId);
            }
            if order.is_open() || order.id >= oldest || order.client_id >= good {
                continue;
            }
            (found, oldest) = (Some(index), order.id);
            if client_id == 0 && oldest == 0 {
                break;
            }
        }
        if client_id >= TIMED {
            if client_id < good {
                return Err(Error::ClientIdExpired);
            }
            if client_id > timed(now.saturating_add(MAX_SECONDS), u16::MAX) {
                return Err(Error::ClientIdTooFar);
            }
        }
        let held = usize::from(self.head.open_orders) < self.orders.len();
        found.ok_or(if held { Error::ClientIdsHeld } else { Error::NoOrderSlot })
    }
}
