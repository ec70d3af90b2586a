//! Actions on a market, its row and its pools, and the end of a market's life.

pub(super) mod funding;
pub(super) mod halt;
pub(super) mod life;
pub(super) mod listing;
pub(super) mod parameters;
pub(super) mod pool;
pub(super) mod settle;
pub(super) mod settle_position;
pub(super) mod tier;
pub(super) mod vamm;
