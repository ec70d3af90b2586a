//! What the jobs need to keep up with a whole exchange.

pub mod endangered;
