//! The kill switch.

use std::fmt::{Display, Formatter};
use std::path::PathBuf;

use kedge_model::clock::Clock;
use kedge_model::quantity::Amount;

/// When a maker has to stop. Zero or none switches a reason off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KillLimits {
    /// Loss of equity since the start.
    pub max_loss: Amount,
    /// Loss of equity since its peak.
    pub max_drawdown: Amount,
    /// Slots for which a quoted market may be without a price.
    pub max_stale_slots: u64,
    /// Transactions that may fail one after the other.
    pub max_refusals: u32,
    /// Stops while this file is there.
    pub file: Option<PathBuf>,
}

/// Why it has fallen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Equity fell from one value to another, since the start.
    Loss(i64, i64),
    /// Equity fell from its peak to this.
    Drawdown(i64, i64),
    /// A market without a price for too many slots.
    Stale(u16, u64),
    /// Transactions failed one after the other.
    Refusals(u32),
    /// The operator's file is there.
    File(PathBuf),
}

impl Display for Cause {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let dollars = |units: i64| units as f64 / 1e6;
        match self {
            Self::Loss(from, to) => {
                write!(out, "equity fell from ${} at the start to ${}", dollars(*from), dollars(*to))
            }
            Self::Drawdown(from, to) => {
                write!(out, "equity fell from its peak of ${} to ${}", dollars(*from), dollars(*to))
            }
            Self::Stale(market, slots) => write!(out, "market {market} has had no price for {slots} slots"),
            Self::Refusals(count) => write!(out, "{count} transactions failed one after the other"),
            Self::File(path) => write!(out, "{} is there", path.display()),
        }
    }
}

/// Falls for a reason, and stays down: what the operator's file has caused ends with the file; every other cause ends when
/// the file has been put there and taken away, or with a new process.
#[derive(Clone, Debug)]
pub struct KillSwitch {
    limits: KillLimits,
    start: Option<i64>,
    peak: Option<i64>,
    /// The slot since which a market has no price.
    stale: Option<(u16, u64)>,
    refusals: u32,
    fallen: Option<Cause>,
}

impl KillSwitch {
    /// Armed.
    #[must_use]
    pub fn new(limits: KillLimits) -> Self {
        Self { limits, start: None, peak: None, stale: None, refusals: 0, fallen: None }
    }

    /// Why it has fallen, if it has.
    #[must_use]
    pub fn fallen(&self) -> Option<&Cause> {
        self.fallen.as_ref()
    }

    /// What became of a transaction.
    pub fn heard(&mut self, landed: bool) {
        self.refusals = if landed { 0 } else { self.refusals.saturating_add(1) };
    }

    /// Looks: equity where it can be told, and a market without a price. Why it has fallen, if it has.
    pub fn look(&mut self, clock: Clock, equity: Option<i64>, stale: Option<u16>) -> Option<Cause> {
        let file = self.limits.file.as_ref().filter(|file| file.exists());
        if let Some(file) = file {
            self.fallen = Some(Cause::File(file.clone()));
            return self.fallen.clone();
        }
        if matches!(self.fallen, Some(Cause::File(_))) {
            // The operator takes the file away: a fresh start.
            *self = Self::new(self.limits.clone());
        }
        if self.fallen.is_none() {
            self.fallen = self.cause(clock, equity, stale);
        }
        self.fallen.clone()
    }

    fn cause(&mut self, clock: Clock, equity: Option<i64>, stale: Option<u16>) -> Option<Cause> {
        self.stale = match (stale, self.stale) {
            (Some(market), Some((old, since))) if market == old => Some((market, since)),
            (Some(market), _) => Some((market, clock.slot)),
            (None, _) => None,
        };
        if let Some((market, since)) = self.stale {
            let slots = clock.slot.saturating_sub(since);
            if self.limits.max_stale_slots > 0 && slots > self.limits.max_stale_slots {
                return Some(Cause::Stale(market, slots));
            }
        }
        if self.limits.max_refusals > 0 && self.refusals >= self.limits.max_refusals {
            return Some(Cause::Refusals(self.refusals));
        }
        let equity = equity?;
        let start = *self.start.get_or_insert(equity);
        let peak = self.peak.map_or(equity, |peak| peak.max(equity));
        self.peak = Some(peak);
        let exceeds = |limit: Amount, from: i64| limit.0 > 0 && i128::from(from) - i128::from(equity) > limit.0.into();
        if exceeds(self.limits.max_loss, start) {
            return Some(Cause::Loss(start, equity));
        }
        exceeds(self.limits.max_drawdown, peak).then_some(Cause::Drawdown(peak, equity))
    }
}
