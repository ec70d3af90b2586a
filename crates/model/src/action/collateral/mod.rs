//! Actions that move tokens between people, pockets and markets.

pub(super) mod isolate;
pub(super) mod settle;
pub(super) mod stake;
pub(super) mod transfer;
pub(super) mod treasury;
pub(super) mod verify;
