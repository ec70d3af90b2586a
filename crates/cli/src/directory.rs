//! Names and units of what is listed.

use kedge_client::{Client, Found};
use kedge_interface::account::name;
use kedge_model::bank::Bank;
use kedge_model::market::Market;
use kedge_model::quantity::{Amount, Price};

use crate::decimal;
use crate::error::{CliError, Result};

/// All markets and banks.
pub struct Directory {
    /// Markets by index.
    pub markets: Vec<Found<Market>>,
    /// Banks by index.
    pub banks: Vec<Found<Bank>>,
}

impl Directory {
    /// Reads what is listed.
    pub async fn fetch(client: &Client) -> Result<Self> {
        Ok(Self { markets: client.markets().await?, banks: client.banks().await? })
    }

    /// The market with a name (in any case) or an index.
    pub fn market(&self, wanted: &str) -> Result<&Found<Market>> {
        let index = wanted.parse::<u16>().ok();
        let found = self
            .markets
            .iter()
            .find(|market| name(&market.data.name).eq_ignore_ascii_case(wanted) || Some(market.data.index) == index);
        found.ok_or_else(|| {
            let names: Vec<String> = self.markets.iter().map(|market| name(&market.data.name)).collect();
            CliError::NotFound(format!("there is no market `{wanted}`; listed: {}", names.join(", ")))
        })
    }

    /// Name of a market, also of one that is not listed here.
    pub fn market_name(&self, index: u16) -> String {
        let found = self.markets.iter().find(|market| market.data.index == index);
        found.map_or_else(|| format!("market {index}"), |market| name(&market.data.name))
    }

    /// Tick of a market, zero for one that is not listed here.
    pub fn tick(&self, index: u16) -> Price {
        self.markets.iter().find(|market| market.data.index == index).map_or(Price::ZERO, |market| market.data.tick)
    }

    /// An amount of a bank's tokens for a table: at most six digits after the point, rounded.
    pub fn tokens_short(&self, bank: u16, amount: Amount) -> String {
        let decimals = self.bank(bank).map_or(0, |bank| u32::from(bank.data.decimals));
        decimal::rounded(amount.0, decimals, if bank == Bank::QUOTE { 2 } else { decimals.min(6) })
    }

    /// A bank by index.
    pub fn bank(&self, index: u16) -> Result<&Found<Bank>> {
        let found = self.banks.iter().find(|bank| bank.data.index == index);
        found.ok_or_else(|| CliError::NotFound(format!("there is no bank {index}; {} are listed", self.banks.len())))
    }

    /// Name of a bank: mints have none on chain.
    pub fn bank_name(&self, index: u16) -> String {
        if index == Bank::QUOTE { "quote".into() } else { format!("bank {index}") }
    }

    /// An amount of a bank's tokens in whole units; in the smallest units of a bank that is not listed here.
    pub fn tokens(&self, bank: u16, amount: Amount) -> String {
        let decimals = self.bank(bank).map_or(0, |bank| u32::from(bank.data.decimals));
        decimal::format(amount.0, decimals, 2)
    }
}

/// An address cut to its ends.
pub fn short(address: impl ToString) -> String {
    let text = address.to_string();
    match (text.get(..4), text.len().checked_sub(4).and_then(|from| text.get(from..))) {
        (Some(head), Some(tail)) if text.len() > 12 => format!("{head}..{tail}"),
        _ => text,
    }
}
