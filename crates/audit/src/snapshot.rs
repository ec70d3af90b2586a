//! What is audited: all accounts as of one moment.

use kedge_interface::account::{Account, SubAccountData};
use kedge_interface::{BOARD, EXCHANGE};
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

impl Snapshot {
    /// A snapshot of accounts in any order, and of what could not be read as one, with the reason.
    ///
    /// # Errors
    /// What is missing: the exchange or the price board.
    pub fn collect(
        slot: u64,
        clock: Clock,
        found: impl IntoIterator<Item = Result<(Pubkey, Account), (Pubkey, String)>>,
        vaults: Vec<Option<Vault>>,
    ) -> Result<Self, &'static str> {
        let (mut exchange, mut board) = (None, None);
        let (mut markets, mut banks, mut traders, mut accounts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut strange = Vec::new();
        for one in found {
            match one {
                Ok((EXCHANGE, Account::Exchange(found))) => exchange = Some(found),
                Ok((BOARD, Account::PriceBoard(found))) => board = Some(found),
                Ok((address, Account::Market(found))) => markets.push((address, *found)),
                Ok((address, Account::Bank(found))) => banks.push((address, *found)),
                Ok((address, Account::Trader(found))) => traders.push((address, *found)),
                Ok((address, Account::SubAccount(found))) => accounts.push((address, *found)),
                Ok((address, Account::Exchange(_) | Account::PriceBoard(_))) => {
                    strange.push((address, "a second exchange or price board".into()));
                }
                Err(unreadable) => strange.push(unreadable),
            }
        }
        markets.sort_by_key(|(_, market)| market.index);
        banks.sort_by_key(|(_, bank)| bank.index);
        traders.sort_by_key(|(address, _)| *address);
        accounts.sort_by_key(|(address, _)| *address);
        let (exchange, board) = (exchange.ok_or("exchange")?, board.ok_or("price board")?);
        Ok(Self { slot, clock, exchange, board, markets, banks, traders, accounts, vaults, strange })
    }
}
