//! Explains why the exchange refuses a form: the offending lines, and the nearest acceptable numbers.

use kedge_units::decimal;
use toml::{Table, Value};

/// Largest number of lines that are named.
const MOST: usize = 3;
/// Digits after the point of a percentage.
const PERCENT_DIGITS: u32 = 4;

/// Place of a line: its tables and its key.
type Path = Vec<String>;

/// Whether the exchange accepts a form.
pub(super) type Trial<'a> = &'a dyn Fn(&Table) -> bool;

/// The faults of a readable form: each line that alone makes it fail or, when several do, each line that would make a
/// sound form fail. `None` when the form is accepted.
pub(super) fn why(form: &str, sound: &str, taken: Trial<'_>) -> Option<String> {
    let (form, sound): (Table, Table) = (form.parse().ok()?, sound.parse().ok()?);
    if taken(&form) {
        return None;
    }
    let mut lines = Vec::new();
    lines_of(&form, &mut Vec::new(), &mut lines);
    let differ = lines.into_iter().filter(|path| at(&form, path) != at(&sound, path)).collect::<Vec<_>>();
    let alone = |path: &Path| {
        let good = at(&sound, path)?;
        let cured = with(&form, path, good.clone());
        taken(&cured).then(|| told(path, at(&form, path), nearest(&form, path, good, taken)))
    };
    let among_sound = |path: &Path| {
        let (bad, good) = (at(&form, path)?, at(&sound, path)?);
        let spoilt = with(&sound, path, bad.clone());
        (!taken(&spoilt)).then(|| told(path, Some(bad), nearest(&spoilt, path, good, taken)))
    };
    let mut found: Vec<String> = differ.iter().filter_map(alone).collect();
    let joint = if found.is_empty() {
        found = differ.iter().filter_map(among_sound).collect();
        "; "
    } else {
        "; or "
    };
    found.truncate(MOST);
    Some(match found.is_empty() {
        false => found.join(joint),
        true => "its lines do not go together; begin with `kedge admin form` and change one after the other".into(),
    })
}

/// "`row.max_age` is 1: 2 would be taken".
fn told(path: &[String], is: Option<&Value>, taken: Option<String>) -> String {
    let taken = taken.map(|taken| format!(": {taken} would be taken")).unwrap_or_default();
    format!("`{}` is {}{taken}", path.join("."), is.map(shown).unwrap_or_default())
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        other => format!("another {}", other.type_str()),
    }
}

fn lines_of(table: &Table, above: &mut Path, found: &mut Vec<Path>) {
    for (key, value) in table {
        above.push(key.clone());
        match value {
            Value::Table(inner) => lines_of(inner, above, found),
            _ => found.push(above.clone()),
        }
        above.pop();
    }
}

fn at<'a>(table: &'a Table, path: &[String]) -> Option<&'a Value> {
    let (last, tables) = path.split_last()?;
    tables.iter().try_fold(table, |table, key| table.get(key)?.as_table())?.get(last)
}

/// A copy of the form with one line replaced.
fn with(table: &Table, path: &[String], value: Value) -> Table {
    let mut changed = table.clone();
    if let Some((last, tables)) = path.split_last() {
        let inner = tables.iter().try_fold(&mut changed, |table, key| table.get_mut(key)?.as_table_mut());
        if let Some(inner) = inner {
            inner.insert(last.clone(), value);
        }
    }
    changed
}

/// The acceptable number nearest to the refused one, searched toward a sound one.
fn nearest(form: &Table, path: &[String], good: &Value, taken: Trial<'_>) -> Option<String> {
    let bad = at(form, path)?;
    let (digits, refused, accepted) = (digits(bad).max(digits(good)), number(bad), number(good));
    let scaled = |text: String| decimal::parse(&text, digits).ok();
    let (mut refused, mut accepted) = (scaled(refused?)?, scaled(accepted?)?);
    let write = |number: u64| match bad {
        Value::String(text) => {
            let unit = if text.ends_with('%') { "%" } else { "" };
            Some(Value::String(decimal::format(number, digits, 0) + unit))
        }
        _ => i64::try_from(number).ok().map(Value::Integer),
    };
    while accepted.abs_diff(refused) > 1 {
        let middle = refused.midpoint(accepted);
        if taken(&with(form, path, write(middle)?)) { accepted = middle } else { refused = middle }
    }
    write(accepted).map(|value| shown(&value))
}

/// Digits of a line's number, without its unit.
fn number(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim_end_matches('%').trim_end().to_owned()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Digits after the point that the search tries.
fn digits(value: &Value) -> u32 {
    match value {
        Value::String(text) if text.ends_with('%') => PERCENT_DIGITS,
        Value::String(text) => {
            text.split_once('.').map_or(0, |(_, fraction)| u32::try_from(fraction.len()).unwrap_or(0))
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Accepts 2 <= a <= 10 %, b above a's percent, any c.
    fn taken(form: &Table) -> bool {
        let number = |key: &str| number(&form[key]).and_then(|text| decimal::parse(&text, 4).ok()).unwrap();
        (20_000..=100_000).contains(&number("a")) && number("b") > number("a")
    }

    const SOUND: &str = "a = \"5%\"\nb = 7\nc = \"x\"";

    #[test]
    fn the_line_that_keeps_a_form_out_is_named_with_the_nearest_number() {
        let why = |form: &str| why(form, SOUND, &taken);
        assert_eq!(why(SOUND), None);
        assert_eq!(why("a = \"1.25%\"\nb = 7\nc = \"y\"").unwrap(), "`a` is 1.25%: 2% would be taken");
        assert_eq!(why("a = \"40%\"\nb = 70\nc = \"x\"").unwrap(), "`a` is 40%: 10% would be taken");
        assert_eq!(why("a = \"5%\"\nb = 3\nc = \"x\"").unwrap(), "`b` is 3: 6 would be taken");
        // Two lines, each of which alone would mend the form.
        let two = why("a = \"8%\"\nb = 7\nc = \"x\"").unwrap();
        assert_eq!(two, "`a` is 8%: 6.9999% would be taken");
        // Two lines that are both wrong.
        let both = why("a = \"1%\"\nb = 0\nc = \"x\"").unwrap();
        assert_eq!(both, "`a` is 1%: 2% would be taken; `b` is 0: 6 would be taken");
    }
}
