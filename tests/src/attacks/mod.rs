//! The attack matrix: every account of every instruction of the IDL, replaced in every way open to an attacker.
//!
//! Rows are the slots of each instruction of `idl/kedge.json` and the trailing accounts of its scene
//! ([`crate::scenes`]); columns are the ways to replace an account ([`Attack`]). The role of a slot ([`Role`]) follows
//! from the IDL's flags and from its account in the scene before and after the instruction. The demand of a cell
//! follows from role and column alone ([`rules`]): the error of the refusal, or the reason why the attack does not
//! apply. Nothing is listed by instruction. A scene adds only what its instruction alone can know: the refusal of a
//! sound account of the same kind that does not belong in the slot.
//!
//! A refused attack changes no byte and no lamport of any account of the program, of the token program or of the
//! instruction. After all attacks the unchanged instruction succeeds, so that each refusal comes from the one
//! replacement.

mod foreign;
pub mod idl;
pub mod matrix;
pub mod role;
pub mod rules;
pub mod table;

pub use matrix::{Matrix, attack};
pub use role::Role;

/// A way to replace an account of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attack {
    /// The same bytes at the same address, owned by another program.
    Owner,
    /// An account of another kind, or of none.
    Kind,
    /// The same account with more or fewer bytes.
    Size,
    /// A sound account of the same kind that belongs elsewhere.
    Stranger,
    /// The account did not sign.
    Signature,
    /// The account is not writable in the transaction.
    ReadOnly,
    /// The account stands in two slots.
    Twice,
    /// An empty address: closed, or never created.
    Closed,
    /// A token account of another mint.
    Mint,
    /// Another address than the derived or fixed one.
    Address,
    /// Another program or sysvar.
    Program,
    /// The list of accounts ends before the slot.
    Missing,
}

impl Attack {
    /// All attacks, in the order of the table's columns.
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
