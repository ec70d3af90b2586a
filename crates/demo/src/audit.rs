//! The conservation statement: computed from the raw accounts, to the last unit.

use anyhow::{Context, Result};
use kedge_client::Client;
use kedge_interface::account::name;
use kedge_interface::address::{self, TOKEN_PROGRAM};
use kedge_model::sub_account::SubAccount;
use serde::Serialize;

/// One equation: two sums that must be equal.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// What must be equal.
    pub what: String,
    /// Left side.
    pub left: i128,
    /// Right side.
    pub right: i128,
    /// Unit of both.
    pub unit: &'static str,
}

impl Line {
    /// Whether the sides are equal.
    pub fn holds(&self) -> bool {
        self.left == self.right
    }
}

/// The statement.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Audit {
    /// The equations.
    pub lines: Vec<Line>,
    /// Accounts whose invariant was checked.
    pub checked: usize,
    /// Accounts whose invariant does not hold.
    pub broken: Vec<String>,
    /// Funding and rounding that is between the pot and the positions, by market: never negative.
    pub dust: Vec<(String, i128)>,
}

impl Audit {
    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        self.broken.is_empty() && self.lines.iter().all(Line::holds) && self.dust.iter().all(|(_, dust)| *dust >= 0)
    }
}

/// Reads every account of the exchange and adds up.
///
/// # Errors
/// Only when accounts cannot be read.
pub async fn audit(client: &Client) -> Result<Audit> {
    let exchange = client.exchange().await?;
    let board = client.board().await?;
    let markets = client.markets().await?;
    let banks = client.banks().await?;
    let mut accounts = client.all_sub_accounts().await?;
    let traders = client.all::<kedge_model::trader::Trader>().await?;

    let mut audit = Audit::default();
    audit.check("exchange", exchange.invariant());
    audit.check("price board", board.invariant());
    for trader in &traders {
        audit.check(&format!("trader {}", trader.address), trader.data.invariant());
    }
    for account in &mut accounts {
        let address = account.address;
        audit.check(&format!("sub-account {address}"), account.data.as_mut().invariant());
    }
    let heads: Vec<&SubAccount> = accounts.iter().map(|account| &account.data.head).collect();

    for market in &markets {
        let market = &market.data;
        let title = name(&market.name);
        audit.check(&title, market.invariant());
        let positions: Vec<_> = heads.iter().filter_map(|head| head.position(market.index).ok()).collect();
        let sum = |part: &dyn Fn(&kedge_model::position::Position) -> i128| positions.iter().map(|p| part(p)).sum();
        let users: i128 = sum(&|position| i128::from(position.base.0));
        let longs: i128 = sum(&|position| i128::from(position.base.0.max(0)));
        let claims: i128 = sum(&|position| i128::from(position.quote.0));
        audit.line(
            format!("{title}: users' base = minus the vAMM's"),
            users,
            -i128::from(market.amm.base.0),
            "base 1e-9",
        );
        audit.line(format!("{title}: users' longs = open interest"), longs, market.long_interest.0.into(), "base 1e-9");
        audit.line(
            format!("{title}: users' shorts = open interest"),
            longs - users,
            market.short_interest.0.into(),
            "base 1e-9",
        );
        audit.line(
            format!("{title}: claims of positions = the market's total"),
            claims,
            market.users_quote.0.into(),
            "USDC 1e-6",
        );
        let ledger = i128::from(market.users_quote.0)
            + i128::from(market.amm.quote.0)
            + i128::from(market.fees.0)
            + i128::from(market.insurance_fees.0)
            + i128::from(market.funding_pot.0);
        audit.line(
            format!("{title}: claims + vAMM + fees + funding pot = pool"),
            ledger,
            market.pnl_pool.0.into(),
            "USDC 1e-6",
        );
        let row = board.market(market.index).map_err(|error| anyhow::anyhow!(error.message()))?;
        let unsettled: i128 = positions
            .iter()
            .filter_map(|position| position.unsettled_funding(row.funding(position.base)).ok())
            .map(|payment| i128::from(payment.0))
            .sum();
        audit.dust.push((title, i128::from(market.funding_pot.0) + i128::from(market.deficit.0) - unsettled));
    }

    for bank in &banks {
        let bank = &bank.data;
        audit.check(&format!("bank {}", bank.index), bank.invariant());
        let balances: i128 = heads.iter().map(|head| i128::from(tokens(head, bank.index))).sum();
        audit.line(format!("bank {}: balances = deposits", bank.index), balances, bank.deposits.0.into(), "USDC 1e-6");
        if bank.index == kedge_model::bank::Bank::QUOTE {
            let pools: i128 =
                markets.iter().map(|m| i128::from(m.data.pnl_pool.0) + i128::from(m.data.insurance_fund.0)).sum();
            audit.line(
                "markets' pools and insurance = the bank's total".into(),
                pools,
                bank.market_pools.0.into(),
                "USDC 1e-6",
            );
        }
        let claims = balances + i128::from(bank.market_pools.0) + i128::from(bank.protocol.0);
        let vault = vault_tokens(client, bank.index).await?;
        audit.line(
            format!("bank {}: balances + pools + protocol = tokens in the vault", bank.index),
            claims,
            vault.into(),
            "USDC 1e-6",
        );
    }
    Ok(audit)
}

impl Audit {
    fn check(&mut self, what: &str, outcome: kedge_model::Result<()>) {
        self.checked += 1;
        if let Err(error) = outcome {
            self.broken.push(format!("{what}: {}", error.name()));
        }
    }

    fn line(&mut self, what: String, left: i128, right: i128, unit: &'static str) {
        self.lines.push(Line { what, left, right, unit });
    }
}

/// Tokens of a bank that a sub-account has: its balance, and in the quote bank what backs isolated positions.
fn tokens(head: &SubAccount, bank: u16) -> u64 {
    let isolated: u64 = head.positions.iter().map(|position| position.isolated.0).sum();
    head.balance(bank).0 + if bank == kedge_model::bank::Bank::QUOTE { isolated } else { 0 }
}

/// Tokens in a bank's vault: a token account's amount stands at byte 64.
async fn vault_tokens(client: &Client, bank: u16) -> Result<u64> {
    let account = client.rpc().get_account(&address::vault(bank)).await?;
    anyhow::ensure!(account.owner == TOKEN_PROGRAM, "the vault is not a token account");
    let amount = account.data.get(64..).and_then(|rest| rest.first_chunk::<8>()).context("the vault is too short")?;
    Ok(u64::from_le_bytes(*amount))
}
