//! A statement as a text with one form, which is signed.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

use kedge_interface::PROGRAM_ID;
use sha2::{Digest, Sha256};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::{Signer, SignerError};

use super::claims::{CLAIMS, Claims, DEBTS, LONGS, SHORTS, TOKENS, column};
use super::tree::Overflow;
use super::{hex, unhex};
use crate::Statement;
use crate::names::{self, VAULT, equation, plain};

/// First line, with the version of the format.
const TITLE: &str = "kedge solvency statement 1";

/// The equation that every statement has.
const QUOTE_BANK: &str = "bank 0: balances = deposits";
/// Equations of banks and markets that columns are summed for.
const SUMMED: [(&str, &[&str]); 4] = [
    (names::DEPOSITS, &[TOKENS]),
    (names::LONGS, &[LONGS]),
    (names::SHORTS, &[SHORTS]),
    (names::CLAIMS, &[CLAIMS, DEBTS]),
];

/// A column of the tree and its sum over all accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Sum, smallest units.
    pub sum: u128,
    /// Name.
    pub name: String,
}

/// An equation of the audit: two sums that must be equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equation {
    /// Left side, smallest units.
    pub left: i128,
    /// Right side, smallest units.
    pub right: i128,
    /// What is said to be equal.
    pub what: String,
}

/// A text that is no statement of this form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Malformed {
    /// Number of the line in the statement, from 1.
    pub line: usize,
    /// What is expected there.
    pub why: String,
}

/// A signed statement of an audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The exchange's program.
    pub program: Pubkey,
    /// Slot of the accounts.
    pub slot: u64,
    /// Chain time of the read, Unix seconds.
    pub time: i64,
    /// Hash of the statement before, zeros for the first.
    pub previous: [u8; 32],
    /// Sub-accounts, the leaves of the tree.
    pub accounts: u64,
    /// Columns of the tree with their sums.
    pub columns: Vec<Column>,
    /// Equations of the audit.
    pub equations: Vec<Equation>,
    /// What else does not hold, one line each.
    pub broken: Vec<String>,
    /// Root of the tree.
    pub root: [u8; 32],
    /// Who signs.
    pub signer: Pubkey,
    /// Signature of all lines before it.
    pub signature: Signature,
}

impl Attestation {
    /// Signs an audit's statement and the claims of the same snapshot.
    ///
    /// # Errors
    /// [`SignerError`] of the signer; [`Overflow`] of the sums as [`SignerError::Custom`].
    pub fn sign(
        statement: &Statement,
        claims: &Claims,
        previous: [u8; 32],
        signer: &dyn Signer,
    ) -> Result<Self, SignerError> {
        let root = claims.tree().map_err(|error: Overflow| SignerError::Custom(error.to_string()))?.root();
        let lines = statement.lines.iter();
        let in_lines = |what: &str| statement.lines.iter().any(|line| line.what == what);
        let broken = statement.breaks().into_iter().filter(|broken| !in_lines(&broken.what));
        let mut said = Self {
            program: PROGRAM_ID,
            slot: statement.slot,
            time: statement.time,
            previous,
            accounts: u64::try_from(claims.accounts.len()).unwrap_or(u64::MAX),
            columns: claims
                .columns
                .iter()
                .zip(&root.sums)
                .map(|(name, sum)| Column { sum: *sum, name: name.clone() })
                .collect(),
            equations: lines
                .map(|line| Equation { left: line.left, right: line.right, what: plain(&line.what) })
                .collect(),
            broken: broken.map(|broken| plain(&broken.to_string())).collect(),
            root: root.hash,
            signer: signer.try_pubkey()?,
            signature: Signature::default(),
        };
        said.signature = signer.try_sign_message(said.body().as_bytes())?;
        Ok(said)
    }

