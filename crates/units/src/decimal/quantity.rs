//! The model's quantities as people read them.

use alloc::format;
use alloc::string::String;

use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};

use super::number;
use super::number::rounded;

/// Digits after the point of prices and quote amounts.
pub const PRICE: u32 = 6;
/// Digits after the point of base amounts.
pub const BASE: u32 = 9;

/// A quote amount in cents, for tables.
#[must_use]
pub fn cents(value: impl Into<i128>) -> String {
    rounded(value, PRICE, 2)
}

/// A quote amount in cents with its sign always shown, for tables.
#[must_use]
pub fn signed_cents(value: impl Into<i128>) -> String {
    let text = cents(value);
    if text.starts_with('-') || text == "0.00" { text } else { format!("+{text}") }
}

/// A price with the digits that the market's tick has (at least two), for tables.
#[must_use]
pub fn price_at(price: Price, tick: Price) -> String {
    let zeros = (0..PRICE).take_while(|zeros| tick.0 != 0 && tick.0.is_multiple_of(10u64.pow(zeros + 1))).count();
    rounded(price.0, PRICE, PRICE.saturating_sub(u32::try_from(zeros).unwrap_or(0)).max(2))
}

/// A leverage in parts per million with one digit after the point, `6.0x`.
#[must_use]
pub fn times(ppm: u64) -> String {
    format!("{}x", rounded(ppm, 6, 1))
}

/// The leverage that an initial margin carries, rounded to one digit; a margin of `0` carries none, `0.0x`.
#[must_use]
pub fn leverage(margin: Ppm) -> String {
    times(1_000_000_000_000u64.checked_div(u64::from(margin.0)).unwrap_or(0))
}

/// A price in dollars, exact, with at least two digits after the point.
#[must_use]
pub fn price(price: Price) -> String {
    number::format(price.0, PRICE, 2)
}

/// An unsigned base amount, exact.
#[must_use]
pub fn size(size: Size) -> String {
    number::format(size.0, BASE, 0)
}

/// A signed base amount, exact.
#[must_use]
pub fn base(base: Base) -> String {
    number::format(base.0, BASE, 0)
}

/// A signed quote amount in dollars, exact, with at least two digits after the point.
#[must_use]
pub fn quote(quote: Quote) -> String {
    number::format(quote.0, PRICE, 2)
}

/// An unsigned quote amount in dollars, exact, with at least two digits after the point.
#[must_use]
pub fn value(amount: Amount) -> String {
    number::format(amount.0, PRICE, 2)
}

/// A signed quote amount, exact, with its sign always shown.
#[must_use]
pub fn gain(quote: Quote) -> String {
    let text = self::quote(quote);
    if quote.0 > 0 { format!("+{text}") } else { text }
}

/// A ratio in percent, exact.
#[must_use]
pub fn percent(ratio: Ppm) -> String {
    format!("{}%", number::format(ratio.0, 4, 0))
}

/// A rate in parts per billion in percent, exact, with at least four digits after the point.
#[must_use]
pub fn percent_of_billion(rate: i64) -> String {
    format!("{}%", number::format(rate, 7, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_in_their_units() {
        assert_eq!(percent(Ppm(50_000)), "5%");
        assert_eq!(percent(Ppm(1_250)), "0.125%");
        assert_eq!(percent_of_billion(12_500), "0.00125%");
        assert_eq!(percent_of_billion(-100_000), "-0.0100%");
        assert_eq!(gain(Quote(1_500_000)), "+1.50");
        assert_eq!(gain(Quote(-1_500_000)), "-1.50");
        assert_eq!(times(6_000_000), "6.0x");
        assert_eq!((leverage(Ppm(66_667)), leverage(Ppm(0))), ("15.0x".into(), "0.0x".into()));
    }

    #[test]
    fn tables_have_the_digits_of_cents_and_ticks() {
        assert_eq!(signed_cents(1_500_000), "+1.50");
        assert_eq!(signed_cents(-1_500_000), "-1.50");
        assert_eq!(signed_cents(4_999), "0.00");
        assert_eq!(cents(i64::MAX), "9223372036854.78");
        assert_eq!(price_at(Price(98_765_432_100), Price(100_000)), "98765.43");
        assert_eq!(price_at(Price(181_234_567), Price(1_000)), "181.235");
        assert_eq!(price_at(Price(12_345), Price(1)), "0.012345");
        assert_eq!(price_at(Price(12_345), Price(0)), "0.012345");
    }
}
