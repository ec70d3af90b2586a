//! What an audit says.

use kedge_client::decimal;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

/// What a sum counts. Sums are kept in the smallest units and told in whole ones, with every digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its name.
    pub name: &'static str,
    /// Digits after the point.
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
    /// What must be equal.
    pub what: String,
    /// Left side, smallest units.
    pub left: i128,
    /// Right side.
    pub right: i128,
    /// Unit of both.
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

/// A sum with whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The market or bank.
    pub of: String,
    /// Smallest units.
    pub amount: i128,
    /// Their unit.
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
    /// What it lacks, quote units; told in dollars.
    #[serde(serialize_with = "dollars")]
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
    pub dust: Vec<Sum>,
    /// Tokens in vaults that nobody has a claim on, by bank.
    pub donated: Vec<Sum>,
    /// What should only grow and shrank since the statement before, filled in by [`super::Marks`].
    pub backwards: Vec<String>,
    /// Margins.
    pub margins: Margins,
}

impl Statement {
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
