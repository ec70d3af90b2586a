//! `solana-test-validator`, built from the Rust registry into the cache folder once.
//!
//! It is optimised little: what takes its time in the tests are the exchange's transactions, which run as compiled
//! bytecode, while full optimisation of RocksDB and the runtime doubles the time of the build.

mod needs;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::program::cache::Cache;
use crate::run::{cargo, phase};

/// Its crate, the version of the exchange's own Solana crates, and the binary that is wanted of it.
const CRATE: &str = "agave-validator";
const VERSION: &str = "4.2.2";
const BINARY: &str = "solana-test-validator";

/// What the build is told beside the version.
const SETTINGS: [(&str, &str); 6] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_INCREMENTAL", "false"),
    ("CXXFLAGS", "-O1"),
];

/// What the build takes.
const COST: &str = "about 45 minutes of one core, half of that on two, and 8 GB of disk while it runs";

/// Flags of `validator`.
#[derive(Args)]
pub struct ValidatorArgs {
    /// Only say what the build needs of this machine and whether it is there
    #[arg(long)]
    check: bool,
    /// Only say whether it is in the cache; fails when it is not
    #[arg(long, conflicts_with = "check")]
    cached: bool,
}

/// Builds the validator and says where it is, or what its build lacks.
///
/// # Errors
/// As [`path`]; with `--check`, when something is missing.
pub fn run(args: &ValidatorArgs) -> Result<()> {
    if args.check {
        return needs::report();
    }
    if args.cached {
        let cache = Cache::named("validator")?;
        let given = std::env::var_os("KEDGE_TEST_VALIDATOR").is_some();
        ensure!(
            given || cache.has(BINARY, &[CRATE, VERSION, &settings()]),
            "{CRATE} {VERSION} is not in the cache: {COST}"
        );
        println!("[validator] {CRATE} {VERSION} is there");
        return Ok(());
    }
    println!("{}", path()?.display());
    Ok(())
}

/// Says what a run that needs the validator is in for, and brings what its build needs of the machine, so that a machine
/// where that cannot be had says so in the first minute.
///
/// # Errors
/// As [`path`].
pub fn announce() -> Result<()> {
    if std::env::var_os("KEDGE_TEST_VALIDATOR").is_some() {
        return Ok(());
    }
    let cache = Cache::named("validator")?;
    if cache.has(BINARY, &[CRATE, VERSION, &settings()]) {
        println!("[validator] {CRATE} {VERSION} is in the cache");
        return Ok(());
    }
    println!("[validator] {CRATE} {VERSION} is not in the cache and will be built first: {COST}");
    needs::meet()
}

/// The settings as one text, an ingredient of the cached piece.
fn settings() -> String {
    SETTINGS.map(|(name, value)| format!("{name}={value}")).join("\n")
}

/// The validator's path; `KEDGE_TEST_VALIDATOR` names one that is there already. The first call builds it;
/// one that is interrupted goes on where it stopped.
///
/// # Errors
/// When what the build needs cannot be installed, or it fails.
pub fn path() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("KEDGE_TEST_VALIDATOR").map(PathBuf::from) {
        ensure!(given.is_file(), "KEDGE_TEST_VALIDATOR names {}, which is not there", given.display());
        return Ok(given);
    }
    let cache = Cache::named("validator")?;
    let _lock = cache.lock()?;
    let target = cache.root().join("target");
    let piece = cache.piece(BINARY, &[CRATE, VERSION, &settings()], |folder| {
        needs::meet()?;
        let mut install = cargo();
        crate::program::phase::clean_cargo_environment(&mut install);
        // From a folder without a workspace: nothing of ours has a say in it.
        install.current_dir(cache.root()).envs(SETTINGS).env("CARGO_TARGET_DIR", &target);
        install.args(["install", CRATE, "--version", VERSION, "--locked", "--bin", BINARY, "--root"]).arg(folder);
        println!("[validator] {CRATE} {VERSION} is built once: {COST}");
        phase("validator", &mut install)
    })?;
    // Its objects are gigabytes that nobody needs again.
    crate::program::cache::remove_folder(&target)?;
    Ok(piece.join("bin").join(BINARY))
}
