//! Times as people write them, always UTC.

use anyhow::{Context, Result, ensure};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Reads `2025-02-03T00:30` (seconds, a space for the `T`, or a final `Z` may be there); Unix seconds.
///
/// # Errors
/// Anything else, and dates that do not exist.
pub fn parse(text: &str) -> Result<i64> {
    let what = || format!("{text} is not a time like 2025-02-03T00:30");
    let text = text.trim_end_matches('Z');
    let (date, time) = text.split_once(['T', ' ']).with_context(what)?;
    let numbers = |part: &str, by: char| part.split(by).map(str::parse::<i64>).collect::<Result<Vec<_>, _>>();
    let date = numbers(date, '-').with_context(what)?;
    let time = numbers(time, ':').with_context(what)?;
    let (&[year, month, day], &[hour, minute] | &[hour, minute, _]) = (&date[..], &time[..]) else {
        anyhow::bail!(what());
    };
    let second = time.get(2).copied().unwrap_or(0);
    let sound = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second);
    ensure!(sound && civil(days(year, month, day)) == (year, month, day), what());
    Ok(days(year, month, day) * DAY + hour * 3_600 + minute * 60 + second)
}

/// `2025-02-03 00:30:00`.
#[must_use]
pub fn date_time(unix: i64) -> String {
    let (year, month, day) = civil(unix.div_euclid(DAY));
    format!("{year:04}-{month:02}-{day:02} {}", time(unix))
}

/// `00:30:00`.
#[must_use]
pub fn time(unix: i64) -> String {
    let second = unix.rem_euclid(DAY);
    format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
}

/// Days since 1970 of a date of the Gregorian calendar, counting years from March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        assert_eq!(parse("2025-02-03T00:30").unwrap(), 1_738_542_600);
        assert_eq!(date_time(1_738_542_600), "2025-02-03 00:30:00");
        for day in (0..40_000).step_by(17) {
            let unix = day * DAY + 12_345;
            assert_eq!(parse(&date_time(unix)).unwrap(), unix);
        }
    }

    #[test]
    fn refuses_nonsense() {
        for text in ["", "2025-02-03", "2025-02-30T00:00", "2025-13-01T00:00", "2025-02-03T24:00", "x-y-zT0:0"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
