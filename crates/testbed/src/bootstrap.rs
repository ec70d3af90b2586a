//! Transactions that create an exchange, list and open its markets, and bring participants on board.

use std::sync::Arc;

use anyhow::{Context, Result};
use kedge_client::Sender;
use kedge_interface::address::{self, token_account};
use kedge_interface::instruction::{
    CreateSubAccount, CreateTrader, Deposit, FundPool, Initialize, Instruction, ListBank, ListMarket, RefreshPrices,
    SetFees, SetMarketStatus,
};
use kedge_model::account::exchange::FeeSchedule;
use kedge_model::account::market::MarketStatus;
use kedge_model::action::{BankParams, MarketParams, PoolKind};
use kedge_model::quantity::Amount;
use kedge_state::pyth::feed_address;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::listing::dollars;
use crate::participants::{Participant, Participants};

/// Participants that join at the same time.
const AT_ONCE: usize = 64;

/// A market to list.
#[derive(Clone)]
pub struct Market {
    /// Its name, for messages.
    pub name: &'static str,
    /// Parameters of the listing.
    pub params: MarketParams,
    /// First capital of its vAMM.
    pub capital: Amount,
    /// First capital of its insurance fund.
    pub insurance: Amount,
}

/// An exchange to create.
#[derive(Clone)]
pub struct Listing {
    /// The quote bank.
    pub bank: BankParams,
    /// Fees and auctions.
    pub fees: FeeSchedule,
    /// The markets, in the order of their numbers.
    pub markets: Vec<Market>,
}

impl Listing {
    /// Dollars of the mint that the admin pays into the pools, quote units.
    #[must_use]
    pub fn pools(&self) -> Amount {
        Amount(self.markets.iter().map(|market| market.capital.0 + market.insurance.0).sum())
    }
}

/// Creates the exchange, lists its bank and markets, and funds the pools. The sender's wallet signs and pays as admin;
/// it holds [`Listing::pools`] of the mint.
///
/// # Errors
/// The first transaction that failed, by its purpose.
pub async fn list(sender: &Sender, mint: Pubkey, listing: &Listing) -> Result<()> {
    let admin = sender.client().payer_address();
    let source = token_account(&admin, &mint);
    let send = async |what: &str, instruction: Instruction| -> Result<()> {
        sender.send(&[instruction], &[]).await.with_context(|| what.to_owned())?;
        Ok(())
    };
    send("initialize", Initialize { admin, pauser: admin.to_bytes(), treasury: admin.to_bytes() }.into()).await?;
    send("set_fees", SetFees { signer: admin, schedule: listing.fees }.into()).await?;
    let (bank, vault) = (address::bank(0), address::vault(0));
    send("list_bank", ListBank { admin, bank, mint, vault, params: listing.bank }.into()).await?;
    for (listed, index) in listing.markets.iter().zip(0u16..) {
        let market = address::market(index);
        send(listed.name, ListMarket { admin, market, params: listed.params }.into()).await?;
        for (kind, amount) in [(PoolKind::Amm, listed.capital), (PoolKind::Insurance, listed.insurance)] {
            let amount = amount.0;
            let fund = FundPool { payer: admin, bank, market, source, vault, kind: kind as u8, amount };
            send("fund_pool", fund.into()).await?;
        }
    }
    Ok(())
}

/// Refreshes the quote bank and opens the listed markets at the prices that have just been published; the sender's wallet
/// is the admin. `feeds` are the markets' Pyth feeds.
///
/// # Errors
/// When a price is missing or too old.
pub async fn open(sender: &Sender, feeds: &[[u8; 32]]) -> Result<()> {
    let oracles = feeds.iter().map(feed_address).collect();
    let markets = (0u8..).take(feeds.len()).collect();
    let mut instructions = vec![RefreshPrices { markets, banks: vec![0], oracles }.into()];
    for (_, index) in feeds.iter().zip(0u16..) {
        let (signer, status) = (sender.client().payer_address(), MarketStatus::Active as u8);
        instructions.push(SetMarketStatus { signer, market: address::market(index), status, seconds: 0 }.into());
    }
    sender.send(&instructions, &[]).await.context("the markets could not be opened")?;
    Ok(())
}

/// Gives each participant a trader, a sub-account and its first deposit. Each participant signs for itself and holds
/// the dollars in its token account.
///
/// # Errors
/// The first participant that cannot join, by name.
pub async fn onboard(participants: &Participants, sender: impl Fn(&Arc<Keypair>) -> Sender) -> Result<()> {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut joining = JoinSet::new();
    for member in &participants.members {
        let (sender, permits) = (sender(&member.wallet), Arc::clone(&permits));
        let instructions = joins(member, participants.mint.pubkey());
        let name = member.name.clone();
        joining.spawn(async move {
            let _permit = permits.acquire_owned().await;
            sender.send(&instructions, &[]).await.map_err(|error| (name, error))
        });
    }
    while let Some(joined) = joining.join_next().await {
        if let Err((name, error)) = joined? {
            return Err(error).with_context(|| format!("{name} could not join"));
        }
    }
    Ok(())
}

/// Instructions with which a participant joins.
fn joins(member: &Participant, mint: Pubkey) -> Vec<Instruction> {
    let owner = member.wallet.pubkey();
    let source = token_account(&owner, &mint);
    vec![
        CreateTrader::of(owner, owner).into(),
        CreateSubAccount::of(owner, owner, 0, &member.name, member.orders).into(),
        Deposit::of(owner, source, member.account, 0, dollars(member.deposit).0).into(),
    ]
}
