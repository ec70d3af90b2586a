//! `cargo xtask mutants`: changes the model one word at a time and checks that its tests notice.
//!
//! The default is a sample, seeded by the commit so that each commit looks at other mutants. Known survivors stand with
//! their reasons in docs/math/mutants.md.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use sha2::{Digest, Sha256};

use crate::program::{cache::Cache, phase::clean_cargo_environment};
use crate::run::{cargo, phase, root, target};

const CRATE: &str = "cargo-mutants";
const VERSION: &str = "27.1.0";
/// The page of known survivors.
const PAGE: &str = "docs/math/mutants.md";
/// Seconds after which a mutant's tests count as stuck; they normally take a few.
const STUCK: &str = "300";
/// Test binaries of a sample, beside the crate's unit tests: nearly every mutant that dies dies in these, and each
/// further binary would be built for each mutant.
const OF_A_SAMPLE: [&str; 28] = [
    "reference",
    "quotes",
    "signed",
    "pockets",
    "changes",
    "lifecycle",
    "auctions",
    "conditional",
    "attacks",
    "audits",
    "bounds",
    "listing",
    "states",
    "orders",
    "prices",
    "groups",
    "records",
    "rests",
    "risk",
    "backstop",
    "haircut",
    "halts",
    "pauses",
    "silence",
    "tranche",
    "unbacked",
    "uncross",
    "waterfall",
];

/// Flags of `mutants`.
#[derive(Args)]
pub(crate) struct MutantsArgs {
    /// Number of mutants in the sample
    #[arg(long, default_value_t = 24)]
    sample: usize,
    /// Text that seeds the sample instead of the commit
    #[arg(long)]
    seed: Option<String>,
    /// All mutants, which takes hours
    #[arg(long)]
    all: bool,
    /// Number of mutants tested at once, each in a copy of the checkout
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

/// Tests a sample, or all mutants.
///
/// # Errors
/// When more than a quarter of a sample survives and is not on the page; with all mutants, when any such mutant
/// survives.
pub(crate) fn run(args: &MutantsArgs) -> Result<()> {
    let folder = tool()?;
    let mutants = |words: &[&str]| {
        let mut command = cargo();
        clean_cargo_environment(&mut command);
        // The copies must not share a target folder.
        command.env_remove("CARGO_TARGET_DIR");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(folder.join("bin")).chain(std::env::split_paths(&path));
        if let Ok(paths) = std::env::join_paths(paths) {
            command.env("PATH", paths);
        }
        command.args(["mutants", "--package", "kedge-model", "--exclude", "crates/model/src/fault.rs"]).args(words);
        command
    };
    let list = mutants(&["--list"]).output().context("cannot list the mutants")?;
    ensure!(list.status.success(), "cannot list the mutants: {}", String::from_utf8_lossy(&list.stderr));
    let total = String::from_utf8_lossy(&list.stdout).lines().count();
    let shards = if args.all { 1 } else { total.div_ceil(args.sample.max(1)).max(1) };
    let shard = draw(&args.seed.clone().map_or_else(commit, Ok)?, shards);
    let output = target().join("mutants");
    std::fs::create_dir_all(&output)?;
    println!("[mutants] {total} mutants, of which each {shards}th from {shard} on");
    let (shard, jobs) = (format!("{shard}/{shards}"), args.jobs.to_string());
    let mut test = mutants(&["--shard", &shard, "--sharding", "round-robin", "--jobs", &jobs, "--timeout", STUCK]);
    // The tests without a mutant have just run.
    test.args(["--baseline", "skip", "--profile", "mutants", "--colors", "never", "--output"]).arg(&output);
    test.arg("--cargo-arg=--locked");
    if !args.all {
        // Behind `--` they alone would run, but all others would still be built.
        test.arg("--cargo-arg=--lib").args(OF_A_SAMPLE.map(|name| format!("--cargo-arg=--test={name}")));
    }
    // The verdict on survivors follows below.
    if let Err(error) = phase("mutants", &mut test) {
        println!("[mutants] {error}");
    }
    judge(&output.join("mutants.out"), args.all)
}

/// Reports survivors that are not on the page.
fn judge(found: &Path, all: bool) -> Result<()> {
    let names = |file: &str| -> Result<Vec<String>> {
        let path = found.join(file);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(text.lines().map(without_place).collect())
    };
    let survivors = [names("missed.txt")?, names("timeout.txt")?].concat();
    let caught = names("caught.txt")?.len();
    let tested = caught + survivors.len();
    ensure!(tested > 0, "no mutant was tested: {}", found.display());
    let page = std::fs::read_to_string(root().join(PAGE)).context(PAGE)?;
    let known: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let new: Vec<&String> = survivors.iter().filter(|name| !known.contains(name.as_str())).collect();
    println!("[mutants] {caught} of {tested} killed; of {} survivors {} are not in {PAGE}", survivors.len(), new.len());
    new.iter().for_each(|name| println!("[mutants]   {name}"));
    if (all && !new.is_empty()) || new.len() * 4 > tested {
        bail!(
            "the tests do not notice these changes: add a row to a table of tests/reference, or the reason to {PAGE}"
        );
    }
    Ok(())
}

/// A mutant's name without line and column, which move.
fn without_place(name: &str) -> String {
    let mut parts = name.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(_), Some(_), Some(what)) => format!("{file}:{what}"),
        _ => name.to_owned(),
    }
}

/// A number below `count`, drawn by a text.
fn draw(text: &str, count: usize) -> usize {
    let digest = Sha256::digest(text);
    let number = digest.iter().take(4).fold(0usize, |number, byte| number << 8 | usize::from(*byte));
    number % count
}

/// Hash of the checked-out commit.
fn commit() -> Result<String> {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(root()).output().context("git")?;
    ensure!(output.status.success(), "no commit is checked out: name --seed");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Folder of cargo-mutants, which is installed once.
fn tool() -> Result<PathBuf> {
    let cache = Cache::named("mutants")?;
    let _lock = cache.lock()?;
    let target = cache.root().join("target");
    cache.piece(CRATE, &[CRATE, VERSION], |folder| {
        let mut install = cargo();
        clean_cargo_environment(&mut install);
        install.current_dir(cache.root()).env("CARGO_TARGET_DIR", &target);
        install.args(["install", CRATE, "--version", VERSION, "--locked", "--root"]).arg(folder);
        phase("mutants: install", &mut install)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_its_place_and_a_sample_moves_with_the_commit() {
        let name = "crates/model/src/num.rs:12:3: replace < with <= in a::b";
        assert_eq!(without_place(name), "crates/model/src/num.rs: replace < with <= in a::b");
        assert!((0..64u32).map(|commit| draw(&commit.to_string(), 119)).collect::<BTreeSet<_>>().len() > 40);
        assert_eq!(draw("a", 1), 0);
    }
}
