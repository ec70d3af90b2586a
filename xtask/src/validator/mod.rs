//! `solana-test-validator`, built once from the Rust registry into the cache folder.
//!
//! It is optimised little: the tests spend their time in the exchange's transactions, which run as compiled bytecode,
//! while full optimisation of RocksDB and the runtime would double the build time.

mod needs;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::program::cache::Cache;
use crate::run::{cargo, phase};

/// Crate of the validator, in the version of the exchange's own Solana crates, and the binary of it.
const CRATE: &str = "agave-validator";
const VERSION: &str = "4.2.2";
const BINARY: &str = "solana-test-validator";

/// Settings of the build beside the version.
const SETTINGS: [(&str, &str); 6] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_INCREMENTAL", "false"),
    ("CXXFLAGS", "-O1"),
];

/// Cost of the build, in words.
const COST: &str = "about 45 minutes of one core, half of that on two, and 8 GB of disk while it runs";

/// Flags of `validator`.
#[derive(Args)]
pub(crate) struct ValidatorArgs {
    /// Only list what the build needs of this machine, met or not
    #[arg(long)]
    check: bool,
    /// Only say whether it is in the cache; fails when it is not
    #[arg(long, conflicts_with = "check")]
    cached: bool,
}

/// Builds the validator and prints its path, or what its build lacks.
///
/// # Errors
/// As [`path`]; with `--check`, when a need is not met.
pub(crate) fn run(args: &ValidatorArgs) -> Result<()> {
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

/// Announces the validator's build before a run that needs it, and installs its needs first, so that a machine without
/// them fails in the first minute.
///
/// # Errors
/// As [`path`].
pub(crate) fn announce() -> Result<()> {
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

/// Path of the validator; `KEDGE_TEST_VALIDATOR` names an existing one. The first call builds it; an interrupted build
/// continues.
///
/// # Errors
/// When a need of the build cannot be installed, and when the build fails.
pub(crate) fn path() -> Result<PathBuf> {
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
        // From a folder without a workspace, whose settings would apply.
        install.current_dir(cache.root()).envs(SETTINGS).env("CARGO_TARGET_DIR", &target);
        install.args(["install", CRATE, "--version", VERSION, "--locked", "--bin", BINARY, "--root"]).arg(folder);
        println!("[validator] {CRATE} {VERSION} is built once: {COST}");
        phase("validator", &mut install)
    })?;
    // The objects take gigabytes and are not needed again.
    crate::program::cache::remove_folder(&target)?;
    Ok(piece.join("bin").join(BINARY))
}