    /// Whether every equation and every other rule holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.broken.is_empty() && self.equations.iter().all(|equation| equation.left == equation.right)
    }

    /// Whether the signature is the signer's.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.signature.verify(self.signer.as_array(), self.body().as_bytes())
    }

    /// SHA-256 of the whole text: what the next statement names as its previous one.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.to_string()).into()
    }

    /// The root as hexadecimal digits.
    #[must_use]
    pub fn root_text(&self) -> String {
        hex(&self.root)
    }

    /// Columns and equations that do not fit together: a column whose sum is not what an equation found on the chain, one
    /// without the other, a bank without the equation of its vault, two of one name, no quote bank.
    #[must_use]
    pub fn contradictions(&self) -> Vec<&str> {
        let mut wrong = repeated(self.columns.iter().map(|column| column.name.as_str()));
        wrong.extend(repeated(self.equations.iter().map(|equation| equation.what.as_str())));
        let mut summed = BTreeSet::new();
        for (equation, of, parts) in self.equations.iter().filter_map(summing) {
            let columns: Vec<Option<&Column>> = parts.iter().map(|part| self.column(&column(of, part))).collect();
            let (Some(columns), true) = (columns.into_iter().collect::<Option<Vec<_>>>(), self.has_vault(of, parts))
            else {
                wrong.push(&equation.what);
                continue;
            };
            let names = columns.iter().map(|column| column.name.as_str());
            if difference(&columns) != Some(equation.left) {
                wrong.extend(names.clone());
            }
            summed.extend(names);
        }
        wrong.extend(self.columns.iter().map(|column| column.name.as_str()).filter(|name| !summed.contains(name)));
        if !self.equations.iter().any(|equation| equation.what == QUOTE_BANK) {
            wrong.push(QUOTE_BANK);
        }
        wrong
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether the equation of the vault is there, where the columns are a bank's.
    fn has_vault(&self, of: &str, parts: &[&str]) -> bool {
        let vault = equation(of, VAULT);
        parts != [TOKENS] || self.equations.iter().any(|equation| equation.what == vault)
    }

    /// All lines that are signed.
    fn body(&self) -> String {
        let mut text = format!(
            "{TITLE}\nprogram {}\nslot {}\ntime {}\nprevious {}\naccounts {}\n",
            self.program,
            self.slot,
            self.time,
            hex(&self.previous),
            self.accounts
        );
        for column in &self.columns {
            text += &format!("column {} {}\n", column.sum, column.name);
        }
        for equation in &self.equations {
            text += &format!("equation {} {} {}\n", equation.left, equation.right, equation.what);
        }
        for broken in &self.broken {
            text += &format!("broken {broken}\n");
        }
        let holds = if self.holds() { "yes" } else { "no" };
        text + &format!("holds {holds}\nroot {}\nsigner {}\n", hex(&self.root), self.signer)
    }

    /// Reads one statement. What was read is written again and compared: a statement has one form.
    ///
    /// # Errors
    /// [`Malformed`], of the first line that is not as expected.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut lines = Lines { rest: text.lines().peekable(), line: 0 };
        lines.word(TITLE)?;
        let mut said = Self {
            program: lines.value("program")?,
            slot: lines.value("slot")?,
            time: lines.value("time")?,
            previous: lines.hash("previous")?,
            accounts: lines.value("accounts")?,
            columns: Vec::new(),
            equations: Vec::new(),
            broken: Vec::new(),
            root: [0; 32],
            signer: Pubkey::default(),
            signature: Signature::default(),
        };
        while let Some(rest) = lines.more("column ") {
            let (sum, name) = rest.split_once(' ').ok_or_else(|| lines.wrong("a sum and a name"))?;
            said.columns.push(Column { sum: lines.number(sum)?, name: name.into() });
        }
        while let Some(rest) = lines.more("equation ") {
            let mut parts = rest.splitn(3, ' ');
            let (Some(left), Some(right), Some(what)) = (parts.next(), parts.next(), parts.next()) else {
                return Err(lines.wrong("two sums and what they are"));
            };
            said.equations.push(Equation { left: lines.number(left)?, right: lines.number(right)?, what: what.into() });
        }
        while let Some(rest) = lines.more("broken ") {
            said.broken.push(rest.into());
        }
        let holds: String = lines.value("holds")?;
        if holds != if said.holds() { "yes" } else { "no" } {
            return Err(lines.wrong("what follows from the equations"));
        }
        said.root = lines.hash("root")?;
        said.signer = lines.value("signer")?;
        said.signature = lines.value("signature")?;
        if said.to_string() == text { Ok(said) } else { Err(lines.wrong("a statement in its one form")) }
    }
}

/// An equation that columns are summed for, whose they are, and which: the first less the second, where there is one.
fn summing(equation: &Equation) -> Option<(&Equation, &str, &'static [&'static str])> {
    let (of, rule) = equation.what.split_once(": ")?;
    let (_, parts) = SUMMED.iter().find(|(summed, _)| *summed == rule)?;
    Some((equation, of, parts))
}

/// The first column's sum less the second's, where there is one; `None` beyond 127 bits.
fn difference(columns: &[&Column]) -> Option<i128> {
    let mut sums = columns.iter().map(|column| i128::try_from(column.sum).ok());
    let first = sums.next()??;
    sums.try_fold(first, |left, sum| left.checked_sub(sum?))
}

/// Names that stand there again.
fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(*name)).collect()
}

impl Display for Attestation {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}signature {}", self.body(), self.signature)
    }
}

/// Lines of a statement, read one after the other.
struct Lines<'a> {
    rest: std::iter::Peekable<std::str::Lines<'a>>,
    line: usize,
}

impl<'a> Lines<'a> {
    fn wrong(&self, expected: &str) -> Malformed {
        Malformed { line: self.line, why: format!("expected {expected}") }
    }

    fn next(&mut self) -> &'a str {
        self.line += 1;
        self.rest.next().unwrap_or_default()
    }

    fn word(&mut self, word: &str) -> Result<(), Malformed> {
        if self.next() == word { Ok(()) } else { Err(self.wrong(&format!("`{word}`"))) }
    }

    /// What follows a word, when the next line begins with it.
    fn more(&mut self, word: &str) -> Option<&'a str> {
        let rest = self.rest.peek()?.strip_prefix(word)?;
        self.next();
        Some(rest)
    }

    fn field(&mut self, name: &str) -> Result<&'a str, Malformed> {
        let found = self.next().strip_prefix(name).and_then(|rest| rest.strip_prefix(' '));
        found.ok_or_else(|| self.wrong(&format!("`{name}`")))
    }

    fn number<T: std::str::FromStr>(&self, text: &str) -> Result<T, Malformed> {
        text.parse().map_err(|_| self.wrong("a number"))
    }

    fn value<T: std::str::FromStr>(&mut self, name: &str) -> Result<T, Malformed> {
        let text = self.field(name)?;
        text.parse().map_err(|_| self.wrong(&format!("a value of `{name}`")))
    }

    fn hash(&mut self, name: &str) -> Result<[u8; 32], Malformed> {
        let text = self.field(name)?;
        unhex(text).ok_or_else(|| self.wrong("64 hexadecimal digits"))
    }
}
