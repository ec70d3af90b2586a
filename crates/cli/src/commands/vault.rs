//! `kedge vault`: shares of the backstop vault.

use kedge_interface::account::SubAccountData;
use kedge_interface::address::{self, BACKSTOP, TOKEN_PROGRAM};
use kedge_interface::instruction::{
    CancelUnstake, CreateBackstop, KedgeInstruction, RequestUnstake, StakeVault, UnstakeVault,
};
use kedge_model::account::backstop::LOSS_CAP;
use kedge_model::account::bank::Bank;
use kedge_model::clock::Clock;
use kedge_model::quantity::Amount;
use kedge_model::rule::backstop::{Prices, Worth, worth};
use kedge_model::rule::tranche::{Pot, shares_for};
use kedge_units::decimal::{self, value};
use serde_json::{Value, json};
use solana_pubkey::Pubkey;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;

use super::collateral::require_held;
use super::insurance::{least_of, told, trader, wanted};
use super::landed;
use crate::args::{self, VaultAct};
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::Output;
use crate::session::Session;

/// What is said where there is no vault.
const MISSING: &str = "the exchange has no backstop vault yet: kedge vault create";
/// The vault in instructions.
const POT: u8 = Pot::Vault as u8;

/// Shows the vault, or sends what the person asks for.
pub(crate) async fn run(session: &Session, options: &args::Vault) -> Result<Output> {
    let authority = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let bank = directory.bank(Bank::QUOTE)?.data;
    let mint = Pubkey::new_from_array(bank.mint);
    let wallet = address::token_account(&authority, &mint);
    let mut instructions = Vec::new();
    match &options.act {
        VaultAct::Show => return show(session, &directory, &authority, &bank).await,
        VaultAct::Create => {
            let create = CreateBackstop { payer: authority, bank: address::bank(Bank::QUOTE) };
            instructions.push(create.instruction());
        }
        VaultAct::Deposit { amount, least } => {
            require_held(session, &directory, Bank::QUOTE, amount).await?;
            let amount = decimal::parse(amount, u32::from(bank.decimals))?;
            let (_, worth) = priced(session, &bank).await?;
            let now = shares_for(worth.high.positive_part(), bank.backstop.tranche.shares, Amount(amount))?;
            let least = least.unwrap_or_else(|| least_of(now));
            instructions.push(StakeVault::of(authority, wallet, amount, least).instruction());
        }
        VaultAct::Request { shares } => {
            let held = trader(session, &authority).await?.vault;
            instructions.push(RequestUnstake::of(authority, POT, wanted(shares, &held)?).instruction());
        }
        VaultAct::Cancel => instructions.push(CancelUnstake::of(authority, POT).instruction()),
        VaultAct::Withdraw => {
            let create = create_associated_token_account_idempotent(&authority, &authority, &mint, &TOKEN_PROGRAM);
            instructions.extend([create, UnstakeVault::of(authority, wallet).instruction()]);
        }
    }
    let sent = session.send(&instructions).await?;
    landed(session, &directory, sent).await
}

/// The vault's account, and what it is worth at the board's last prices.
async fn priced(session: &Session, bank: &Bank) -> Result<(SubAccountData, Worth)> {
    if !bank.backstop.exists() {
        return Err(CliError::Usage(MISSING.into()));
    }
    let (account, board) = (session.client.sub_account(BACKSTOP).await?, session.client.board().await?);
    // Last prices are asked whatever their age.
    let clock = Clock { slot: 0, unix_time: 0 };
    let worth = worth(&account.head, &board, Prices::Last, &clock)?;
    Ok((account, worth))
}

async fn show(session: &Session, directory: &Directory, authority: &Pubkey, bank: &Bank) -> Result<Output> {
    if !bank.backstop.exists() {
        return Ok(Output::new(MISSING, json!({ "exists": false })));
    }
    let (account, worth) = priced(session, bank).await?;
    let own = trader(session, authority).await.unwrap_or_default().vault;
    let mut tranche = bank.backstop.tranche;
    tranche.assets = worth.low.positive_part();
    let (mut text, mut json) = told("backstop vault", &tranche, &own, Pot::Vault)?;
    let lost = Amount(tranche.day.held.0.saturating_sub(tranche.assets.0));
    text += &format!(
        "day               {} lost of {}; it takes over and pays no more past {}\n",
        value(lost),
        value(tranche.day.held),
        value(tranche.day.held.share(LOSS_CAP, kedge_model::num::Rounding::Down)?)
    );
    let mut held = Vec::new();
    for position in account.head.positions.iter().filter(|position| !position.base.is_zero()) {
        let (name, base) = (directory.market_name(position.market), decimal::base(position.base));
        text += &format!("holds             {base} {name}\n");
        held.push(json!({ "market": name, "base": base }));
    }
    json.insert("exists".into(), Value::Bool(true));
    json.insert("lost_today".into(), json!(decimal::format(lost.0, 6, 0)));
    json.insert("positions".into(), Value::Array(held));
    Ok(Output::new(text, Value::Object(json)))
}
