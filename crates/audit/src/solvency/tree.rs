//! A Merkle-sum tree: a node commits to the hashes and to the sums of both its children.
//!
//! Construction of G. Maxwell and P. Todd; that a node hashes the sums of *both* children, not their total, is the repair
//! of K. Chalkias, K. Lewi, P. Mohassel and V. Nikolaenko ("Distributed auditing proofs of liabilities", 2020, section 4).
//! Leaves and nodes are hashed with different first bytes. A node without a neighbour goes up as it is: it is never
//! doubled (CVE-2012-2459). Sums are unsigned, and a sum that leaves 128 bits is refused.

use sha2::{Digest, Sha256};
use solana_pubkey::Pubkey;

/// First byte of a leaf's preimage.
const LEAF: u8 = 0;
/// First byte of a node's preimage.
const NODE: u8 = 1;
/// Preimage of the tree without leaves.
const EMPTY: [u8; 1] = [2];

/// A column's sum leaves 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sum leaves 128 bits")]
pub struct Overflow;

/// A hash, and what is summed below it, by column in the smallest units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// SHA-256.
    pub hash: [u8; 32],
    /// Sums by column.
    pub sums: Vec<u128>,
}

impl Node {
    /// A leaf: what an account holds.
    #[must_use]
    pub fn leaf(account: &Pubkey, amounts: &[u128]) -> Self {
        let hash = hash(&[&[LEAF], account.as_array(), &bytes(amounts)]);
        Self { hash, sums: amounts.to_vec() }
    }

    /// The node above two others.
    ///
    /// # Errors
    /// [`Overflow`]; sums of different numbers of columns count as one too.
    pub fn above(left: &Self, right: &Self) -> Result<Self, Overflow> {
        if left.sums.len() != right.sums.len() {
            return Err(Overflow);
        }
        let sums = left.sums.iter().zip(&right.sums).map(|(left, right)| left.checked_add(*right).ok_or(Overflow));
        let sums = sums.collect::<Result<_, _>>()?;
        let hash = hash(&[&[NODE], &left.hash, &bytes(&left.sums), &right.hash, &bytes(&right.sums)]);
        Ok(Self { hash, sums })
    }

    fn empty(columns: usize) -> Self {
        Self { hash: hash(&[&EMPTY]), sums: vec![0; columns] }
    }
}

/// All levels of a tree, the leaves first.
#[derive(Clone, Debug)]
pub struct Tree {
    levels: Vec<Vec<Node>>,
    columns: usize,
}

impl Tree {
    /// A tree over leaves in their order.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn over(leaves: Vec<Node>, columns: usize) -> Result<Self, Overflow> {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let pairs = below.chunks(2).map(|pair| match pair {
                [left, right] => Node::above(left, right),
                alone => alone.first().cloned().ok_or(Overflow),
            });
            let level = pairs.collect::<Result<Vec<_>, _>>()?;
            levels.push(level);
        }
        Ok(Self { levels, columns })
    }

    /// The root; of no leaves the hash of [`EMPTY`] and no sums.
    #[must_use]
    pub fn root(&self) -> Node {
        let top = self.levels.last().and_then(|level| level.first());
        top.cloned().unwrap_or_else(|| Node::empty(self.columns))
    }

    /// Neighbours on the way from a leaf to the root, the lowest first, and whether each is on the left.
    #[must_use]
    pub fn path(&self, leaf: usize) -> Vec<(bool, Node)> {
        let mut place = leaf;
        let mut path = Vec::new();
        for level in &self.levels {
            let neighbour = place ^ 1;
            path.extend(level.get(neighbour).map(|node| (neighbour < place, node.clone())));
            place /= 2;
        }
        path
    }
}

fn bytes(sums: &[u128]) -> Vec<u8> {
    sums.iter().flat_map(|sum| sum.to_le_bytes()).collect()
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
}
