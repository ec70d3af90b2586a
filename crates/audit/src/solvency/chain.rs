//! Statements one after the other, each naming the hash of the one before.

use std::fmt::{self, Display, Formatter};

use solana_pubkey::Pubkey;

use super::attestation::{Attestation, Malformed};

/// Why a file of statements is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A statement cannot be read.
    #[error("statement {0}, {1}")]
    Malformed(usize, Malformed),
    /// The signature is not the signer's.
    #[error("statement {0}: {1} has not signed it")]
    Unsigned(usize, Pubkey),
    /// Another signer than the first statement's.
    #[error("statement {0}: signed by {1}, the first by another")]
    Stranger(usize, Pubkey),
    /// It does not name the hash of the one before.
    #[error("statement {0}: it does not continue the one before")]
    Broken(usize),
    /// It is of an earlier slot than the one before, or of another program.
    #[error("statement {0}: it is older than the one before, or of another program")]
    Older(usize),
    /// The tree's sums are not what the equations found.
    #[error("statement {0}: the sums of {1} are not those of the equations")]
    Contradiction(usize, String),
}

/// All statements of a file, checked.
#[derive(Clone, Debug, Default)]
pub struct Chain(pub Vec<Attestation>);

impl Chain {
    /// Reads and checks statements: form, signatures, one signer, the chain of hashes, slots, and that the tree's sums are
    /// those of the equations, all of them. Whether the exchange was sound is what each says ([`Attestation::holds`]).
    ///
    /// # Errors
    /// The first [`Fault`]; statements are counted from 1.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut chain = Self::default();
        let parts = text.split("\n\n").filter(|part| !part.trim().is_empty());
        for (number, part) in (1..).zip(parts) {
            let said = Attestation::parse(&format!("{}\n", part.trim_end_matches('\n')));
            chain.add(said.map_err(|error| Fault::Malformed(number, error))?)?;
        }
        Ok(chain)
    }

    /// Adds a statement that continues the last.
    ///
    /// # Errors
    /// As [`Self::parse`]; nothing is added then.
    pub fn add(&mut self, said: Attestation) -> Result<(), Fault> {
        let number = self.0.len().saturating_add(1);
        if !said.is_signed() {
            return Err(Fault::Unsigned(number, said.signer));
        }
        if said.previous != self.head() {
            return Err(Fault::Broken(number));
        }
        if let Some(last) = self.0.last() {
            if last.signer != said.signer {
                return Err(Fault::Stranger(number, said.signer));
            }
            if last.slot > said.slot || last.program != said.program {
                return Err(Fault::Older(number));
            }
        }
        let wrong = said.contradictions();
        if said.holds() && !wrong.is_empty() {
            return Err(Fault::Contradiction(number, wrong.join(", ")));
        }
        self.0.push(said);
        Ok(())
    }

    /// Hash that the next statement names; zeros before the first.
    #[must_use]
    pub fn head(&self) -> [u8; 32] {
        self.0.last().map_or([0; 32], Attestation::hash)
    }

    /// The statement with a root.
    #[must_use]
    pub fn with_root(&self, root: &[u8; 32]) -> Option<&Attestation> {
        self.0.iter().rev().find(|said| said.root == *root)
    }
}

impl Display for Chain {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(number, said)| {
            let gap = if number == 0 { "" } else { "\n" };
            write!(out, "{gap}{said}")
        })
    }
}
