//! The jobs, one module each.

pub mod amm;
pub mod closer;
pub mod expiry;
pub mod filler;
pub mod funding;
pub mod jit;
pub mod liquidator;
pub mod oracle;
pub mod quoter;
pub mod settler;
#[cfg(test)]
pub(crate) mod stage;
pub mod trigger;

use crate::{Plan, World};

/// A job: what should be done now, the most urgent first. Pure: the same world gives the same plans.
pub trait Job: Send {
    /// Name for logs and metrics.
    fn name(&self) -> &'static str;

    /// What to do in this world.
    fn decide(&self, world: &World) -> Vec<Plan>;
}
