//! Sizes in base or in dollars.

use kedge_model::account::market::Market;
use kedge_model::num::{BASE, Rounding, mul_div};
use kedge_model::quantity::{Amount, Price, Size};
use kedge_units::decimal;

use super::ticket;
use crate::args::Place;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::view::View;

/// A parsed size.
#[derive(Debug)]
pub(crate) struct Sized {
    /// The size in base.
    pub size: Size,
    /// How dollars became base; `None` for a size in base.
    pub note: Option<String>,
}

/// Parses a size: base on the market's step, or dollars at a price, rounded down to the step.
///
/// # Errors
/// [`CliError::Usage`] for a size off the step and for fewer dollars than the smallest order is worth.
pub(crate) fn read(text: &str, market: &Market, directory: &Directory, price: Price) -> Result<Sized> {
    let Some(dollars) = dollars(text) else { return Ok(Sized { size: ticket::size(text, market)?, note: None }) };
    let dollars = Amount(decimal::parse(dollars, decimal::PRICE)?);
    let name = directory.market_name(market.index);
    if price.is_zero() {
        return Err(CliError::Usage(format!("{name} has no price yet: give the size in base units")));
    }
    let exact = mul_div(dollars.0, BASE, price.0, Rounding::Down)?;
    let size = Size(exact - exact % market.step.0.max(1));
    let at = decimal::price_at(price, market.tick);
    if size.is_zero() || size < market.min_order {
        let least = market.min_order.max(market.step);
        let worth = least.value(price, Rounding::Up).map(decimal::value).unwrap_or_default();
        return Err(CliError::Usage(format!(
            "{} dollars at {at} are less than the smallest order, {} {name}, worth {worth}",
            decimal::value(dollars),
            decimal::size(least),
        )));
    }
    let worth = size.value(price, Rounding::Up)?;
    let note = format!(
        "{} dollars at {at} are {} {name}, worth {} (rounded down to the step {})",
        decimal::value(dollars),
        decimal::size(size),
        decimal::cents(worth.0),
        decimal::size(market.step)
    );
    Ok(Sized { size, note: Some(note) })
}

/// The price that converts an order's dollars: its limit, its trigger, or the oracle.
pub(crate) fn price_of(options: &Place, market: &Market, view: &View) -> Result<Price> {
    match options.limit.as_ref().or(options.stop.as_ref()).or(options.take_profit.as_ref()) {
        Some(text) => ticket::price(text, market),
        None => Ok(view.board.market(market.index)?.price.price),
    }
}

/// The number of a size in dollars; `None` for one in base.
fn dollars(text: &str) -> Option<&str> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('$').or_else(|| text.strip_suffix('$')) {
        return Some(rest.trim());
    }
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = text.get(digits.len()..)?;
    let known = ["usd", "usdc", "dollars"].iter().any(|name| unit.eq_ignore_ascii_case(name));
    known.then(|| digits.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_become_base_rounded_down_to_the_step() {
        let market =
            Market { step: Size(10_000_000), tick: Price(10_000), min_order: Size(100_000_000), ..Market::default() };
        let directory = Directory { markets: vec![], banks: vec![] };
        let read = |text: &str| read(text, &market, &directory, Price(180_000_000));
        for text in ["$500", "500usd", "500 USDC", "500$", "500.00usd", "500 dollars"] {
            let sized = read(text).unwrap();
            assert_eq!(sized.size, Size(2_770_000_000), "{text}");
            assert!(sized.note.unwrap().contains("2.77 market 0, worth 498.60 (rounded down to the step 0.01)"));
        }
        let plain = read("2.77").unwrap();
        assert_eq!((plain.size, plain.note), (Size(2_770_000_000), None));
        let said = read("$5").unwrap_err().to_string();
        assert_eq!(said, "5.00 dollars at 180.00 are less than the smallest order, 0.1 market 0, worth 18.00");
        for text in ["$", "usd", "$-5", "5eur", "$5usd", "$18446744073709551616"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
