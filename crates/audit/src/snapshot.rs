//! What is audited: all accounts as of one moment.

use kedge_interface::account::SubAccountData;
use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use kedge_model::account::trader::Trader;
use kedge_model::clock::Clock;
use solana_pubkey::Pubkey;

/// Tokens of a vault and the claims of its bank, as of one moment, which is later than that of the program's accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vault {
    /// Tokens in the vault, smallest units.
    pub tokens: u64,
    /// The bank's deposits, pools, protocol share and staked insurance, smallest units.
    pub claims: i128,
}

/// The exchange as of one slot, decoded.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The slot of the program's accounts.
    pub slot: u64,
    /// The chain's clock when the vaults were read, after that slot.
    pub clock: Clock,
    /// Roles, switches and fees.
    pub exchange: Box<Exchange>,
    /// The price board.
    pub board: Box<PriceBoard>,
    /// Markets by index.
    pub markets: Vec<(Pubkey, Market)>,
    /// Banks by index.
    pub banks: Vec<(Pubkey, Bank)>,
    /// Traders by address.
    pub traders: Vec<(Pubkey, Trader)>,
    /// Sub-accounts by address.
    pub accounts: Vec<(Pubkey, SubAccountData)>,
    /// Vaults by index of the bank; `None` for an address without a token account, or a vault without a bank.
    pub vaults: Vec<Option<Vault>>,
    /// Accounts of the program that are of no known kind or break their kind's layout, with the reason.
    pub strange: Vec<(Pubkey, String)>,
}
