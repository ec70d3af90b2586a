//! Forms: what is listed or set, as TOML that a person fills in and a committee can read.
//!
//! Numbers stand in quotes and are exact: `"0.05%"`, `"1000000"`. The forms to fill in hold the values of the demo.

mod bank;
mod fees;
mod market;
mod row;
mod unit;

use kedge_model::action::{BankParams, MarketParams};
use kedge_model::exchange::FeeSchedule;

use crate::args::Form;
use crate::error::{CliError, Result};

/// A form to fill in.
pub fn blank(form: Form) -> &'static str {
    match form {
        Form::Market => include_str!("market.toml"),
        Form::Bank => include_str!("bank.toml"),
        Form::Fees => include_str!("fees.toml"),
    }
}

fn filled<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| CliError::Usage(format!("the form cannot be read: {error}")))
}

/// What a market's form says. Errors: the line that cannot be read.
pub fn market(text: &str) -> Result<MarketParams> {
    filled::<market::MarketForm>(text)?.params()
}

/// What a bank's form says. Errors: the line that cannot be read.
pub fn bank(text: &str) -> Result<BankParams> {
    filled::<bank::BankForm>(text)?.params()
}

/// What a form of fees says. Errors: the line that cannot be read.
pub fn fees(text: &str) -> Result<FeeSchedule> {
    filled::<fees::FeesForm>(text)?.schedule()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_model::action::{ListBank, ListMarket};
    use kedge_model::bank::Bank;
    use kedge_model::board::PriceBoard;
    use kedge_model::clock::Clock;
    use kedge_model::exchange::Exchange;
    use kedge_model::market::Market;

    #[test]
    fn the_exchange_takes_every_form_as_it_is_printed() {
        let mut exchange = Exchange::new(1, [1; 32], [2; 32]).unwrap();
        let mut board = PriceBoard { version: PriceBoard::VERSION, ..PriceBoard::default() };
        let schedule = fees(blank(Form::Fees)).unwrap();
        assert_eq!(schedule, FeeSchedule::initial(), "the form holds what an exchange starts with");
        exchange.set_fees(&schedule).unwrap();
        let bank = bank(blank(Form::Bank)).unwrap();
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
        ] {
            let changed = text.replace(from, to);
            assert_ne!(changed, text, "{from}");
            let error = market(&changed).unwrap_err().to_string();
            assert!(error.contains(said), "{to}: {error}");
        }
    }
}
