//! `kedge insurance`: staking, and leaving.

use kedge_interface::address::{self, TOKEN_PROGRAM};
use kedge_interface::instruction::{CancelUnstake, KedgeInstruction, RequestUnstake, Stake, Unstake};
use kedge_model::account::bank::Bank;
use kedge_model::account::trader::Trader;
use kedge_model::quantity::Amount;
use kedge_model::rule::tranche::{COOLDOWN, shares_for, tokens_for};
use kedge_units::decimal;
use serde_json::json;
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
            let least = least.unwrap_or_else(|| now.saturating_sub(now.div_ceil(1_000)));
            instructions.push(Stake::of(authority, wallet, amount, least).instruction());
        }
        InsuranceAct::Request { shares } => {
            let shares = match shares.as_str() {
                "all" => {
                    let trader = trader(session, &authority).await?;
                    trader.staked.saturating_sub(trader.unstaking)
                }
                shares => {
                    shares.parse().map_err(|_| CliError::Usage(format!("`{shares}` is neither a number nor `all`")))?
                }
            };
            instructions.push(RequestUnstake::of(authority, shares).instruction());
        }
        InsuranceAct::Cancel => instructions.push(CancelUnstake::of(authority).instruction()),
        InsuranceAct::Unstake => {
            let create = create_associated_token_account_idempotent(&authority, &authority, &mint, &TOKEN_PROGRAM);
            instructions.extend([create, Unstake::of(authority, wallet).instruction()]);
        }
    }
    let sent = session.send(&instructions).await?;
    landed(session, &directory, sent).await
}

async fn trader(session: &Session, authority: &Pubkey) -> Result<Trader> {
    Ok(session.client.trader(authority).await?.unwrap_or_default())
}

async fn show(session: &Session, authority: &Pubkey, bank: &Bank) -> Result<Output> {
    let tranche = &bank.tranche;
    let own = trader(session, authority).await.unwrap_or_default();
    let current = own.stake_generation == tranche.generation;
    let worth = if current { tokens_for(tranche.assets, tranche.shares, own.staked)? } else { Amount::ZERO };
    let usd = |amount: Amount| decimal::format(amount.0, 6, 2);
    let mut text = format!(
        "staked insurance  {} in {} shares; premium still to come {}\nyours             {} shares, worth {} now\n",
        usd(tranche.assets),
        tranche.shares,
        usd(tranche.premium),
        own.staked,
        usd(worth)
    );
    if own.unstaking != 0 {
        let due = own.unstake_time.saturating_add_unsigned(COOLDOWN.0);
        text += &format!("waiting           {} shares, paid from {}\n", own.unstaking, calendar::date_time(due));
    }
    let json = json!({
        "assets": decimal::format(tranche.assets.0, 6, 0),
        "shares": long(tranche.shares),
        "premium": decimal::format(tranche.premium.0, 6, 0),
        "generation": long(tranche.generation),
        "own_shares": long(own.staked),
        "own_worth": decimal::format(worth.0, 6, 0),
        "waiting_shares": long(own.unstaking),
        "requested": long(own.unstake_time),
    });
    Ok(Output::new(text, json))
}
