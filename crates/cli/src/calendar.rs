//! Unix time as a date.

use jiff::Timestamp;

/// A moment in UTC, `2026-02-03 00:30:00 UTC`.
pub(crate) fn date_time(unix: i64) -> String {
    written(unix, "%Y-%m-%d %H:%M:%S UTC").unwrap_or_else(|| format!("second {unix}"))
}

/// A moment without its year for tables, `02-03 00:30:00`; a dash for one that is unknown or in no calendar.
pub(crate) fn short(unix: Option<i64>) -> String {
    unix.and_then(|unix| written(unix, "%m-%d %H:%M:%S")).unwrap_or_else(|| "-".into())
}

/// `None` for a second outside the calendar's years, which a hostile endpoint may name.
fn written(unix: i64, form: &str) -> Option<String> {
    Timestamp::from_second(unix).ok().map(|moment| moment.strftime(form).to_string())
}

#[cfg(test)]
mod tests {
    use super::{date_time, short};

    #[test]
    fn no_second_of_an_endpoint_is_too_far_off() {
        for unix in [i64::MIN, i64::MIN + 1, i64::MAX] {
            assert_eq!((date_time(unix), short(Some(unix))), (format!("second {unix}"), "-".into()));
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date_time(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date_time(951_782_399), "2000-02-28 23:59:59 UTC");
        assert_eq!(date_time(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(date_time(1_709_251_199), "2024-02-29 23:59:59 UTC");
        assert_eq!(date_time(1_800_000_000), "2027-01-15 08:00:00 UTC");
        assert_eq!(date_time(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!((short(Some(1_800_000_000)), short(None)), ("01-15 08:00:00".into(), "-".into()));
    }
}
