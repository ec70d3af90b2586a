//! Risk tiers: what a market of each may be listed with.
//!
//! The tier says how far a market's price can be trusted, from 0 (deep, old, quoted everywhere) to 4 (new or thin). The
//! table is compiled in: whoever lists a market chooses its tier, and with it the bounds of everything else.

use crate::error::{Error, Result};
use crate::quantity::Ppm;

/// Bounds of a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Smallest initial margin ratio: the largest leverage turned over.
    pub initial_margin: Ppm,
    /// Largest hourly funding rate.
    pub funding_cap: Ppm,
    /// Widest distance of a fill to the oracle.
    pub price_band: Ppm,
    /// Largest move against the five-minute average that a row may pass as no jump.
    pub jump_limit: Ppm,
    /// Part of the market's insurance fund that one default may use up.
    pub insurance_share: Ppm,
    /// Largest position that the backstop vault may take over, over its value.
    pub vault_limit: Ppm,
}

/// The tiers by number: 50x, 20x, 10x, 5x and 3x.
pub const TIERS: [Tier; 5] = [
    tier(20_000, 5_000, 50_000, 50_000, 1_000_000, 1_000_000),
    tier(50_000, 10_000, 75_000, 75_000, 1_000_000, 500_000),
    tier(100_000, 20_000, 100_000, 100_000, 750_000, 200_000),
    tier(200_000, 40_000, 150_000, 200_000, 500_000, 100_000),
    tier(333_334, 40_000, 200_000, 500_000, 250_000, 50_000),
];

const fn tier(initial: u32, funding: u32, band: u32, jump: u32, insurance: u32, vault: u32) -> Tier {
    Tier {
        initial_margin: Ppm(initial),
        funding_cap: Ppm(funding),
        price_band: Ppm(band),
        jump_limit: Ppm(jump),
        insurance_share: Ppm(insurance),
        vault_limit: Ppm(vault),
    }
}

/// The tier with this number.
///
/// # Errors
/// [`Error::InvalidParameter`].
pub fn of(number: u8) -> Result<&'static Tier> {
    TIERS.get(usize::from(number)).ok_or(Error::InvalidParameter)
}
