//! Slots from a taker's order to its first fill, by quarter of a run: a keeper that goes blind is slower in the last
//! quarter than in the first.

use std::collections::BTreeMap;

use kedge_model::event::Party;
use serde::Serialize;

/// A taker's order: its owner, the owner's sub-account, its id.
type Key = ([u8; 32], u16, u32);

/// Fewest orders of a quarter that is judged.
const FEW: u64 = 10;
/// Limit of the last quarter's wait: this many times the first quarter's, and some slots on top, for few orders
/// scatter.
const AS_SOON: (u64, u64) = (2, 4);

/// Market orders of takers with their first fills. Records may come in any order.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    placed: BTreeMap<Key, u64>,
    filled: BTreeMap<Key, (u64, u64)>,
}

/// A quarter of the time in which orders were placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Quarter {
    /// Market orders of takers.
    pub orders: u64,
    /// Orders that were filled, at least in part.
    pub filled: u64,
    /// Fills of all the orders.
    pub fills: u64,
    /// Slots from placing to the first fill, at the median and the 90th percentile of the filled orders.
    pub slots: [u64; 2],
}

impl Quarter {
    /// Mean fills of an order.
    #[must_use]
    pub fn fills_per_order(&self) -> f64 {
        self.fills as f64 / self.orders.max(1) as f64
    }
}

fn key(party: &Party, order: u32) -> Key {
    (party.authority, party.id, order)
}

impl Waits {
    /// Notes that a taker's market order was placed in a slot.
    pub fn placed(&mut self, party: &Party, order: u32, slot: u64) {
        self.placed.insert(key(party, order), slot);
    }

    /// Notes that an order was filled in a slot; before or after it is noted as placed.
    pub fn filled(&mut self, party: &Party, order: u32, slot: u64) {
        let fills = self.filled.entry(key(party, order)).or_insert((slot, 0));
        *fills = (fills.0.min(slot), fills.1 + 1);
    }

    /// The four quarters of the slots from the first order to the last.
    #[must_use]
    pub fn quarters(&self) -> [Quarter; 4] {
        let mut quarters = [Quarter::default(); 4];
        let (Some(first), Some(last)) = (self.placed.values().min(), self.placed.values().max()) else {
            return quarters;
        };
        let mut waits: [Vec<u64>; 4] = Default::default();
        for (key, slot) in &self.placed {
            let place = usize::try_from((slot - first) * 4 / (last - first + 1)).unwrap_or(0);
            let (Some(quarter), Some(waits)) = (quarters.get_mut(place), waits.get_mut(place)) else { continue };
            quarter.orders += 1;
            if let Some((filled, fills)) = self.filled.get(key) {
                quarter.filled += 1;
                quarter.fills += fills;
                waits.push(filled.saturating_sub(*slot));
            }
        }
        for (quarter, waits) in quarters.iter_mut().zip(&mut waits) {
            waits.sort_unstable();
            let at = |percent: usize| waits.get((waits.len() * percent).div_ceil(100).saturating_sub(1)).copied();
            quarter.slots = [50, 90].map(|percent| at(percent).unwrap_or(0));
        }
        quarters
    }
}

/// Why the last quarter says that the fillers went blind; `None` when it does not, or when a quarter has too few
/// orders.
#[must_use]
pub fn decline(quarters: &[Quarter; 4]) -> Option<String> {
    let [first, .., last] = quarters;
    // Whether an order is filled at all depends on prices and limits; how soon, on the fillers.
    if first.filled < FEW || last.orders < FEW {
        return None;
    }
    if last.filled == 0 {
        return Some(format!("of {} market orders in the last quarter none was filled", last.orders));
    }
    let ([before, _], [now, _]) = (first.slots, last.slots);
    let most = before.saturating_mul(AS_SOON.0).saturating_add(AS_SOON.1);
    (now > most).then(|| format!("orders waited {before} slots at the median of the first quarter, {now} in the last"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Orders every slot, each filled after so many slots, or not at all.
    fn run(wait: impl Fn(u64) -> Option<u64>) -> [Quarter; 4] {
        let mut waits = Waits::default();
        for slot in 0..100u32 {
            let party = Party { id: 3, ..Party::default() };
            if let Some(wait) = wait(u64::from(slot)) {
                // The stream may tell of the fill before it tells of the order.
                waits.filled(&party, slot, u64::from(slot) + wait + 1);
                waits.filled(&party, slot, u64::from(slot) + wait);
            }
            waits.placed(&party, slot, u64::from(slot));
        }
        waits.filled(&Party::default(), 7, 50);
        waits.quarters()
    }

    #[test]
    fn a_steady_run_has_four_equal_quarters() {
        let quarters = run(|_| Some(5));
        assert_eq!(quarters, [Quarter { orders: 25, filled: 25, fills: 50, slots: [5, 5] }; 4]);
        assert_eq!(decline(&quarters), None);
        assert!((quarters[0].fills_per_order() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn blindness_shows_as_no_or_later_fills() {
        let none = decline(&run(|slot| (slot < 30).then_some(5))).unwrap();
        assert_eq!(none, "of 25 market orders in the last quarter none was filled");
        let fewer = run(|slot| (slot < 30 || slot % 3 == 0).then_some(5));
        assert_eq!((fewer[3].filled, decline(&fewer)), (9, None));
        let later = decline(&run(|slot| Some(if slot < 30 { 5 } else { 60 }))).unwrap();
        assert_eq!(later, "orders waited 5 slots at the median of the first quarter, 60 in the last");
        assert_eq!(decline(&Waits::default().quarters()), None);
    }
}
