//! Several sources, one price: the median of the fresh ones.

use super::row::MAX_SOURCES;
use crate::clock::{Clock, elapsed};
use crate::error::{Error, Result};
use crate::num::{Checked, PPM, PRICE, Rounding, mul_div};
use crate::quantity::{Ppm, Price};
use crate::time::Seconds;

/// How far a publish time may lie ahead of the chain's clock.
pub(super) const MAX_CLOCK_LEAD: Seconds = Seconds(30);

/// What one oracle account says, or what several say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct OraclePrice {
    /// Price.
    pub price: Price,
    /// Half-width of the confidence interval, in price units.
    pub confidence: Price,
    /// Unix seconds of publication.
    pub publish_time: i64,
    /// Slot at which the price was posted to the chain (Pyth), its oldest sample signed (Switchboard on-demand) or
    /// its round opened (Switchboard v2).
    pub publish_slot: u64,
}

impl OraclePrice {
    /// What a fixed source says: 1.00, now.
    #[inline]
    pub const fn fixed(clock: &Clock) -> Self {
        let (price, confidence) = (Price(PRICE), Price::ZERO);
        Self { price, confidence, publish_time: clock.unix_time, publish_slot: clock.slot }
    }

    /// Whether the price is positive, young enough and certain enough.
    pub fn is_usable(&self, clock: &Clock, max_age: Seconds, max_confidence: Ppm) -> bool {
        let lead = elapsed(clock.unix_time, self.publish_time);
        let certain = mul_div(self.confidence.0, PPM, self.price.0, Rounding::Up)
            .is_ok_and(|ratio| ratio <= u64::from(max_confidence.0));
        certain && lead <= MAX_CLOCK_LEAD && clock.seconds_since(self.publish_time) <= max_age
    }
}

/// Combines what usable sources say (each one price or nothing): the median price (the lower-rounded mean of the middle two for an even
/// number), the largest of the confidences and of the distance between the outermost prices, and the publish time
/// and slot of [`reached`]. Returns the price and how many observations went into it.
///
/// # Errors
/// [`Error::NoUsablePrice`] when none is usable.
pub fn combine<S: Copy + Into<Option<OraclePrice>>>(
    said: &[S],
    clock: &Clock,
    max_age: Seconds,
    max_confidence: Ppm,
    quorum: u8,
) -> Result<(OraclePrice, u8)> {
    let mut usable = [OraclePrice::default(); MAX_SOURCES];
    let mut count = 0usize;
    for one in said {
        let Some(observation) = (*one).into() else { continue };
        if !observation.is_usable(clock, max_age, max_confidence) {
            continue;
        }
        // Insertion sort by price: there are at most four.
        let mut place = count;
        while let Some(previous) = place.checked_sub(1) {
            let (Some(below), true) = (usable.get(previous).copied(), place < MAX_SOURCES) else { break };
            if below.price <= observation.price {
                break;
            }
            if let Some(slot) = usable.get_mut(place) {
                *slot = below;
            }
            place = previous;
        }
        *usable.get_mut(place).ok_or(Error::SourceMismatch)? = observation;
        count = count.wrapping_add(1);
    }
    let used = usable.get(..count).ok_or(Error::SourceMismatch)?;
    if let [only] = used {
        // Most rows: nothing to combine.
        return Ok((*only, 1));
    }
    let (Some(lowest), Some(highest)) = (used.first(), used.last()) else {
        return Err(Error::NoUsablePrice);
    };
    let upper = used.get(count >> 1).unwrap_or(highest);
    let price = if count & 1 == 1 {
        upper.price
    } else {
        let lower = used.get((count >> 1).wrapping_sub(1)).unwrap_or(lowest);
        Price(lower.price.0.plus(upper.price.0)?.wrapping_shr(1))
    };
    let mut combined = OraclePrice {
        price,
        confidence: highest.price.minus(lowest.price)?,
        publish_time: reached(used, quorum, |one| one.publish_time).unwrap_or(lowest.publish_time),
        publish_slot: reached(used, quorum, |one| one.publish_slot).unwrap_or(lowest.publish_slot),
    };
    for one in used {
        combined.confidence = combined.confidence.max(one.confidence);
    }
    let certain = mul_div(combined.confidence.0, PPM, combined.price.0, Rounding::Up)? <= u64::from(max_confidence.0);
    if !certain {
        // The sources contradict each other: none of them can be told right.
        return Err(Error::NoUsablePrice);
    }
    Ok((combined, u8::try_from(count).map_err(|_| Error::Overflow)?))
}

/// The newest age (time or slot) that both a quorum and more than half of the observations have reached, or all of
/// them where there are fewer than the quorum: what the combined price may claim as its own age.
///
/// Why it is safe to fill an order of slot `s` once the combined slot is at least `s`: more than half of the prices
/// are then from `s` or later, so whatever the others say, the median (and each of the middle two) lies between the
/// lowest and the highest of those. A price older than the order never decides alone, and no source makes the row
/// younger than the sources that carry it. A quorum of more than half, which is what a row of three or four should
/// have, is never held up by the sources beyond it.
fn reached<T: Copy + Ord>(used: &[OraclePrice], quorum: u8, age: impl Fn(&OraclePrice) -> T) -> Option<T> {
    let majority = (used.len() >> 1).wrapping_add(1);
    let needed = usize::from(quorum).max(majority).min(used.len());
    let carried = |wanted: &T| used.iter().filter(|one| age(one) >= *wanted).count() >= needed;
    used.iter().map(&age).filter(carried).max()
}
