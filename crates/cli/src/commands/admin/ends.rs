//! The end of a market and of the exchange: what anybody may do.

use kedge_interface::address::{self, TOKEN_PROGRAM};
use kedge_interface::instruction::{DelistMarket, KedgeInstruction, PayTreasury, SettleMarket};
use solana_pubkey::Pubkey;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;

use super::sure;
use crate::commands::landed;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::Output;
use crate::session::Session;

/// Announces that a market's price is silent, or begins its settlement.
pub(super) async fn end(session: &Session, wanted: &str) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let market = directory.market(wanted)?;
    let sent = session.send(&[SettleMarket { market: market.address }.instruction()]).await?;
    landed(session, &directory, sent).await
}

/// Delists a settled market.
pub(super) async fn delist(session: &Session, wanted: &str) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let market = directory.market(wanted)?;
    let name = directory.market_name(market.data.index);
    sure(session, &format!("{name} is delisted for good, what is left in it goes to the protocol"))?;
    let delist = DelistMarket { signer: session.signer()?, market: market.address, bank: address::bank(0) };
    let sent = session.send(&[delist.instruction()]).await?;
    landed(session, &directory, sent).await
}

/// Pays the protocol's tokens to the treasury, whose token account it creates where it is missing.
pub(super) async fn treasury(session: &Session) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let treasury = Pubkey::new_from_array(session.client.exchange().await?.treasury);
    let mint = Pubkey::new_from_array(directory.bank(0)?.data.mint);
    let payer = session.signer()?;
    let create = create_associated_token_account_idempotent(&payer, &treasury, &mint, &TOKEN_PROGRAM);
    let sent = session.send(&[create, PayTreasury::of(&treasury, &mint).instruction()]).await?;
    landed(session, &directory, sent).await
}
