//! The maker orders that a taker meets, in the order in which it meets them.

use super::types::{MAX_MAKER_ORDERS, MakerRef, Taker, in_band};
use crate::account::board::{MarketRow, Purpose};
use crate::account::order::flags;
use crate::account::sub_account::SubAccountMut;
use crate::action::Context;
use crate::error::{Error, Result};
use crate::event::EventSink;
use crate::fault::{self, Fault};
use crate::quantity::Price;
use crate::side::Side;
use crate::time::Slot;

/// How often in one run orders that show only a part may come back with their next part.
pub const MAX_RETURNS: usize = 4;

/// A maker order that crosses the taker.
#[derive(Clone, Copy, Default)]
pub(super) struct Candidate {
    /// Its price now.
    pub price: Price,
    /// Sequence number: the lower is served first among orders at one price.
    pub seq: u64,
    /// Index among the maker accounts, or [`MakerRef::OWN`].
    pub account: u8,
    /// Slot of the order.
    pub slot: u8,
    /// Whether it belongs to the taker's own authority.
    pub own: bool,
}

/// Candidates, best price first, then by sequence number.
pub(super) struct Queue {
    side: Side,
    entries: [Candidate; MAX_MAKER_ORDERS],
    count: usize,
    next: usize,
    returns: usize,
}

/// The oracle price at which makers at a distance from it trade with a taker: one that risk may be opened on, live for the
/// taker's order, and the worse one of the slot's first and its last. The run has seen it ([`crate::amm::Amm::see`]).
fn traded_oracle<S: EventSink>(context: &Context<'_, S>, row: &MarketRow, taker: &Taker) -> Option<Price> {
    row.price.require(Purpose::IncreaseRisk, &context.clock).ok()?;
    if fault::planted(Fault::OffsetMakerTakenTwice) {
        return Some(row.price.price);
    }
    row.price.require_live(Slot(taker.order.activation_slot), &context.clock, context.board.slot_time()).ok()?;
    Some(context.market.amm.held_price(taker.order.side()))
}

impl Queue {
    /// An empty queue of those whom a taker on a side meets.
    pub(super) fn of(side: Side) -> Self {
        let entries = [Candidate::default(); MAX_MAKER_ORDERS];
        Self { side, entries, count: 0, next: 0, returns: MAX_RETURNS }
    }

    /// The orders named that can trade with the taker.
    pub(super) fn collect<S: EventSink>(
        context: &Context<'_, S>,
        row: &MarketRow,
        taker: &SubAccountMut<'_>,
        order: &Taker,
        makers: &[SubAccountMut<'_>],
        refs: &[MakerRef],
    ) -> Result<Self> {
        if refs.len() > MAX_MAKER_ORDERS {
            return Err(Error::TooManyMakers);
        }
        let (slot, side, tick) = (context.clock.slot, order.order.side(), context.market.tick);
        let taker_rests = order.order.is_resting(slot);
        let mut queue = Self::of(side);
        for reference in refs {
            let maker = match makers.get(usize::from(reference.account)) {
                Some(maker) => maker,
                None if reference.account == MakerRef::OWN => taker,
                None => return Err(Error::TooManyMakers),
            };
            let hint = usize::from(reference.slot);
            let (at, resting) = match maker.orders.get(hint) {
                Some(order) if order.is_open() && order.id == reference.order_id => (hint, order),
                // An order that is gone lost a race; the others still fill.
                _ => match maker.orders.iter().enumerate().find(|(_, o)| o.is_open() && o.id == reference.order_id) {
                    Some(found) => found,
                    None => continue,
                },
            };
            let usable = resting.market == context.market.index
                && resting.side() == side.opposite()
                && resting.is_resting(slot)
                && !resting.is_expired(&context.clock)
                && maker.head.require_free_in(context.market.index).is_ok()
                // Of two resting orders the older one is the maker.
                && (!taker_rests || resting.seq < order.order.seq);
            if !usable {
                continue;
            }
            let mut price = resting.price();
            if resting.has(flags::OFFSET) {
                // An order at a distance from the oracle trades under the vAMM's rule, or not at all; nor while a position
                // is worth something else than the oracle.
                if context.market.in_last_hour(&context.clock) {
                    continue;
                }
                let Some(oracle) = traded_oracle(context, row, order) else { continue };
                let Ok(now) = resting.effective_price(oracle, tick) else { continue };
                price = now;
            }
            let inside = in_band(order.band, price) || fault::planted(Fault::BandRefusesFill);
            if side.accepts(order.limit, price) && inside {
                let own = maker.head.is_of(taker.head);
                let slot = u8::try_from(at).map_err(|_| Error::OrderNotFound)?;
                queue.insert(Candidate { price, seq: resting.seq, account: reference.account, slot, own })?;
            }
        }
        Ok(queue)
    }

    /// Pops the best remaining candidate.
    pub(super) fn next(&mut self) -> Option<Candidate> {
        let candidate = self.entries.get(..self.count)?.get(self.next).copied()?;
        self.next = self.next.wrapping_add(1);
        Some(candidate)
    }

    /// Takes back the candidate that was popped last, under a new sequence number, behind all of its price. Says whether it
    /// comes back in this run.
    pub(super) fn again(&mut self, candidate: Candidate, seq: u64) -> Result<bool> {
        let Some(left) = self.returns.checked_sub(1) else { return Ok(false) };
        self.returns = left;
        // Its place is free: what was taken is no longer needed.
        self.next = self.next.checked_sub(1).ok_or(Error::InvariantBroken)?;
        let mut place = self.next;
        while let Some(behind) = self.entries.get(..self.count).and_then(|all| all.get(place.wrapping_add(1))).copied()
            && behind.price == candidate.price
        {
            *self.entries.get_mut(place).ok_or(Error::InvariantBroken)? = behind;
            place = place.wrapping_add(1);
        }
        *self.entries.get_mut(place).ok_or(Error::InvariantBroken)? = Candidate { seq, ..candidate };
        Ok(true)
    }

    /// Puts a candidate where it belongs.
    pub(super) fn insert(&mut self, candidate: Candidate) -> Result<()> {
        let mut place = self.count;
        while let Some(previous) = place.checked_sub(1) {
            let Some(ahead) = self.entries.get(previous).copied() else { break };
            let behind = self.side.better(candidate.price, ahead.price)
                || (candidate.price == ahead.price && candidate.seq < ahead.seq);
            if !behind {
                break;
            }
            if let Some(entry) = self.entries.get_mut(place) {
                *entry = ahead;
            }
            place = previous;
        }
        *self.entries.get_mut(place).ok_or(Error::TooManyMakers)? = candidate;
        self.count = self.count.wrapping_add(1);
        Ok(())
    }
}
