//! Actions against pockets that fall short.

pub(super) mod backstop;
pub(super) mod bankruptcy;
pub(super) mod collect;
pub(super) mod liquidate;
pub(super) mod liquidate_fill;
pub(super) mod throttle;
