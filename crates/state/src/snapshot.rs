//! Reads the exchange through a client.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kedge_client::{Client, Read, SubAccounts, read_clock};
use kedge_interface::account::decode;
use kedge_interface::address::{BOARD, EXCHANGE};
use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::Exchange;
use kedge_model::account::market::Market;
use solana_pubkey::Pubkey;

use crate::error::{Error, Result};
use crate::oracles::{self, Raw};
use crate::pyth::Alternatives;
use crate::{Account, Directory, World};

/// All sub-accounts as of a slot.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// The slot.
    pub slot: u64,
    /// Accounts that could be decoded.
    pub found: BTreeMap<Pubkey, Account>,
    /// Accounts that could not be decoded.
    pub unreadable: BTreeSet<Pubkey>,
}

/// Requested sub-accounts as of a slot.
#[derive(Clone, Debug)]
pub struct Again {
    /// The slot.
    pub slot: u64,
    /// Each account, `None` for one that is closed or cannot be decoded.
    pub found: Vec<(Pubkey, Option<Account>)>,
    /// Accounts that could not be decoded.
    pub unreadable: BTreeSet<Pubkey>,
}

/// Reads the exchange from a cluster. One poll is two requests, whatever the number of accounts.
#[derive(Clone)]
pub struct SnapshotReader {
    client: Client,
    directory: Arc<Directory>,
}

impl SnapshotReader {
    /// Derives the addresses of everything that is listed.
    ///
    /// # Errors
    /// [`Error::Fetch`], also for a cluster without an exchange.
    pub async fn new(client: Client) -> Result<Self> {
        Self::with(client, &Alternatives::default()).await
    }

    /// [`Self::new`], reading further accounts of Pyth feeds.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub async fn with(client: Client, alternatives: &Alternatives) -> Result<Self> {
        let exchange = client.exchange().await?;
        let board = client.board().await?;
        let directory = Arc::new(Directory::with(&board, exchange.markets, exchange.banks, alternatives));
        Ok(Self { client, directory })
    }

    /// Addresses of listed markets and banks.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory)
    }

    /// The world now.
    ///
    /// # Errors
    /// [`Error::Fetch`] when the endpoint does not answer; [`Error::Missing`] or [`Error::Decode`] for an account that
    /// is missing or of another kind.
    pub async fn poll(&self) -> Result<World> {
        Ok(self.snapshot().await?.1)
    }

    /// The world now, with the slot of its sub-accounts: the clock may be a little later.
    ///
    /// # Errors
    /// As [`Self::poll`].
    pub async fn snapshot(&self) -> Result<(u64, World)> {
        // Sub-accounts first: an order is then never newer than the clock that judges it.
        let Accounts { slot, found, .. } = self.accounts().await?;
        let mut world = self.world(&self.rest().await?)?;
        world.accounts = found;
        Ok((slot, world))
    }

    /// All sub-accounts with their slot. An account that cannot be decoded is left out, and named.
    ///
    /// # Errors
    /// As [`Self::poll`].
    pub async fn accounts(&self) -> Result<Accounts> {
        let accounts = self.client.all_sub_accounts_at().await?;
        let SubAccounts { found, unreadable } = accounts.value;
        let found = found.into_iter().map(|found| (found.address, Account::from(found.data))).collect();
        let unreadable = unreadable.into_iter().map(|(address, _)| address).collect();
        Ok(Accounts { slot: accounts.slot, found, unreadable })
    }

    /// Up to a hundred sub-accounts by themselves, with their slot; `None` for one that is closed or cannot be decoded;
    /// the latter are named as well.
    ///
    /// # Errors
    /// As [`Self::poll`].
    pub async fn some(&self, at: &[Pubkey]) -> Result<Again> {
        let answer = self.client.sub_accounts_at(at).await?;
        let mut unreadable = BTreeSet::new();
        let found = at.iter().zip(answer.value).map(|(address, read)| match read {
            Read::Found(data) => (*address, Some(Account::from(data))),
            Read::Gone => (*address, None),
            Read::Unreadable => {
                unreadable.insert(*address);
                (*address, None)
            }
        });
        let found = found.collect();
        Ok(Again { slot: answer.slot, found, unreadable })
    }

    /// Everything but the sub-accounts, as it is on chain: a request for every hundred accounts, whatever the number of
    /// traders.
    ///
    /// # Errors
    /// [`Error::Fetch`].
    pub async fn rest(&self) -> Result<BTreeMap<Pubkey, Raw>> {
        let directory = &self.directory;
        let fixed = [solana_sdk_ids::sysvar::clock::ID, EXCHANGE, BOARD];
        let mut wanted = fixed.to_vec();
        wanted.extend(&directory.markets);
        wanted.extend(&directory.banks);
        wanted.extend(&directory.oracles);
        let found = self.client.accounts(&wanted).await?;
        let found = wanted.into_iter().zip(found);
        Ok(found.filter_map(|(at, found)| found.map(|found| (at, (found.owner, found.data)))).collect())
    }

    /// The world without sub-accounts, decoded from [`Self::rest`].
    ///
    /// # Errors
    /// As [`read`].
    pub fn world(&self, rest: &BTreeMap<Pubkey, Raw>) -> Result<World> {
        read(&self.directory, rest)
    }
}

/// The world without sub-accounts, decoded from its accounts.
///
/// # Errors
/// [`Error::Missing`] or [`Error::Decode`] for an account that is missing or of another kind.
pub fn read(directory: &Arc<Directory>, rest: &BTreeMap<Pubkey, Raw>) -> Result<World> {
    let at = |what: &'static str, address: &Pubkey| {
        rest.get(address).map(|raw| raw.1.as_slice()).ok_or(Error::Missing(what))
    };
    let clock = read_clock(at("clock", &solana_sdk_ids::sysvar::clock::ID)?).ok_or(Error::Missing("clock"))?;
    let exchange: Exchange = decode(at("exchange", &EXCHANGE)?)?;
    let board: PriceBoard = decode(at("board", &BOARD)?)?;
    let mut world = World::new(clock, exchange, Box::new(board));
    for address in &directory.markets {
        world.markets.push(decode::<Market>(at("market", address)?)?);
    }
    for address in &directory.banks {
        world.banks.push(decode::<Bank>(at("bank", address)?)?);
    }
    world.directory = Arc::clone(directory);
    world.oracles = oracles::observe(&world.board, directory, rest, &clock);
    world.refresh();
    Ok(world)
}

/// Addresses of this many markets and banks, with the oracle accounts of the board in `rest`.
///
/// # Errors
/// As [`read`].
pub fn learn(rest: &BTreeMap<Pubkey, Raw>, markets: u16, banks: u16, alternatives: &Alternatives) -> Result<Directory> {
    let board: PriceBoard = decode(&rest.get(&BOARD).ok_or(Error::Missing("board"))?.1)?;
    Ok(Directory::with(&board, markets, banks, alternatives))
}
