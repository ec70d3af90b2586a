//! Forms: listings and fees as TOML that a person fills in and a committee can read.
//!
//! Numbers stand in quotes and are exact: `"0.05%"`, `"1000000"`. The blank forms hold the values of the demo.

mod bank;
mod fees;
mod market;
mod refused;
mod row;
mod unit;

use kedge_model::account::bank::Bank;
use kedge_model::account::board::PriceBoard;
use kedge_model::account::exchange::{Exchange, FeeSchedule};
use kedge_model::account::market::Market;
use kedge_model::action::{BankParams, ListBank, ListMarket, MarketParams};
use kedge_model::clock::Clock;

use crate::args::Form;
use crate::error::{CliError, Result};

/// The blank form, to fill in.
pub(crate) fn blank(form: Form) -> &'static str {
    match form {
        Form::Market => include_str!("market.toml"),
        Form::Bank => include_str!("bank.toml"),
        Form::Fees => include_str!("fees.toml"),
    }
}

fn filled<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| CliError::Usage(format!("the form cannot be read: {error}")))
}

/// Refuses a form that the exchange would refuse, and names the offending line.
fn taken(form: Form, text: &str, trial: refused::Trial<'_>) -> Result<()> {
    match refused::why(text, blank(form), trial) {
        Some(why) => Err(CliError::Usage(format!("the exchange would not take this form: {why}"))),
        None => Ok(()),
    }
}

/// The parameters of a market's form.
///
/// # Errors
/// [`CliError::Usage`] with the line that cannot be read or that the exchange would refuse.
pub(crate) fn market(text: &str) -> Result<MarketParams> {
    let params = filled::<market::MarketForm>(text)?.params()?;
    taken(Form::Market, text, &|form| {
        let params = form.clone().try_into::<market::MarketForm>().ok().and_then(|form| form.params().ok());
        let (Some(params), Ok(mut exchange)) = (params, Exchange::new(0, [1; 32], [2; 32])) else { return false };
        let list = ListMarket { params: &params };
        list.execute(&mut exchange, &mut PriceBoard::default(), &mut Market::default(), Clock::default()).is_ok()
    })?;
    Ok(params)
}

/// The parameters of a bank's form, for the bank's index and its mint's decimals.
///
/// # Errors
/// As [`market`].
pub(crate) fn bank(text: &str, index: u16, decimals: u8) -> Result<BankParams> {
    let params = filled::<bank::BankForm>(text)?.params()?;
    taken(Form::Bank, text, &|form| {
        let params = form.clone().try_into::<bank::BankForm>().ok().and_then(|form| form.params().ok());
        let (Some(params), Ok(mut exchange)) = (params, Exchange::new(0, [1; 32], [2; 32])) else { return false };
        exchange.banks = index;
        let list = ListBank { params: &params, mint: [1; 32], vault: [2; 32], decimals };
        // Collateral other than the quote backs nothing yet: the program accepts a maintenance weight of zero alone.
        let backs = index != Bank::QUOTE && !params.maintenance_weight.is_zero();
        !backs && list.execute(&mut exchange, &mut PriceBoard::default(), &mut Bank::default()).is_ok()
    })?;
    Ok(params)
}

/// The fee schedule of a form.
///
/// # Errors
/// As [`market`].
pub(crate) fn fees(text: &str) -> Result<FeeSchedule> {
    let schedule = filled::<fees::FeesForm>(text)?.schedule()?;
    taken(Form::Fees, text, &|form| {
        let schedule = form.clone().try_into::<fees::FeesForm>().ok().and_then(|form| form.schedule().ok());
        let exchange = Exchange::new(0, [1; 32], [2; 32]);
        schedule.zip(exchange.ok()).is_some_and(|(schedule, mut exchange)| exchange.set_fees(&schedule).is_ok())
    })?;
    Ok(schedule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exchange_takes_every_form_as_it_is_printed() {
        let mut exchange = Exchange::new(1, [1; 32], [2; 32]).unwrap();
        let mut board = PriceBoard { version: PriceBoard::VERSION, ..PriceBoard::default() };
        let schedule = fees(blank(Form::Fees)).unwrap();
        assert_eq!(schedule, FeeSchedule::initial(), "the form holds what an exchange starts with");
        exchange.set_fees(&schedule).unwrap();
        let bank = bank(blank(Form::Bank), 0, 6).unwrap();
        let list = ListBank { params: &bank, mint: [1; 32], vault: [2; 32], decimals: 6 };
        list.execute(&mut exchange, &mut board, &mut Bank::default()).unwrap();
        let params = market(blank(Form::Market)).unwrap();
        let mut listed = Market::default();
        ListMarket { params: &params }.execute(&mut exchange, &mut board, &mut listed, Clock::default()).unwrap();
        assert_eq!((listed.tick.0, listed.step.0, listed.amm.peg.0), (1_000, 10_000_000, 180_000_000));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let text = blank(Form::Market);
        for (from, to, said) in [
            ("tick = \"0.001\"", "tick = 0.001", "in quotes"),
            ("tick = \"0.001\"", "tick = \"0.0000001\"", "digits after the point"),
            ("initial_margin = \"6.6667%\"", "initial_margin = \"6.6667\"", "percent"),
            ("tier = 0", "tire = 0", "tire"),
            ("name = \"SOL-PERP\"", "name = \"SOL-PERPETUAL-FUTURE\"", "16 bytes"),
            ("kind = \"pyth-pull\"", "kind = \"pyth\"", "pyth-pull"),
            ("key = \"ef0d", "key = \"0d", "64 hexadecimal digits"),
            // Readable, but out of bounds: the line and the nearest acceptable number.
            ("initial_margin = \"6.6667%\"", "initial_margin = \"1%\"", "`initial_margin` is 1%: "),
            ("maintenance_margin = \"3.3%\"", "maintenance_margin = \"9%\"", "`maintenance_margin` is 9%: "),
            ("tier = 0", "tier = 9", "`tier` is 9: 1 would be taken"),
            ("price_band = \"5%\"", "price_band = \"50%\"", "`price_band` is 50%: "),
            ("funding_cap = \"0.1%\"", "funding_cap = \"5%\"", "`funding_cap` is 5%: "),
            ("max_age = 30", "max_age = 1", "`row.max_age` is 1: "),
            ("min_order = \"0.1\"", "min_order = \"0.005\"", "`min_order` is 0.005: "),
        ] {
            let changed = text.replace(from, to);
            assert_ne!(changed, text, "{from}");
            let error = market(&changed).unwrap_err().to_string();
            assert!(error.contains(said), "{to}: {error}");
        }
    }
}
