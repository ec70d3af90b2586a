//! The path of one sub-account's claims to the root.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use solana_pubkey::Pubkey;

use super::attestation::Attestation;
use super::claims::Claims;
use super::tree::{Node, Overflow};
use super::{hex, unhex};

/// A neighbour on the way up. Sums are decimal text: no reader of JSON may round them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Whether the neighbour is on the left.
    pub left: bool,
    /// Its hash, hexadecimal.
    pub hash: String,
    /// Its sums by column.
    pub sums: Vec<String>,
}

/// Shows that the claims of a sub-account are counted in a root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Slot of the statement.
    pub slot: u64,
    /// The sub-account, base58.
    pub account: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// What the account holds, by column, smallest units.
    pub amounts: Vec<String>,
    /// Neighbours from the leaf to the root.
    pub path: Vec<Step>,
}

impl Proof {
    /// Proofs of some accounts in the tree of their claims; `None` for one that is not in it.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn of(claims: &Claims, slot: u64, accounts: &[Pubkey]) -> Result<Vec<Option<Self>>, Overflow> {
        let tree = claims.tree()?;
        let places: BTreeMap<&Pubkey, usize> = claims.accounts.iter().map(|(at, _)| at).zip(0..).collect();
        let texts = |sums: &[u128]| sums.iter().map(u128::to_string).collect();
        let proof = |account: &Pubkey| {
            let place = *places.get(account)?;
            let (_, amounts) = claims.accounts.get(place)?;
            let steps = tree.path(place).into_iter();
            let path =
                steps.map(|(left, node)| Step { left, hash: hex(&node.hash), sums: texts(&node.sums) }).collect();
            let (account, columns) = (account.to_string(), claims.columns.clone());
            Some(Self { slot, account, columns, amounts: texts(amounts), path })
        };
        Ok(accounts.iter().map(proof).collect())
    }

    /// The root that the proof leads to; `None` when it cannot be read or a sum leaves 128 bits.
    #[must_use]
    pub fn root(&self) -> Option<Node> {
        let numbers = |texts: &[String]| texts.iter().map(|text| text.parse().ok()).collect::<Option<Vec<u128>>>();
        let mut node = Node::leaf(&self.account.parse().ok()?, &numbers(&self.amounts)?);
        for step in &self.path {
            let neighbour = Node { hash: unhex(&step.hash)?, sums: numbers(&step.sums)? };
            let (left, right) = if step.left { (&neighbour, &node) } else { (&node, &neighbour) };
            node = Node::above(left, right).ok()?;
        }
        Some(node)
    }

    /// Whether the account is counted, with these amounts, in a statement: the path leads to its root and to its sums,
    /// by its columns.
    #[must_use]
    pub fn is_in(&self, said: &Attestation) -> bool {
        let columns = said.columns.iter().map(|column| &column.name);
        let sums = said.columns.iter().map(|column| column.sum);
        let fits = |root: Node| root.hash == said.root && sums.eq(root.sums);
        self.slot == said.slot && columns.eq(&self.columns) && self.root().is_some_and(fits)
    }
}
