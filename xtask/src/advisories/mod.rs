//! `cargo xtask advisories`: checks the crates of every lock file against known faults, and all packages for checksums,
//! npm's and pip's too.
//!
//! The RustSec advisory database is a repository, and builds of this project only reach package registries.
//! `toolchain/advisories/list.tsv` is therefore a digest of it: a line for each advisory, with the versions that do not
//! have the fault. `--update` writes it from a checkout. Accepted faults stand in `accepted.tsv` with their reasons; an
//! entry without a matching fault is an error too, so that the list stays true.

mod list;
mod lock;
mod range;
pub(crate) mod tree;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::run::root;
use list::Advisory;
use lock::LockedPackage;

/// Age in days at which a warning says that the list is old.
const OLD: u64 = 180;

/// Flags of `advisories`.
#[derive(Args)]
pub(crate) struct AdvisoriesArgs {
    /// Write the list anew from this checkout of the RustSec advisory database.
    #[arg(long, value_name = "FOLDER")]
    update: Option<PathBuf>,
}

/// Checks the lock files, or updates the list.
pub(crate) fn run(args: &AdvisoriesArgs) -> Result<()> {
    match &args.update {
        Some(checkout) => list::update(checkout, &folder().join("list.tsv")),
        None => check(),
    }
}

fn folder() -> PathBuf {
    root().join("toolchain/advisories")
}

fn read(name: &str) -> Result<String> {
    let path = folder().join(name);
    std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
}

/// Checks all lock files.
///
/// # Errors
/// When a crate has a fault that is not accepted or is not from the registry, when a package has no checksum, and when
/// a list cannot be read.
pub(crate) fn check() -> Result<()> {
    println!("[advisories] ...");
    check_crates()?;
    let npm = checked("package-lock.json", tree::npm)?;
    let pip = checked("requirements.txt", tree::pip)?;
    println!("[advisories] {npm} packages of npm and {pip} of pip have checksums; no list of their faults is here");
    Ok(())
}

/// Checks every file with a name, in the order of paths; returns the number of packages.
fn checked(name: &str, check: fn(&str) -> Result<usize>) -> Result<usize> {
    let mut packages = 0;
    for file in tree::files(&root(), name)? {
        let text = std::fs::read_to_string(root().join(&file));
        packages +=
            text.map_err(Into::into).and_then(|text| check(&text)).with_context(|| file.display().to_string())?;
    }
    Ok(packages)
}

fn check_crates() -> Result<()> {
    let text = read("list.tsv")?;
    let (date, advisories) = list::parse(&text)?;
    let accepted = accepted(&read("accepted.tsv")?)?;
    let mut packages = BTreeSet::new();
    let locks = tree::files(&root(), "Cargo.lock")?;
    for lock in &locks {
        let text = std::fs::read_to_string(root().join(lock)).with_context(|| lock.display().to_string())?;
        packages.extend(lock::parse(&text).with_context(|| lock.display().to_string())?);
    }
    for package in &packages {
        ensure!(package.is_pinned(), "{package} comes from {}: only the registry, with a checksum", package.source);
    }
    let (found, unused) = compare(&packages, &advisories, &accepted);
    ensure!(
        found.is_empty(),
        "packages with known faults:\n{}\nmove them to a version without, or enter them in \
         toolchain/advisories/accepted.tsv with the reason why that cannot be",
        found.join("\n")
    );
    ensure!(unused.is_empty(), "toolchain/advisories/accepted.tsv accepts what is not there: {}", unused.join(", "));
    let age = list::days_since(&date).unwrap_or(u64::MAX);
    println!(
        "[advisories] {} crates of {} lock files, {} advisories of {date}, {} accepted with a reason",
        packages.len(),
        locks.len(),
        advisories.len(),
        accepted.len()
    );
    if age > OLD {
        println!("[advisories] warning: the list is {age} days old: cargo xtask advisories --update FOLDER");
    }
    Ok(())
}

/// Accepted faults: advisory and `package version`.
type Accepted = BTreeSet<(String, String)>;

fn accepted(text: &str) -> Result<Accepted> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [id, package, reason] = columns[..] else {
                anyhow::bail!("accepted.tsv: {line:?} has no three columns")
            };
            ensure!(reason.len() > 20, "accepted.tsv: {id} of {package} has no reason");
            Ok((id.to_owned(), package.to_owned()))
        })
        .collect()
}

/// Faults that are not accepted, and accepted entries without a fault.
fn compare(
    packages: &BTreeSet<LockedPackage>,
    advisories: &[Advisory<'_>],
    accepted: &Accepted,
) -> (Vec<String>, Vec<String>) {
    let (mut found, mut used) = (Vec::new(), BTreeSet::new());
    for package in packages {
        let name = package.to_string();
        for advisory in advisories.iter().filter(|advisory| advisory.package == package.name) {
            if !advisory.is_about(&package.version) {
                continue;
            }
            let entry = (advisory.id.to_owned(), name.clone());
            if accepted.contains(&entry) {
                used.insert(entry);
            } else {
                found.push(format!("  {} {name} ({}): {}", advisory.id, advisory.kind, advisory.title));
            }
        }
    }
    let unused = accepted.difference(&used).map(|(id, package)| format!("{id} of {package}")).collect();
    (found, unused)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# snapshot of 2026-08-21 00:00:00, commit x\n\
        RUSTSEC-2026-0001\tleaky\tvulnerability\t>= 1.2.3\t< 1.0.0\tleaks\n\
        RUSTSEC-2026-0002\told\tunmaintained\t\t\tnobody looks after it\n";

    fn packages(all: &[(&str, &str)]) -> BTreeSet<LockedPackage> {
        let lock = all.iter().map(|(name, version)| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry+x\"\nchecksum = \"0\"\n\n"
            )
        });
        lock::parse(&lock.collect::<String>()).unwrap().into_iter().collect()
    }

    fn outcome(all: &[(&str, &str)], text: &str) -> (usize, usize) {
        let (_, advisories) = list::parse(LIST).unwrap();
        let (found, unused) = compare(&packages(all), &advisories, &accepted(text).unwrap());
        (found.len(), unused.len())
    }

    #[test]
    fn a_fault_is_found_unless_it_is_accepted_and_nothing_is_accepted_for_nothing() {
        assert_eq!(
            outcome(&[("leaky", "1.2.2"), ("leaky", "1.2.3"), ("leaky", "0.9.0"), ("fine", "1.2.2")], ""),
            (1, 0)
        );
        assert_eq!(outcome(&[("old", "7.0.0")], ""), (1, 0));
        let reason = "because whoever depends on it has no other version";
        assert_eq!(outcome(&[("old", "7.0.0")], &format!("RUSTSEC-2026-0002\told 7.0.0\t{reason}\n")), (0, 0));
        assert_eq!(outcome(&[("old", "7.0.1")], &format!("RUSTSEC-2026-0002\told 7.0.0\t{reason}\n")), (1, 1));
        assert!(accepted("RUSTSEC-2026-0002\told 7.0.0\tso\n").is_err(), "a reason is a sentence");
    }

    #[test]
    fn the_lock_files_are_checked() {
        check().unwrap();
    }
}
