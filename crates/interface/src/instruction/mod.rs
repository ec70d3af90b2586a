//! Instructions: one struct each, with named accounts and arguments.
//!
//! Accounts with one address for all callers (exchange, board, programs) are filled in. `Instruction::from` (or
//! [`KedgeInstruction::instruction`]) builds the instruction of a transaction; [`decode`] is the inverse.

#[macro_use]
mod table;

pub mod admin;
pub mod keeper;
pub mod maker;
pub mod risk;
pub mod user;

pub use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;

pub use admin::{
    AcceptAdmin, AssignFeeTier, DelistMarket, FundPool, HaltRow, Initialize, ListBank, ListMarket, PayTreasury,
    ProposeAdmin, SetExpiry, SetFees, SetMarketStatus, SetPaused,
};
pub use keeper::{
    ExpireOrders, FillOrder, RefreshPrices, SettleMarket, SettlePnl, SettlePosition, SliceOrder, SweepFees, TrailOrder,
    TriggerOrder, Uncross, UpdateAmm, UpdateFeeTier, UpdateFunding, Verify,
};
pub use maker::PlaceAndMake;
pub use risk::{CreateBackstop, Liquidate, LiquidateWithFill, SettleBankruptcy, TakeOver, UnwindBackstop};
pub use user::{
    CancelAll, CancelOrder, CancelOrders, CancelUnstake, CloseSubAccount, CloseTrader, CreateSubAccount, CreateTrader,
    Deposit, GrowOrders, IsolatePosition, MergePosition, ModifyOrder, PlaceAndTake, PlaceOrders, PlaceSignedOrders,
    ReplaceOrders, RequestUnstake, RevokeSignedOrders, SetBuilder, SetDelegate, SetLeverage, Stake, StakeVault,
    Transfer, TransferIsolated, Unstake, UnstakeVault, Withdraw,
};

/// A declared account of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountSpec {
    /// Name as in the IDL.
    pub name: &'static str,
    /// Whether the instruction writes the account.
    pub writable: bool,
    /// Whether the account must sign.
    pub signer: bool,
    /// The address, when it is the same for all callers.
    pub address: Option<Pubkey>,
}

/// An argument of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgSpec {
    /// Name as in the IDL.
    pub name: &'static str,
    /// Type as in the IDL.
    pub ty: &'static str,
}

/// Name, accounts and arguments of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstructionSpec {
    /// Name as in the IDL.
    pub name: &'static str,
    /// First 8 bytes of the instruction's data.
    pub discriminator: [u8; 8],
    /// Declared accounts, in order.
    pub accounts: &'static [AccountSpec],
    /// Arguments, in order.
    pub args: &'static [ArgSpec],
    /// Whether accounts may follow the declared ones: `Some(true)` for written ones, `Some(false)` for read ones.
    pub trailing: Option<bool>,
}

/// A typed instruction of the program.
pub trait KedgeInstruction: Sized {
    /// Description of the instruction.
    const SPEC: InstructionSpec;

    /// Accounts in the program's order, trailing ones last.
    fn accounts(&self) -> Vec<AccountMeta>;

    /// The declared accounts that a caller gives, by name: those with one address for all callers are not among them.
    fn named_accounts(&mut self) -> Vec<(&'static str, &mut Pubkey)>;

    /// Discriminator and arguments as bytes.
    fn data(&self) -> Vec<u8>;

    /// Decodes an instruction of a transaction; `None` for another instruction, and for missing accounts or data.
    fn decode(accounts: &[Pubkey], data: &[u8]) -> Option<Self>;

    /// The instruction for a transaction.
    fn instruction(&self) -> Instruction {
        Instruction { program_id: crate::PROGRAM_ID, accounts: self.accounts(), data: self.data() }
    }
}

macro_rules! all {
    ($($name:ident)*) => {
        /// Any instruction of the program, decoded.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "each variant is the instruction of the same name")]
        pub enum Decoded { $($name($name)),* }

        impl Decoded {
            /// Description of the instruction.
            pub fn spec(&self) -> InstructionSpec {
                match self { $(Self::$name(_) => $name::SPEC),* }
            }

            /// Its accounts, in the program's order.
            pub fn accounts(&self) -> Vec<AccountMeta> {
                match self { $(Self::$name(built) => built.accounts()),* }
            }

            /// The declared accounts that a caller gives, by name, to be set.
            pub fn named_accounts(&mut self) -> Vec<(&'static str, &mut Pubkey)> {
                match self { $(Self::$name(built) => built.named_accounts()),* }
            }

            /// The instruction for a transaction.
            pub fn instruction(&self) -> Instruction {
                match self { $(Self::$name(built) => built.instruction()),* }
            }
        }

        $(impl From<$name> for Decoded {
            fn from(built: $name) -> Self {
                Self::$name(built)
            }
        })*

        /// Descriptions of all instructions, in the order of declaration.
        pub const ALL: &[InstructionSpec] = &[$($name::SPEC),*];

        /// Decodes an instruction of the program; `None` for any other.
        pub fn decode(accounts: &[Pubkey], data: &[u8]) -> Option<Decoded> {
            let head = data.first_chunk::<8>()?;
            $( if *head == $name::SPEC.discriminator {
                return $name::decode(accounts, data).map(Decoded::$name);
            } )*
            None
        }
    };
}

all! {
    Initialize SetFees ListBank ListMarket SetMarketStatus SetExpiry DelistMarket
    SetPaused HaltRow ProposeAdmin AcceptAdmin FundPool AssignFeeTier
    CreateTrader CreateSubAccount CloseSubAccount CloseTrader GrowOrders SetDelegate SetBuilder Deposit Withdraw Transfer
    Stake RequestUnstake CancelUnstake Unstake
    PlaceOrders PlaceSignedOrders RevokeSignedOrders CancelOrder CancelAll CancelOrders ModifyOrder ReplaceOrders PlaceAndTake
    PlaceAndMake
    RefreshPrices FillOrder TriggerOrder TrailOrder SliceOrder ExpireOrders
    UpdateAmm UpdateFunding UpdateFeeTier SettlePnl SettleMarket SettlePosition SweepFees Verify
    Liquidate LiquidateWithFill SettleBankruptcy
    IsolatePosition TransferIsolated MergePosition SetLeverage
    CreateBackstop StakeVault UnstakeVault TakeOver UnwindBackstop Uncross PayTreasury
}

/// Name of the instruction with this data, even when its accounts or arguments cannot be decoded.
pub fn name_of(data: &[u8]) -> Option<&'static str> {
    let head = data.first_chunk::<8>()?;
    ALL.iter().find(|spec| spec.discriminator == *head).map(|spec| spec.name)
}
