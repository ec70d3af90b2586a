//! The committed list of advisories.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use semver::{Version, VersionReq};
use serde::Deserialize;

use super::range;

/// A known fault of a crate.
pub(super) struct Advisory<'a> {
    /// Id of the advisory.
    pub id: &'a str,
    /// Name of the crate.
    pub package: &'a str,
    /// Kind of fault: `vulnerability`, `unsound`, `unmaintained` or `notice`.
    pub kind: &'a str,
    /// Title of the advisory.
    pub title: &'a str,
    /// Ranges of versions without the fault.
    without: Vec<VersionReq>,
}

impl Advisory<'_> {
    /// Whether a version has the fault.
    pub(super) fn is_about(&self, version: &Version) -> bool {
        !self.without.iter().any(|range| range::holds(range, version))
    }
}

/// The date of the list and its advisories.
///
/// # Errors
/// When a line cannot be read.
pub(super) fn parse(text: &str) -> Result<(String, Vec<Advisory<'_>>)> {
    let date = text.lines().find_map(|line| line.strip_prefix("# snapshot of ")).context("list.tsv has no date")?;
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let read = |line| {
        let columns: Vec<&str> = str::split(line, '\t').collect();
        let [id, package, kind, patched, unaffected, title] = columns[..] else {
            anyhow::bail!("list.tsv: {line:?} has no six columns")
        };
        let mut without = range::parse(patched).with_context(|| id.to_owned())?;
        without.extend(range::parse(unaffected).with_context(|| id.to_owned())?);
        Ok(Advisory { id, package, kind, title, without })
    };
    Ok((date.get(..10).unwrap_or(date).to_owned(), lines.map(read).collect::<Result<_>>()?))
}

/// Days from a date (`2026-08-21`) to today; `None` for a text that is no date.
pub(super) fn days_since(date: &str) -> Option<u64> {
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    // Counted from 1 March of year 0, so that a leap day ends its year.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let today = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs() / 86_400;
    u64::try_from(i64::try_from(today).ok()? - (days - 719_468)).ok()
}

#[derive(Deserialize)]
struct File {
    advisory: Head,
    versions: Versions,
}

#[derive(Deserialize)]
struct Head {
    id: String,
    package: String,
    informational: Option<String>,
    withdrawn: Option<toml::Value>,
}

#[derive(Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

/// Writes the list from a checkout of the database.
///
/// # Errors
/// When the checkout or one of its advisories cannot be read.
pub(super) fn update(checkout: &Path, file: &Path) -> Result<()> {
    let git = |arguments: &[&str]| -> Result<String> {
        let output = Command::new("git").arg("-C").arg(checkout).args(arguments).output().context("git")?;
        ensure!(
            output.status.success(),
            "{} is no checkout: {}",
            checkout.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let commit = git(&["log", "-1", "--format=%cs, commit %H"])?;
    let mut lines = Vec::new();
    for path in advisories(&checkout.join("crates"))? {
        let text = std::fs::read_to_string(&path)?;
        lines.extend(line(&text).with_context(|| path.display().to_string())?);
    }
    lines.sort();
    let mut list = format!(
        "# snapshot of {commit}\n\
         # The RustSec advisory database (https://github.com/rustsec/advisory-db) in short, without what was withdrawn. It is\n\
         # dedicated to the public domain (CC0); advisories that it takes from the GitHub Advisory Database are CC-BY 4.0.\n\
         # Written by `cargo xtask advisories --update`. Columns: number, package, kind, patched versions, unaffected versions, title.\n"
    );
    lines.iter().try_for_each(|line| writeln!(list, "{line}"))?;
    std::fs::write(file, list)?;
    println!("[advisories] {} advisories of {commit}", lines.len());
    Ok(())
}

fn advisories(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        for file in std::fs::read_dir(entry?.path())? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// An advisory as a line; `None` for a withdrawn one.
fn line(text: &str) -> Result<Option<String>> {
    let (_, rest) = text.split_once("```toml").context("no front matter")?;
    let (head, body) = rest.split_once("```").context("the front matter does not end")?;
    let File { advisory, versions } = toml::from_str(head)?;
    if advisory.withdrawn.is_some() {
        return Ok(None);
    }
    let title = body.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("no title").replace('\t', " ");
    let kind = advisory.informational.as_deref().unwrap_or("vulnerability");
    let (patched, unaffected) = (versions.patched.join(" | "), versions.unaffected.join(" | "));
    let (id, package) = (advisory.id, advisory.package);
    Ok(Some(format!("{id}\t{package}\t{kind}\t{patched}\t{unaffected}\t{}", title.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advisory_is_a_line() {
        let text = "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"leaky\"\ndate = \"2026-01-01\"\n\n\
            [versions]\npatched = [\">= 1.2.3\", \"^0.9.4\"]\nunaffected = [\"< 0.5.0\"]\n```\n\n# It leaks\n\nMuch.\n";
        let found = line(text).unwrap().unwrap();
        assert_eq!(found, "RUSTSEC-2026-0001\tleaky\tvulnerability\t>= 1.2.3 | ^0.9.4\t< 0.5.0\tIt leaks");
        let list = format!("# snapshot of 2026-08-21, commit x\n{found}\n");
        let (date, advisories) = parse(&list).unwrap();
        assert_eq!((&date[..], advisories[0].title), ("2026-08-21", "It leaks"));
        let is_about = |version: &str| advisories[0].is_about(&version.parse().unwrap());
        assert_eq!(["1.2.2", "1.2.3", "0.9.3", "0.9.5", "0.4.0"].map(is_about), [true, false, true, false, false]);
        let withdrawn = text.replace("date = ", "withdrawn = \"2026-02-01\"\ndate = ");
        assert_eq!(line(&withdrawn).unwrap(), None);
        assert_eq!((days_since("1970-01-01").unwrap() - days_since("1970-03-02").unwrap()), 60);
        assert_eq!(days_since("2000-02-29").unwrap() - days_since("2001-02-28").unwrap(), 365);
    }
}
