//! Unix time as a date.

/// A moment in UTC, `2026-02-03 00:30:00 UTC`.
pub fn date_time(unix: i64) -> String {
    let (days, seconds) = (unix.div_euclid(86_400), unix.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hours:02}:{minutes:02}:{seconds:02} UTC")
}

/// A moment without its year for tables, `02-03 00:30:00`; a dash where nobody knows it.
pub fn short(unix: Option<i64>) -> String {
    let full = unix.map(date_time);
    full.and_then(|full| full.split_once('-').map(|(_, rest)| rest.trim_end_matches(" UTC").to_owned()))
        .unwrap_or_else(|| "-".into())
}

/// Year, month and day of a number of days since 1970, in the Gregorian calendar: years are counted from March, so that
/// the leap day ends one.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::date_time;

    #[test]
    fn no_second_of_an_endpoint_is_too_far_off() {
        for unix in [i64::MIN, i64::MIN + 1, i64::MAX] {
            assert!(date_time(unix).ends_with(" UTC"));
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
    }
}
