//! Times as people write them, always UTC.

use anyhow::{Context, Result};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Unix seconds of `2025-02-03T00:30`. Seconds, a space in place of the `T`, and a final `Z` are accepted.
///
/// # Errors
/// For any other form, and for a date or time of day that does not exist.
pub fn parse(text: &str) -> Result<i64> {
    let plain = text.trim_end_matches('Z').replacen(' ', "T", 1);
    // A minute has sixty seconds here: the calendar below would take second 60 for 59.
    let read = |form: &str| DateTime::strptime(form, &plain).ok().filter(|_| !plain.ends_with(":60"));
    let moment = read("%Y-%m-%dT%H:%M:%S").or_else(|| read("%Y-%m-%dT%H:%M"));
    let moment = moment.and_then(|moment| Offset::UTC.to_timestamp(moment).ok());
    Ok(moment.with_context(|| format!("{text} is not a time like 2025-02-03T00:30"))?.as_second())
}

/// `2025-02-03 00:30:00`.
#[must_use]
pub fn date_time(unix: i64) -> String {
    written(unix, "%Y-%m-%d %H:%M:%S")
}

/// `00:30:00`.
#[must_use]
pub fn time(unix: i64) -> String {
    written(unix, "%H:%M:%S")
}

/// `second N` outside the calendar's years, -9999 to 9999.
fn written(unix: i64, form: &str) -> String {
    Timestamp::from_second(unix).map_or_else(|_| format!("second {unix}"), |moment| moment.strftime(form).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        assert_eq!(parse("2025-02-03T00:30").unwrap(), 1_738_542_600);
        assert_eq!(date_time(1_738_542_600), "2025-02-03 00:30:00");
        assert_eq!(time(1_738_542_600), "00:30:00");
        for text in ["2025-02-03 00:30", "2025-02-03T00:30:00Z", "2025-02-03T00:30Z", "2025-2-3T0:30"] {
            assert_eq!(parse(text).unwrap(), 1_738_542_600, "{text}");
        }
        for day in (0..40_000).step_by(17) {
            let unix = day * 86_400 + 12_345;
            assert_eq!(parse(&date_time(unix)).unwrap(), unix);
        }
    }

    #[test]
    fn refuses_nonsense() {
        for text in [
            "",
            "2025-02-03",
            "2025-02-30T00:00",
            "2025-13-01T00:00",
            "2025-02-03T24:00",
            "2025-02-03T00:60",
            "2025-02-03T00:30:60",
            "2025-02-03T00:30:00.5",
            "2025-02-03T00:30+01:00",
            "x-y-zT0:0",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
