//! Actions on people and their sub-accounts.

pub(super) mod builder;
pub(super) mod leverage;
pub(super) mod life;
