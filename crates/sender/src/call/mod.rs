//! One call of the program: the interface's instruction, and what is known only once it is sent.

mod make;
mod verb;

use kedge_interface::instruction::Decoded;
use kedge_interface::instruction::user::ALL_MARKETS;
use solana_pubkey::Pubkey;

pub(crate) use verb::REFRESH_ROW;
pub use verb::{Service, Trade, Verb};

/// An account that [`build`](crate::build) fills in: `signer`, `market` and `bank` of a planned instruction.
pub const AT_BUILD: Pubkey = Pubkey::new_from_array([0; 32]);

/// One instruction that a keeper plans. Its sub-accounts are given; its signer, its market's and its bank's address are
/// [`AT_BUILD`], since a job knows a market by its index and no wallet.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Index of the market that it is about; none for the board or for a whole account.
    pub market: Option<u16>,
    /// The instruction.
    pub instruction: Decoded,
}

impl Call {
    /// Name of the instruction, as in the IDL.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.instruction.spec().name
    }

    /// The sub-account whose trader signs; none when anybody may.
    #[must_use]
    pub fn actor(&self) -> Option<Pubkey> {
        self.verb().actor
    }

    /// What this call is about: a second call on the same subject waits until the first has landed.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.verb().subject
    }

    /// The market of a subject: [`ALL_MARKETS`] when the call is not about one.
    fn market_or_all(&self) -> u16 {
        self.market.unwrap_or(ALL_MARKETS)
    }
}

/// What a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The price board.
    Board,
    /// One order, by kind of call.
    Order(&'static str, Pubkey, u32),
    /// One market, by kind of call.
    Market(&'static str, u16),
    /// One sub-account, by kind of call.
    Account(&'static str, Pubkey),
    /// One position.
    Position(Pubkey, u16),
    /// An account's orders in one market.
    Orders(Pubkey, u16),
}
