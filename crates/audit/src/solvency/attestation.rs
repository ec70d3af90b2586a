//! A statement as a text with one form, which is signed.

use std::fmt::{self, Display, Formatter};

use kedge_interface::PROGRAM_ID;
use sha2::{Digest, Sha256};
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::{Signer, SignerError};

use super::claims::{Claims, plain};
use super::tree::Overflow;
use super::{hex, unhex};
use crate::Statement;

/// First line, with the version of the format.
const TITLE: &str = "kedge solvency statement 1";

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

    /// Columns whose sum is not what the audit's equations found on the chain.
    #[must_use]
    pub fn contradictions(&self) -> Vec<&str> {
        let signed = |sum: u128| i128::try_from(sum).ok();
        let left = |what: &str| self.equations.iter().find(|equation| equation.what == what).map(|found| found.left);
        let column =
            |name: &str| self.columns.iter().find(|column| column.name == name).and_then(|found| signed(found.sum));
        let agrees = |column_of: &Column| {
            let sum = signed(column_of.sum);
            if let Some(bank) = column_of.name.strip_suffix(" tokens") {
                return left(&format!("{bank}: balances = deposits")) == sum && sum.is_some();
            }
            let Some((market, part)) = column_of.name.rsplit_once(' ') else { return false };
            let claims = || Some(column(&format!("{market} claims"))? - column(&format!("{market} debts"))?);
            let (what, sum) = match part {
                "longs" => ("users' longs = open interest", sum),
                "shorts" => ("users' shorts = open interest", sum),
                "claims" | "debts" => ("claims of positions = the market's total", claims()),
                _ => return false,
            };
            left(&format!("{market}: {what}")) == sum && sum.is_some()
        };
        self.columns.iter().filter(|column| !agrees(column)).map(|column| column.name.as_str()).collect()
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
