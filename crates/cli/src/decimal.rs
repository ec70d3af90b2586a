//! Decimal numbers, exactly: text to integers at a scale and back, without floating point.

pub use kedge_client::decimal as format;
use kedge_model::quantity::{Amount, Base, Ppm, Price, Quote, Size};

/// Digits of prices and quote amounts.
pub const PRICE: u32 = 6;
/// Digits of base amounts.
pub const BASE: u32 = 9;

/// Why a number was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not digits with at most one point.
    #[error("`{0}` is not a decimal number")]
    Malformed(String),
    /// More digits after the point than the unit has.
    #[error("`{0}` has more than {1} digits after the point")]
    TooPrecise(String, u32),
    /// Larger than 64 bits.
    #[error("`{0}` is too large")]
    TooLarge(String),
}

/// Reads a number of `scale` digits after the point. Trailing zeros beyond the scale are accepted, `_` may stand between
/// digits. The TypeScript client reads the same (`decimals.json` beside this file holds both to it).
pub fn parse(text: &str, scale: u32) -> Result<u64, DecimalError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') && !part.starts_with('_') && !part.ends_with('_')
    };
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return Err(DecimalError::Malformed(text.into()));
    }
    let (whole, fraction) = (whole.replace('_', ""), fraction.replace('_', ""));
    let fraction = fraction.trim_end_matches('0');
    let missing = usize::try_from(scale).ok().and_then(|scale| scale.checked_sub(fraction.len()));
    let missing = missing.ok_or_else(|| DecimalError::TooPrecise(text.into(), scale))?;
    let mut value = 0u64;
    let zeros = core::iter::repeat_n(b'0', missing);
    for digit in whole.bytes().chain(fraction.bytes()).chain(zeros) {
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(u64::from(digit - b'0')))
            .ok_or_else(|| DecimalError::TooLarge(text.into()))?;
    }
    Ok(value)
}

/// Writes a number of `scale` digits after the point with `digits` of them, rounded to the nearest, half away from
/// zero: for tables, where every digit costs a column.
pub fn rounded(value: impl Into<i128>, scale: u32, digits: u32) -> String {
    let value = value.into();
    let Some(cut) = scale.checked_sub(digits).and_then(|cut| 10u128.checked_pow(cut)) else {
        return format(value, scale, usize::try_from(digits).unwrap_or(0));
    };
    let magnitude = (value.unsigned_abs() + cut / 2) / cut;
    let signed = i128::try_from(magnitude).unwrap_or(i128::MAX) * value.signum();
    format(signed, digits, usize::try_from(digits).unwrap_or(0))
}

/// A quote amount in cents, for tables.
pub fn cents(value: impl Into<i128>) -> String {
    rounded(value, PRICE, 2)
}

/// A quote amount in cents with its sign always shown, for tables.
pub fn signed_cents(value: impl Into<i128>) -> String {
    let text = cents(value);
    if text.starts_with('-') || text == "0.00" { text } else { format!("+{text}") }
}

/// A price with the digits that the market's tick has (at least two), for tables.
pub fn price_at(price: Price, tick: Price) -> String {
    let zeros = (0..PRICE).take_while(|zeros| tick.0 != 0 && tick.0.is_multiple_of(10u64.pow(zeros + 1))).count();
    rounded(price.0, PRICE, PRICE.saturating_sub(u32::try_from(zeros).unwrap_or(0)).max(2))
}

/// A leverage in parts per million, for reading.
pub fn times(ppm: u64) -> String {
    format!("{}x", rounded(ppm, 6, 1))
}

/// The leverage that an initial margin carries, for reading; `0` margin carries none.
pub fn leverage(margin: Ppm) -> String {
    times(1_000_000_000_000u64.checked_div(u64::from(margin.0)).unwrap_or(0))
}

/// A price.
pub fn price(price: Price) -> String {
    format(price.0, PRICE, 2)
}

/// An unsigned base amount.
pub fn size(size: Size) -> String {
    format(size.0, BASE, 0)
}

/// A signed base amount.
pub fn base(base: Base) -> String {
    format(base.0, BASE, 0)
}

/// A signed quote amount.
pub fn quote(quote: Quote) -> String {
    format(quote.0, PRICE, 2)
}

/// An unsigned quote amount.
pub fn value(amount: Amount) -> String {
    format(amount.0, PRICE, 2)
}

/// A signed quote amount with its sign always shown.
pub fn gain(quote: Quote) -> String {
    let text = self::quote(quote);
    if quote.0 > 0 { format!("+{text}") } else { text }
}

/// A ratio as percent.
pub fn percent(ratio: Ppm) -> String {
    format!("{}%", format(ratio.0, 4, 0))
}

