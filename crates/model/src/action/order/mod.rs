//! Actions on orders, from placing one to its end without a fill.

pub(super) mod cancel;
pub(super) mod conditional;
pub(super) mod entry;
pub(super) mod expire;
pub(super) mod modify;
pub(super) mod place;
pub(super) mod replace;
pub(super) mod reward;
pub(super) mod signed;
pub(super) mod slice;
pub(super) mod trail;
pub(super) mod trigger;
