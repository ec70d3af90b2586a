//! Integers at a scale: decimal text to integers and back.

use alloc::format;
use alloc::string::String;

/// Why a number was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// The text is not digits with at most one point.
    #[error("`{0}` is not a decimal number")]
    Malformed(String),
    /// The text has more digits after the point than the unit.
    #[error("`{0}` has more than {1} digits after the point")]
    TooPrecise(String, u32),
    /// The number is larger than 64 bits.
    #[error("`{0}` is too large")]
    TooLarge(String),
}

/// Reads a number of `scale` digits after the point. Trailing zeros beyond the scale are accepted, `_` may stand between
/// digits. The TypeScript client reads the same (`decimals.json` of this crate holds both to it).
///
/// # Errors
/// [`DecimalError`]: a sign, an exponent and a number that the scale cannot hold exactly are refused, never rounded.
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

/// Writes a number of `scale` digits after the point, exactly, with at least `least` of them.
#[must_use]
pub fn format(value: impl Into<i128>, scale: u32, least: usize) -> String {
    let value = value.into();
    written(value < 0, value.unsigned_abs(), scale, least)
}

/// Writes a number of `scale` digits after the point with `digits` of them, rounded to the nearest, half away from
/// zero: for tables, where every digit costs a column.
#[must_use]
pub fn rounded(value: impl Into<i128>, scale: u32, digits: u32) -> String {
    let value = value.into();
    let least = usize::try_from(digits).unwrap_or(0);
    let Some(cut) = scale.checked_sub(digits).and_then(|cut| 10u128.checked_pow(cut)) else {
        return format(value, scale, least);
    };
    let magnitude = (value.unsigned_abs() + cut / 2) / cut;
    written(value < 0 && magnitude != 0, magnitude, digits, least)
}

fn written(negative: bool, magnitude: u128, scale: u32, least: usize) -> String {
    let digits = usize::try_from(scale).unwrap_or(0);
    let text = format!("{magnitude:0>width$}", width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    let kept = fraction.trim_end_matches('0').len().max(least.min(digits));
    let sign = if negative { "-" } else { "" };
    match fraction.get(..kept) {
        Some("") | None => format!("{sign}{whole}"),
        Some(fraction) => format!("{sign}{whole}.{fraction}"),
    }
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
        let rows: alloc::vec::Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../decimals.json")).unwrap();
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
        assert_eq!(format(i128::MIN, 6, 2), "-170141183460469231731687303715884.105728");
    }

    #[test]
    fn tables_round_to_the_nearest() {
        assert_eq!(rounded(1_234_567, 6, 2), "1.23");
        assert_eq!(rounded(1_235_000, 6, 2), "1.24");
        assert_eq!(rounded(-1_235_000, 6, 2), "-1.24");
        assert_eq!(rounded(999_999, 6, 2), "1.00");
        assert_eq!(rounded(-1, 6, 2), "0.00", "no negative zero");
        assert_eq!(rounded(5, 0, 2), "5", "a number without digits gets none");
        assert_eq!(rounded(i128::MIN, 6, 6), format(i128::MIN, 6, 6));
    }
}
