//! The jobs, one module each.

pub mod amm;
mod attention;
pub mod backstop;
pub mod bankruptcy;
pub mod closer;
pub mod expiry;
pub mod filler;
pub mod funding;
pub mod liquidator;
pub mod maker;
pub mod oracle;
pub mod settler;
mod sharers;
mod short;
pub mod tiers;
pub mod trigger;

pub use attention::Attention;
use kedge_sender::{Plan, Receipt};
use kedge_state::World;

/// A job: what should be done now, the most urgent first. Pure: the same worlds and receipts give the same plans; only a
/// maker remembers anything of them, for its kill switch.
pub trait Job: Send + Sync {
    /// Name for logs and metrics.
    fn name(&self) -> &'static str;

    /// Everything that there is to do in this world.
    fn decide(&self, world: &World) -> Vec<Plan>;

    /// As much of it as a turn has attention for: what is busy is passed over before it costs a trial. Jobs whose
    /// subjects can be many have their own.
    fn decide_within(&self, world: &World, attention: &Attention<'_>) -> Vec<Plan> {
        let _ = attention;
        self.decide(world)
    }

    /// What to send before the process ends, until it is empty. Asked again after each look.
    fn farewell(&self, world: &World) -> Vec<Plan> {
        let _ = world;
        Vec::new()
    }

    /// Why it made a plan, where that does not follow from plan and world; asked right after it has.
    fn why(&self, plan: &Plan) -> Option<String> {
        let _ = plan;
        None
    }

    /// What became of one of its transactions.
    fn heard(&self, receipt: &Receipt) {
        let _ = receipt;
    }

    /// Figures of its own for metrics: name, market where it is one market's, value.
    fn figures(&self) -> Vec<Figure> {
        Vec::new()
    }

    /// Something to tell the operator that was not told before.
    fn news(&self) -> Option<String> {
        None
    }
}

/// A figure of a job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Name, as in `equity_dollars`.
    pub name: &'static str,
    /// The market that it is about.
    pub market: Option<u16>,
    /// Its value.
    pub value: f64,
}
