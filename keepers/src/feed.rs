//! Reads the exchange from an RPC server.

use std::collections::BTreeMap;
use std::sync::Arc;

use kedge_interface::account::{AccountKind, decode};
use kedge_interface::address::{BOARD, EXCHANGE, PROGRAM_ID};
use kedge_model::bank::Bank;
use kedge_model::board::PriceBoard;
use kedge_model::clock::Clock;
use kedge_model::exchange::Exchange;
use kedge_model::market::Market;
use kedge_model::sub_account::SubAccount;
use solana_account_decoder_client_types::UiAccountEncoding;
use solana_pubkey::Pubkey;
use solana_rpc_client::rpc_client::RpcClient;
use solana_rpc_client_api::config::{RpcAccountInfoConfig, RpcProgramAccountsConfig};
use solana_rpc_client_api::filter::{Memcmp, RpcFilterType};

use crate::compose::Directory;
use crate::error::{Error, Result};
use crate::pyth::PriceUpdate;
use crate::{Account, World};

/// Polls an RPC server. One poll is two requests, whatever the number of accounts.
pub struct Feed {
    rpc: Arc<RpcClient>,
    directory: Arc<Directory>,
}

impl Feed {
    /// Learns what is listed.
    ///
    /// # Errors
    /// [`Error::Rpc`], [`Error::Account`] when the exchange is not there.
    pub fn new(rpc: Arc<RpcClient>) -> Result<Self> {
        let accounts = rpc.get_multiple_accounts(&[EXCHANGE, BOARD]).map_err(Error::rpc)?;
        let [Some(exchange), Some(board)] = &accounts[..] else { return Err(Error::Account("exchange or board")) };
        let exchange: Exchange = decode(&exchange.data)?;
        let board: PriceBoard = decode(&board.data)?;
        let directory = Arc::new(Directory::of(&board, exchange.markets, exchange.banks));
        Ok(Self { rpc, directory })
    }

    /// Addresses of what is listed.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory)
    }

    /// The world now.
    ///
    /// # Errors
    /// [`Error::Rpc`], [`Error::Account`] for an account that is missing or does not decode.
    pub fn poll(&self) -> Result<World> {
        let accounts = self.sub_accounts()?;
        let directory = &self.directory;
        let fixed = [solana_sdk_ids::sysvar::clock::ID, EXCHANGE, BOARD];
        let mut wanted = fixed.to_vec();
        wanted.extend(&directory.markets);
        wanted.extend(&directory.banks);
        wanted.extend(directory.keys.keys());
        let found = self.rpc.get_multiple_accounts(&wanted).map_err(Error::rpc)?;
        let mut found = found.into_iter().map(|account| account.map(|account| account.data));
        let mut next = |what: &'static str| found.next().flatten().ok_or(Error::Account(what));

        let clock = clock(&next("clock")?).ok_or(Error::Account("clock"))?;
        let exchange: Exchange = decode(&next("exchange")?)?;
        let board: PriceBoard = decode(&next("board")?)?;
        let mut world = World::new(clock, exchange, Box::new(board));
        for _ in &directory.markets {
            world.markets.push(decode::<Market>(&next("market")?)?);
        }
        for _ in &directory.banks {
            world.banks.push(decode::<Bank>(&next("bank")?)?);
        }
        for key in directory.keys.values() {
            // A missing or strange oracle account leaves its row as it is.
            let update = next("oracle").ok().and_then(|data| PriceUpdate::decode(&data));
            if let Some(seen) = update.and_then(|update| update.observation()) {
                world.oracles.insert(*key, seen);
            }
        }
        world.accounts = accounts;
        world.refresh();
        Ok(world)
    }

    fn sub_accounts(&self) -> Result<BTreeMap<Pubkey, Account>> {
        let config = RpcProgramAccountsConfig {
            filters: Some(vec![RpcFilterType::Memcmp(Memcmp::new_raw_bytes(0, SubAccount::DISCRIMINATOR.to_vec()))]),
            account_config: RpcAccountInfoConfig {
                encoding: Some(UiAccountEncoding::Base64),
                ..RpcAccountInfoConfig::default()
            },
            ..RpcProgramAccountsConfig::default()
        };
        let found = self.rpc.get_program_ui_accounts_with_config(&PROGRAM_ID, config).map_err(Error::rpc)?;
        let accounts = found.into_iter().filter_map(|(address, account)| {
            let data = account.data.decode()?;
            Some((address, Account::decode(&data)?))
        });
        Ok(accounts.collect())
    }
}

/// Slot and time of the clock sysvar: slot u64, epoch start i64, epoch u64, leader schedule epoch u64, time i64.
fn clock(data: &[u8]) -> Option<Clock> {
    let slot = u64::from_le_bytes(*data.first_chunk()?);
    let unix_time = i64::from_le_bytes(*data.get(32..)?.first_chunk()?);
    Some(Clock { slot, unix_time })
}
