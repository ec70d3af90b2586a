//! What the jobs need on the chain and may not find there, each with a word of its own: `check` prints them, `run` logs
//! them.

use anyhow::{Context, Result, ensure};
use kedge_client::{Client, FetchError};
use kedge_interface::account::SubAccountData;
use kedge_model::account::market::{Market, MarketStatus};
use solana_pubkey::Pubkey;

use crate::config::send::Fee;
use crate::config::{Config, JobName};
use crate::service::connection::sub_account;

const LAMPORTS: f64 = 1e9;

/// Something that is needed.
pub(super) struct Need {
    /// What.
    pub what: &'static str,
    /// How it stands, or what is missing and what to do.
    pub outcome: Result<String>,
}

/// All that the configured jobs need, one after the other. Nothing is asked about what no job needs.
pub(super) async fn needs(config: &Config, client: &Client, wallet: &Pubkey) -> Vec<Need> {
    let mut needs = vec![Need { what: "balance", outcome: balance(config, client, wallet).await }];
    let address = sub_account(config, wallet);
    let (account, said) = match address {
        None => (None, Ok("none configured: rewards are left to the fillers that have one".into())),
        Some(address) => match own_account(client, address, wallet).await {
            Ok(account) => (Some(account), Ok(address.to_string())),
            Err(error) => (None, Err(error)),
        },
    };
    needs.push(Need { what: "sub-account", outcome: said });
    if let Some(outcome) = markets(config, client).await.transpose() {
        needs.push(Need { what: "markets", outcome });
    }
    if let Some(account) = account {
        if config.keeper.jobs.iter().any(|job| job.needs_account()) {
            needs.push(Need { what: "collateral", outcome: collateral(&account) });
        }
        if let Some(outcome) = order_slots(config, &account).transpose() {
            needs.push(Need { what: "order slots", outcome });
        }
    }
    needs
}

async fn balance(config: &Config, client: &Client, wallet: &Pubkey) -> Result<String> {
    let lamports = client.rpc().get_balance(wallet).await.map_err(FetchError::from).context("the wallet's balance")?;
    let (sol, least) = (lamports as f64 / LAMPORTS, config.wallet.min_balance_sol);
    ensure!(lamports > 0, "0 SOL: the wallet is empty, nothing can be sent; send some to {wallet}");
    ensure!(sol >= least, "{sol} SOL, under {least}: send some to {wallet}");
    Ok(format!("{sol} SOL"))
}

async fn own_account(client: &Client, address: Pubkey, wallet: &Pubkey) -> Result<SubAccountData> {
    let found = client.sub_account(address).await.map_err(|error| match error {
        // Only what is known to be missing can be created.
        FetchError::Missing { .. } => {
            anyhow::Error::new(error).context("create it with `kedge create`, or correct [account]")
        }
        error => error.into(),
    })?;
    found.head.require_trader(&wallet.to_bytes()).with_context(|| format!("{address} is not ours"))?;
    Ok(found)
}

/// The markets that the configuration names; `None` when it names none.
async fn markets(config: &Config, client: &Client) -> Result<Option<String>> {
    let mut named: Vec<(String, u16)> =
        config.made().into_iter().map(|(job, market)| (format!("[[{}.markets]]", job.name()), market)).collect();
    if config.send.fee == Fee::Reward {
        named.push(("send.sol_market".into(), config.send.sol_market));
    }
    if named.is_empty() {
        return Ok(None);
    }
    let listed = client.exchange().await?.markets;
    let mut missing = Vec::new();
    for (key, market) in &named {
        if *market >= listed {
            let last = listed.checked_sub(1).map_or("none is listed".into(), |last| format!("the last is {last}"));
            missing.push(format!("{key} names market {market}: {last}"));
            continue;
        }
        missing.extend(trouble(config, &client.market(*market).await?).map(|trouble| format!("{key}: {trouble}")));
    }
    ensure!(missing.is_empty(), "{}", missing.join("; "));
    let mut indices: Vec<u16> = named.iter().map(|(_, market)| *market).collect();
    indices.sort_unstable();
    indices.dedup();
    Ok(Some(format!("{indices:?} trade")))
}

