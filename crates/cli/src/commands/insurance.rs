//! `kedge insurance`: staking, and leaving.

use kedge_interface::address::{self, TOKEN_PROGRAM};
use kedge_interface::instruction::{CancelUnstake, KedgeInstruction, RequestUnstake, Stake, Unstake};
use kedge_model::account::bank::Bank;
use kedge_model::account::trader::Trader;
use kedge_model::quantity::Amount;
use kedge_model::rule::tranche::{Holding, Pot, Tranche, shares_for, tokens_for};
use kedge_units::decimal;
use serde_json::{Map, Value, json};
use solana_pubkey::Pubkey;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;

use super::collateral::require_held;
use super::landed;
use crate::args::{self, InsuranceAct};
use crate::calendar;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::{Output, long};
use crate::session::Session;

/// The staked insurance in instructions.
const POT: u8 = Pot::Insurance as u8;

/// Shows the staked insurance, or sends what the person asks for.
pub(crate) async fn run(session: &Session, options: &args::Insurance) -> Result<Output> {
    let authority = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let bank = directory.bank(Bank::QUOTE)?.data;
    let (mint, tranche) = (Pubkey::new_from_array(bank.mint), &bank.tranche);
    let wallet = address::token_account(&authority, &mint);
    let mut instructions = Vec::new();
    match &options.act {
        InsuranceAct::Show => return show(session, &authority, &bank).await,
        InsuranceAct::Stake { amount, least } => {
            require_held(session, &directory, Bank::QUOTE, amount).await?;
            let amount = decimal::parse(amount, u32::from(bank.decimals))?;
            let now = shares_for(tranche.assets, tranche.shares, Amount(amount))?;
            let least = least.unwrap_or_else(|| least_of(now));
            instructions.push(Stake::of(authority, wallet, amount, least).instruction());
        }
        InsuranceAct::Request { shares } => {
            let held = trader(session, &authority).await?.insurance;
            instructions.push(RequestUnstake::of(authority, POT, wanted(shares, &held)?).instruction());
        }
        InsuranceAct::Cancel => instructions.push(CancelUnstake::of(authority, POT).instruction()),
        InsuranceAct::Unstake => {
            let create = create_associated_token_account_idempotent(&authority, &authority, &mint, &TOKEN_PROGRAM);
            instructions.extend([create, Unstake::of(authority, wallet).instruction()]);
        }
    }
    let sent = session.send(&instructions).await?;
    landed(session, &directory, sent).await
}

/// The fewest shares that are taken where the person names none: a thousandth less than those of the price now.
pub(super) const fn least_of(now: u64) -> u64 {
    now.saturating_sub(now.div_ceil(1_000))
}

/// Shares that a person names: a number, or `all` that do not wait yet.
pub(super) fn wanted(shares: &str, held: &Holding) -> Result<u64> {
    if shares == "all" {
        return Ok(held.shares.saturating_sub(held.waiting));
    }
    shares.parse().map_err(|_| CliError::Usage(format!("`{shares}` is neither a number nor `all`")))
}

/// A person's record, an empty one where there is none.
pub(super) async fn trader(session: &Session, authority: &Pubkey) -> Result<Trader> {
    Ok(session.client.trader(authority).await?.unwrap_or_default())
}

async fn show(session: &Session, authority: &Pubkey, bank: &Bank) -> Result<Output> {
    let own = trader(session, authority).await.unwrap_or_default().insurance;
    let (text, json) = told("staked insurance", &bank.tranche, &own, Pot::Insurance)?;
    Ok(Output::new(text, Value::Object(json)))
}

/// A pot and a person's shares of it, for people and for programs.
pub(super) fn told(name: &str, tranche: &Tranche, own: &Holding, pot: Pot) -> Result<(String, Map<String, Value>)> {
    let current = own.generation == tranche.generation;
    let worth = if current { tokens_for(tranche.assets, tranche.shares, own.shares)? } else { Amount::ZERO };
    let usd = |amount: Amount| decimal::format(amount.0, 6, 2);
    let mut text = format!(
        "{name:<16}  {} in {} shares; premium still to come {}\nyours             {} shares, worth {} now\n",
        usd(tranche.assets),
        tranche.shares,
        usd(tranche.premium),
        own.shares,
        usd(worth)
    );
    if own.waiting != 0 {
        let due = own.requested.saturating_add_unsigned(pot.cooldown().0);
        text += &format!("waiting           {} shares, paid from {}\n", own.waiting, calendar::date_time(due));
    }
    let fields = [
        ("assets", json!(decimal::format(tranche.assets.0, 6, 0))),
        ("shares", long(tranche.shares)),
        ("premium", json!(decimal::format(tranche.premium.0, 6, 0))),
        ("generation", long(tranche.generation)),
        ("own_shares", long(own.shares)),
        ("own_worth", json!(decimal::format(worth.0, 6, 0))),
        ("waiting_shares", long(own.waiting)),
        ("requested", long(own.requested)),
    ];
    Ok((text, fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}
