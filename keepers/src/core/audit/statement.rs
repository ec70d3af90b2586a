//! What an audit says.

use serde::Serialize;

use super::{Snapshot, sums};

/// One equation: two sums that must be equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What must be equal.
    pub what: String,
    /// Left side.
    pub left: i128,
    /// Right side.
    pub right: i128,
    /// Unit of both.
    pub unit: &'static str,
}

impl Line {
    /// Whether the sides are equal.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.left == self.right
    }
}

/// What an auditor insists on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Tokens in a vault over all claims are a break: for chains on which nobody sends any.
    pub exact_vaults: bool,
}

/// A pocket that does not meet its maintenance margin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Below {
    /// The sub-account.
    pub account: String,
    /// The market of an isolated position; none for the cross pocket.
    pub isolated: Option<u16>,
    /// What it lacks, quote units.
    pub lacks: i64,
}

/// Margins, recomputed at the board's last prices, however old: whoever liquidates refreshes them first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Margins {
    /// Pockets with something in them.
    pub pockets: usize,
    /// Those below maintenance: to be liquidated, the largest lack first.
    pub below: Vec<Below>,
    /// Those with nothing but a debt that their tokens do not cover: to be settled as defaults.
    pub in_default: usize,
    /// Those that cannot be valued: a row of theirs is in a state in which it serves no liquidation, or has no price.
    pub unpriced: usize,
}

/// Something that must never be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Break {
    /// Account, market or bank, and the rule. Equal in two statements for the same break.
    pub what: String,
    /// By how much, and where it can be said, both sides.
    pub amount: String,
}

/// The statement on a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Slot of the accounts.
    pub slot: u64,
    /// Chain time of the read, Unix seconds.
    pub time: i64,
    /// Number of markets, banks, traders and sub-accounts.
    pub counts: [usize; 4],
    /// The equations.
    pub lines: Vec<Line>,
    /// Accounts whose invariant was checked.
    pub checked: usize,
    /// Accounts that are not what they must be.
    pub broken: Vec<Break>,
    /// Funding and rounding that is between the pot and the positions, by market: never negative.
    pub dust: Vec<(String, i128)>,
    /// Tokens in vaults that nobody has a claim on, by bank.
    pub donated: Vec<(String, i128)>,
    /// What should only grow and shrank since the statement before, filled in by [`super::Marks`].
    pub backwards: Vec<String>,
    /// Margins.
    pub margins: Margins,
}

impl Statement {
    /// Adds up.
    #[must_use]
    pub fn of(snapshot: &Snapshot, rules: Rules) -> Self {
        sums::statement(snapshot, rules)
    }

    /// Whether everything holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.breaks().is_empty()
    }

    /// Everything that does not hold.
    #[must_use]
    pub fn breaks(&self) -> Vec<Break> {
        let lines = self.lines.iter().filter(|line| !line.holds()).map(|line| Break {
            what: line.what.clone(),
            amount: format!("{} against {}: {} ({})", line.left, line.right, line.left - line.right, line.unit),
        });
        let broken = self.broken.iter().cloned();
        let dust = self.dust.iter().filter(|(_, dust)| *dust < 0).map(|(market, dust)| Break {
            what: format!("{market}: the funding pot covers what positions may claim"),
            amount: format!("short of {} (USDC 1e-6)", -dust),
        });
        let backwards = self.backwards.iter().map(|what| Break { what: what.clone(), amount: "ran backwards".into() });
        lines.chain(broken).chain(dust).chain(backwards).collect()
    }

    /// For machines.
    #[must_use]
    pub fn json(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("holds".into(), self.holds().into());
            fields.insert("breaks".into(), serde_json::to_value(self.breaks()).unwrap_or_default());
        }
        value.to_string()
    }
}