/// Why a market cannot be made as it is configured.
fn trouble(config: &Config, market: &Market) -> Option<String> {
    let index = market.index;
    if market.status != MarketStatus::Active as u8 {
        let status = MarketStatus::from_number(market.status);
        return Some(status.map_or_else(
            |_| format!("market {index} does not trade"),
            |status| format!("market {index} is {status:?}: it does not trade"),
        ));
    }
    let least = market.min_order.0 as f64 / 1e9;
    let makes = |job: JobName| config.keeper.jobs.contains(&job);
    let makers =
        config.maker.markets.iter().filter(|one| makes(JobName::Maker) && config.maker.rest && one.market == index);
    let quoters = config.quoter.markets.iter().filter(|one| makes(JobName::Quoter) && one.market == index);
    let mut sizes = makers.map(|one| one.size).chain(quoters.map(|one| one.size));
    let small = sizes.find(|size| *size < least);
    small.map(|size| format!("size {size} in market {index} is below its smallest order, {least}"))
}

/// Whether the account has anything to trade with.
fn collateral(account: &SubAccountData) -> Result<String> {
    let held = account.head.balances.iter().filter(|balance| balance.used == 1 && !balance.amount.is_zero()).count();
    ensure!(held > 0, "the sub-account holds nothing: `kedge deposit`");
    Ok(format!("in {held} {}", if held == 1 { "bank" } else { "banks" }))
}

/// Whether the account has room for the ladders; `None` without ladders.
fn order_slots(config: &Config, account: &SubAccountData) -> Result<Option<String>> {
    let ladder = |job: &JobName| match job {
        JobName::Maker if config.maker.rest => Some(config.maker.levels),
        JobName::Quoter => Some(config.quoter.levels),
        _ => None,
    };
    let made = config.made();
    let levels = made.iter().filter_map(|(job, market)| Some((*market, ladder(job)?)));
    let quoted: Vec<(u16, u32)> = levels.filter(|(_, levels)| *levels > 0).collect();
    if quoted.is_empty() {
        return Ok(None);
    }
    let needed: u32 = quoted.iter().map(|(_, levels)| 2 * levels).sum();
    let others = account.orders.iter().filter(|order| order.is_open());
    let others = others.filter(|order| quoted.iter().all(|(market, _)| *market != order.market)).count();
    let free = account.orders.len().saturating_sub(others);
    ensure!(
        free >= needed as usize,
        "the ladders need {needed} order slots, the sub-account has {free}: `kedge grow`, or fewer levels"
    );
    Ok(Some(format!("{needed} of {free} for the ladders")))
}

#[cfg(test)]
mod tests {
    use kedge_model::account::order::{Order, STATUS_OPEN};
    use kedge_model::account::sub_account::SubAccount;
    use kedge_model::quantity::Size;

    use super::*;

    fn maker(text: &str) -> Config {
        toml::from_str(&format!("[account]\nid = 0\n[keeper]\njobs = [\"maker\"]\n{text}")).unwrap()
    }

    #[test]
    fn too_few_order_slots_are_told_with_the_number() {
        let markets = "[maker]\nlevels = 3\n[[maker.markets]]\nmarket = 0\nsize = 1.0\nmax_join = 1.0\n\
                       max_position = 5.0\n[[maker.markets]]\nmarket = 1\nsize = 1.0\nmax_join = 1.0\nmax_position = 5.0\n";
        let config = maker(markets);
        let order = |market, status| Order { market, status, ..Order::default() };
        let mut account = SubAccountData { head: SubAccount::default(), orders: vec![order(0, 0); 12] };
        assert_eq!(order_slots(&config, &account).unwrap().unwrap(), "12 of 12 for the ladders");
        // A standing ladder is in its own way only; an order elsewhere takes room.
        account.orders[0] = order(1, STATUS_OPEN);
        assert!(order_slots(&config, &account).is_ok());
        account.orders[1] = order(7, STATUS_OPEN);
        let said = order_slots(&config, &account).unwrap_err().to_string();
        assert!(said.contains("need 12 order slots, the sub-account has 11: `kedge grow`"), "{said}");
        let only_joins = maker(&markets.replace("levels = 3", "rest = false"));
        assert!(order_slots(&only_joins, &account).unwrap().is_none());
        assert!(collateral(&account).unwrap_err().to_string().contains("holds nothing"));
    }

    #[test]
    fn a_market_that_cannot_be_made_is_told() {
        let config = maker("[[maker.markets]]\nmarket = 0\nsize = 0.05\nmax_join = 1.0\nmax_position = 5.0\n");
        let mut market = Market { min_order: Size(100_000_000), ..Market::default() };
        assert!(trouble(&config, &market).unwrap().contains("is Initialised"));
        market.status = MarketStatus::Active as u8;
        assert!(trouble(&config, &market).unwrap().contains("size 0.05 in market 0 is below its smallest order, 0.1"));
        market.min_order = Size(1);
        assert_eq!(trouble(&config, &market), None);
    }
}
