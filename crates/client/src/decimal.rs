//! Exact decimal text of integers at a scale.

/// Writes a number of `scale` digits after the point, exactly, with at least `least` of them.
#[must_use]
pub fn decimal(value: impl Into<i128>, scale: u32, least: usize) -> String {
    let value = value.into();
    let digits = usize::try_from(scale).unwrap_or(0);
    let text = format!("{:0>width$}", value.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    let kept = fraction.trim_end_matches('0').len().max(least.min(digits));
    let sign = if value < 0 { "-" } else { "" };
    match fraction.get(..kept) {
        Some("") | None => format!("{sign}{whole}"),
        Some(fraction) => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn numbers_are_written_exactly() {
        assert_eq!(decimal(181_200_000u64, 6, 2), "181.20");
        assert_eq!(decimal(2_000_000_000u64, 9, 0), "2");
        assert_eq!(decimal(-1i64, 6, 2), "-0.000001");
        assert_eq!(decimal(i128::MIN, 6, 2), "-170141183460469231731687303715884.105728");
        assert_eq!(decimal(7, 0, 2), "7");
    }
}