/// A rate in parts per billion as percent.
pub fn percent_of_billion(rate: i64) -> String {
    format!("{}%", format(rate, 7, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_exactly() {
        assert_eq!(parse("181.20", 6), Ok(181_200_000));
        assert_eq!(parse("2.5", 9), Ok(2_500_000_000));
        assert_eq!(parse("0.000001", 6), Ok(1));
        assert_eq!(parse(".5", 6), Ok(500_000));
        assert_eq!(parse("5.", 6), Ok(5_000_000));
        assert_eq!(parse("1_000_000", 6), Ok(1_000_000_000_000));
        assert_eq!(parse("1.10000000", 6), Ok(1_100_000), "zeros beyond the scale say nothing");
        assert_eq!(parse("0", 0), Ok(0));
        assert_eq!(parse("18446744073709.551615", 6), Ok(u64::MAX));
        // 0.1 + 0.2 has no exact binary form; here it has.
        assert_eq!(parse("0.3", 9), Ok(parse("0.1", 9).unwrap() + parse("0.2", 9).unwrap()));
    }

    #[test]
    fn numbers_are_read_as_the_typescript_client_reads_them() {
        let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("decimals.json")).unwrap();
        for row in rows {
            let text = row["text"].as_str().unwrap();
            let scale = u32::try_from(row["decimals"].as_u64().unwrap()).unwrap();
            let units = row["units"].as_str().map(|units| units.parse().unwrap());
            assert_eq!(parse(text, scale).ok(), units, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_of_the_unit_is_refused() {
        for text in ["", ".", "-1", "+1", "1e3", "1.2.3", "abc", "0x10", "1,5", "1 000", "٣"] {
            assert_eq!(parse(text, 6), Err(DecimalError::Malformed(text.into())), "{text}");
        }
        assert_eq!(parse("0.0000001", 6), Err(DecimalError::TooPrecise("0.0000001".into(), 6)));
        assert_eq!(parse("1.5", 0), Err(DecimalError::TooPrecise("1.5".into(), 0)));
        assert_eq!(parse("18446744073709.551616", 6), Err(DecimalError::TooLarge("18446744073709.551616".into())));
    }

    #[test]
    fn numbers_are_written_exactly() {
        assert_eq!(format(181_200_000u64, 6, 2), "181.20");
        assert_eq!(format(181_200_001u64, 6, 2), "181.200001");
        assert_eq!(format(2_500_000_000u64, 9, 0), "2.5");
        assert_eq!(format(2_000_000_000u64, 9, 0), "2");
        assert_eq!(format(-1i64, 6, 2), "-0.000001");
        assert_eq!(format(0, 6, 2), "0.00");
        assert_eq!(format(7, 0, 2), "7");
        assert_eq!(format(i64::MIN, 6, 2), "-9223372036854.775808");
        assert_eq!(percent(Ppm(50_000)), "5%");
        assert_eq!(percent(Ppm(1_250)), "0.125%");
        assert_eq!(percent_of_billion(12_500), "0.00125%");
        assert_eq!(percent_of_billion(-100_000), "-0.0100%");
        assert_eq!(gain(Quote(1_500_000)), "+1.50");
        assert_eq!(gain(Quote(-1_500_000)), "-1.50");
    }

    #[test]
    fn tables_round_to_the_nearest() {
        assert_eq!(rounded(1_234_567, 6, 2), "1.23");
        assert_eq!(rounded(1_235_000, 6, 2), "1.24");
        assert_eq!(rounded(-1_235_000, 6, 2), "-1.24");
        assert_eq!(rounded(999_999, 6, 2), "1.00");
        assert_eq!(rounded(-1, 6, 2), "0.00", "no negative zero");
        assert_eq!(rounded(5, 0, 2), "5", "a number without digits gets none");
        assert_eq!(signed_cents(1_500_000), "+1.50");
        assert_eq!(signed_cents(-1_500_000), "-1.50");
        assert_eq!(signed_cents(4_999), "0.00");
        assert_eq!(cents(i64::MAX), "9223372036854.78");
        assert_eq!(price_at(Price(98_765_432_100), Price(100_000)), "98765.43");
        assert_eq!(price_at(Price(181_234_567), Price(1_000)), "181.235");
        assert_eq!(price_at(Price(12_345), Price(1)), "0.012345");
        assert_eq!(price_at(Price(12_345), Price(0)), "0.012345");
        assert_eq!(times(6_000_000), "6.0x");
        assert_eq!((leverage(Ppm(66_667)), leverage(Ppm(0))), ("15.0x".into(), "0.0x".into()));
    }

    #[test]
    fn writing_and_reading_agree() {
        for value in [0, 1, 9, 10, 999_999, 1_000_000, 123_456_789, u64::MAX / 3, u64::MAX] {
            for scale in [0, 1, 6, 9, 18] {
                assert_eq!(parse(&format(value, scale, 2), scale), Ok(value), "{value} at {scale}");
            }
        }
    }
}
