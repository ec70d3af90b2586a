//! Reading and writing decimal text agree, for every number and every scale.

use kedge_units::decimal::{format, parse, rounded};
use proptest::prelude::*;

/// Scales beyond what any unit of the exchange or of a mint has.
const SCALES: core::ops::RangeInclusive<u32> = 0..=19;

/// The text of a number as an integer at a scale that has room for all its digits, computed another way.
fn read(text: &str, scale: u32) -> i128 {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction:0<width$}", width = usize::try_from(scale).unwrap());
    sign * digits.parse::<i128>().unwrap()
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value: u64, scale in SCALES, least in 0usize..25) {
        prop_assert_eq!(parse(&format(value, scale, least), scale), Ok(value));
    }

    #[test]
    fn what_is_read_is_written_in_its_shortest_form(whole in "0|[1-9][0-9]{0,6}", fraction in "[0-9]{0,9}", scale in 9u32..=12) {
        let value = parse(&format!("{whole}.{fraction}"), scale).unwrap();
        let shortest = format!("{whole}.{}", fraction.trim_end_matches('0'));
        prop_assert_eq!(format(value, scale, 0), shortest.trim_end_matches('.'));
    }

    #[test]
    fn every_sign_and_width_is_written_exactly(value: i64, scale in SCALES, least in 0usize..25) {
        let text = format(value, scale, least);
        prop_assert_eq!(read(&text, scale), i128::from(value));
        let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let scale = usize::try_from(scale).unwrap();
        prop_assert!(digits <= scale && digits >= least.min(scale), "{} has the digits asked for", text);
    }

    #[test]
    fn a_rounded_number_is_the_nearest_with_its_digits(value: i64, scale in SCALES, digits in 0u32..=19) {
        let text = rounded(value, scale, digits);
        let digits = digits.min(scale);
        let error = read(&text, digits) * 10i128.pow(scale - digits) - i128::from(value);
        let half = 10i128.pow(scale - digits);
        prop_assert!(2 * error.abs() <= half, "{} of {} at {}", text, value, scale);
        prop_assert!(2 * error.abs() < half || error.signum() == i128::from(value.signum()) || error == 0, "half away from zero");
        prop_assert!(!text.starts_with('-') || text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)), "no negative zero");
    }

    #[test]
    fn no_text_is_read_as_another_number(text in "[-+0-9._ eE]{0,24}|\\PC{0,12}", scale in SCALES) {
        if let Ok(value) = parse(&text, scale) {
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'_'), "{}", text);
            let plain: String = text.replace('_', "");
            let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
            let fraction = fraction.trim_end_matches('0');
            prop_assert_eq!(read(&format!("0{whole}.{fraction}"), scale), i128::from(value));
        }
    }
}
