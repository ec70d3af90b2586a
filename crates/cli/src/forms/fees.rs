//! A form of fees.

use kedge_model::account::exchange::{FEE_TIERS, FeeSchedule, FeeTier};
use serde::Deserialize;

use super::unit::{Dollars, Percent};
use crate::error::{CliError, Result};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeesForm {
    filler_share: Percent,
    max_filler_reward: Dollars,
    referrer_share: Percent,
    referee_discount: Percent,
    insurance_share: Percent,
    amm_share: Percent,
    default_auction_ms: u32,
    min_auction_ms: u32,
    max_auction_ms: u32,
    tier: Vec<TierForm>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct TierForm {
    taker: Percent,
    maker_rebate: Percent,
    volume: Dollars,
}

impl FeesForm {
    /// The fee schedule.
    ///
    /// # Errors
    /// [`CliError::Usage`] for any number of tiers but eight.
    pub(super) fn schedule(&self) -> Result<FeeSchedule> {
        let tiers: [TierForm; FEE_TIERS] =
            self.tier.as_slice().try_into().map_err(|_| {
                CliError::Usage(format!("a schedule has {FEE_TIERS} tiers, the form {}", self.tier.len()))
            })?;
        Ok(FeeSchedule {
            fees: tiers.map(|tier| FeeTier { taker: tier.taker.0, maker_rebate: tier.maker_rebate.0 }),
            tier_volumes: tiers.map(|tier| tier.volume.0.0),
            filler_share: self.filler_share.0,
            max_filler_reward: self.max_filler_reward.0.0,
            referrer_share: self.referrer_share.0,
            referee_discount: self.referee_discount.0,
            insurance_share: self.insurance_share.0,
            amm_share: self.amm_share.0,
            default_auction_ms: self.default_auction_ms,
            min_auction_ms: self.min_auction_ms,
            max_auction_ms: self.max_auction_ms,
        })
    }
}
