//! What the jobs need to keep up with a whole exchange.

pub mod audit;
pub mod book;
pub mod endangered;
pub mod mirror;
