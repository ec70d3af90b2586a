//! The attack matrix: every account of every instruction of the IDL, replaced in every way that an attacker has.
//!
//! Rows are the slots of each instruction of `idl/kedge.json` and the accounts that follow them in its scene
//! ([`crate::scenes`]); columns are the ways to replace an account ([`Attack`]). What a slot is ([`Role`]) follows from
//! the IDL's flags and from what the account is in the scene before and after the instruction, and what a cell demands
//! follows from role and column alone ([`rules`]): a number with which the attack is refused, or the reason why it
//! does not apply. Nothing is listed by instruction. What only the instruction itself can know, how it refuses a sound
//! account of the same kind that does not belong there, its scene says.
//!
//! A refused attack changes no byte and no lamport of any account of the program, of the token program or of the
//! instruction. After all of them the unchanged instruction goes through, so that each refusal comes from the one
//! replacement.

mod foreign;
pub mod idl;
pub mod matrix;
pub mod role;
pub mod rules;
pub mod table;

pub use matrix::{Matrix, attack};
pub use role::Role;

/// A way to replace an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attack {
    /// The same bytes at the same address, owned by another program.
    Owner,
    /// An account of another kind, or of none.
    Kind,
    /// The same account with more or fewer bytes.
    Size,
    /// A sound account of the same kind that belongs to somebody or something else.
    Stranger,
    /// The account did not sign.
    Signature,
    /// The account is not writable in the transaction.
    ReadOnly,
    /// The account stands in two slots.
    Twice,
    /// Nothing is at the address: closed, or never created.
    Closed,
    /// A token account of another mint.
    Mint,
    /// Another address than the derived or fixed one.
    Address,
    /// Another program or sysvar.
    Program,
    /// The list of accounts ends in front of it.
    Missing,
}

impl Attack {
    /// All, in the order of the table's columns.
    pub const ALL: [Self; 12] = [
        Self::Owner,
        Self::Kind,
        Self::Size,
        Self::Stranger,
        Self::Signature,
        Self::ReadOnly,
        Self::Twice,
        Self::Closed,
        Self::Mint,
        Self::Address,
        Self::Program,
        Self::Missing,
    ];

    /// Title of the column.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Owner => "wrong owner",
            Self::Kind => "wrong kind",
            Self::Size => "wrong size",
            Self::Stranger => "somebody else's",
            Self::Signature => "not signed",
            Self::ReadOnly => "read-only",
            Self::Twice => "in two slots",
            Self::Closed => "closed",
            Self::Mint => "wrong mint",
            Self::Address => "wrong address",
            Self::Program => "wrong program",
            Self::Missing => "left out",
        }
    }
}
