//! The statement of an audit.

use kedge_units::decimal::format as decimal;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

/// Unit of a sum. Sums are kept in the smallest units and shown in whole ones, with every digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Name of the whole unit.
    pub name: &'static str,
    /// Decimals: a whole unit is ten to this power of the smallest.
    pub digits: u32,
}

impl Unit {
    /// Coins of a market.
    pub const BASE: Self = Self { name: "base", digits: 9 };
    /// Dollars.
    pub const USDC: Self = Self { name: "USDC", digits: 6 };

    /// A bank's tokens.
    #[must_use]
    pub const fn tokens(decimals: u8) -> Self {
        Self { name: "tokens", digits: decimals as u32 }
    }

    /// A sum in whole units, exactly.
    #[must_use]
    pub fn show(self, sum: i128) -> String {
        decimal(sum, self.digits, 2)
    }
}

/// One equation: two sums that must be equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The equation's name.
    pub what: String,
    /// Left side, smallest units.
    pub left: i128,
    /// Right side, smallest units.
    pub right: i128,
    /// Unit of both sides.
    pub unit: Unit,
}

impl Serialize for Line {
    /// Sums are text: no reader of JSON may round them.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_struct("Line", 4)?;
        line.serialize_field("what", &self.what)?;
        line.serialize_field("left", &self.unit.show(self.left))?;
        line.serialize_field("right", &self.unit.show(self.right))?;
        line.serialize_field("unit", self.unit.name)?;
        line.end()
    }
}

/// An amount of one market or bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The market or bank, by name.
    pub of: String,
    /// Smallest units.
    pub amount: i128,
    /// Unit of the amount.
    pub unit: Unit,
}

impl Sum {
    /// In whole units, exactly, with the unit.
    #[must_use]
    pub fn show(&self) -> String {
        format!("{} {}", self.unit.show(self.amount), self.unit.name)
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sum = serializer.serialize_struct("Sum", 3)?;
        sum.serialize_field("of", &self.of)?;
        sum.serialize_field("amount", &self.unit.show(self.amount))?;
        sum.serialize_field("unit", self.unit.name)?;
        sum.end()
    }
}

fn dollars<S: Serializer>(amount: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&Unit::USDC.show((*amount).into()))
}

impl Line {
    /// Whether the sides are equal.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.left == self.right
    }
}

/// Rules of an audit beyond the exchange's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Donated tokens in a vault are a break: for chains whose vaults receive no donations.
    pub exact_vaults: bool,
}

/// A pocket that does not meet its maintenance margin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Below {
    /// The sub-account.
    pub account: String,
    /// The market of an isolated position; `None` for the cross pocket.
    pub isolated: Option<u16>,
    /// Missing margin, quote units; serialised in dollars.
    #[serde(serialize_with = "dollars")]
    pub lacks: i64,
}

/// Margins, recomputed at the board's last prices of any age: a liquidation refreshes the prices first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Margins {
    /// Pockets with a position.
    pub pockets: usize,
    /// Pockets below maintenance, which can be liquidated, the largest lack first.
    pub below: Vec<Below>,
    /// Pockets in default whose tokens do not cover their debt: to be settled as defaults.
    pub in_default: usize,
    /// Pockets without a value: a row of theirs has no price, or its state serves no liquidation.
    pub unpriced: usize,
}

/// A violated equation or invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Break {
    /// Account, market or bank, and the rule. Equal in two statements for the same break.
    pub what: String,
    /// The difference, with both sides where there are two.
    pub amount: String,
}

/// The sums, equations and margins of a snapshot.
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
    /// Accounts that violate their invariant.
    pub broken: Vec<Break>,
    /// Funding and rounding between the funding pot and the positions, by market: never negative.
    pub dust: Vec<Sum>,
    /// Tokens in vaults beyond all claims, by bank.
    pub donated: Vec<Sum>,
    /// Counters that only grow and are lower than in the statement before; filled in by [`super::Marks`].
    pub backwards: Vec<String>,
    /// Margins of all pockets.
    pub margins: Margins,
}

impl Statement {
    /// Whether every equation and every invariant holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.breaks().is_empty()
    }

    /// All violated equations and invariants.
    #[must_use]
    pub fn breaks(&self) -> Vec<Break> {
        let lines = self.lines.iter().filter(|line| !line.holds()).map(|line| Break {
            what: line.what.clone(),
            amount: {
                let show = |sum| line.unit.show(sum);
                let off = show(line.left - line.right);
                format!("{} against {}: {off} ({})", show(line.left), show(line.right), line.unit.name)
            },
        });
        let broken = self.broken.iter().cloned();
        let dust = self.dust.iter().filter(|dust| dust.amount < 0).map(|dust| Break {
            what: format!("{}: the funding pot covers what positions may claim", dust.of),
            amount: format!("short of {} ({})", dust.unit.show(-dust.amount), dust.unit.name),
        });
        let backwards = self.backwards.iter().map(|what| Break { what: what.clone(), amount: "ran backwards".into() });
        lines.chain(broken).chain(dust).chain(backwards).collect()
    }

    /// The statement as JSON, with its verdict.
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
