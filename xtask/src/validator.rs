//! `solana-test-validator`, built from the Rust registry into the cache folder once.
//!
//! It is optimised little: what takes its time in the tests are the exchange's transactions, which run as compiled
//! bytecode, while full optimisation of RocksDB and the runtime doubles the time of the build.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::program::{cache::Cache, debian, phase::answers};
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

/// Programs and libraries that the build needs, with a command that tells whether each is there, and its Debian package.
const NEEDS: [(&[&str], &str); 6] = [
    (&["clang", "--version"], "clang"),
    (&["cmake", "--version"], "cmake"),
    (&["protoc", "--version"], "protobuf-compiler"),
    (&["pkg-config", "--version"], "pkg-config"),
    (&["pkg-config", "--exists", "libudev"], "libudev-dev"),
    (&["pkg-config", "--exists", "openssl"], "libssl-dev"),
];

/// The validator's path; `KEDGE_TEST_VALIDATOR` names one that is there already. The first call builds it, which takes
/// most of an hour on two cores; one that is interrupted goes on where it stopped.
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
    let settings = SETTINGS.map(|(name, value)| format!("{name}={value}")).join("\n");
    let target = cache.root().join("target");
    let piece = cache.piece(BINARY, &[CRATE, VERSION, &settings], |folder| {
        prepare()?;
        let mut install = cargo();
        crate::program::phase::clean_cargo_environment(&mut install);
        // From a folder without a workspace: nothing of ours has a say in it.
        install.current_dir(cache.root()).envs(SETTINGS).env("CARGO_TARGET_DIR", &target);
        install.args(["install", CRATE, "--version", VERSION, "--locked", "--bin", BINARY, "--root"]).arg(folder);
        println!("[validator] {CRATE} {VERSION} is built once, in about three quarters of an hour on two cores");
        phase("validator", &mut install)
    })?;
    // Its objects are gigabytes that nobody needs again.
    crate::program::cache::remove_folder(&target)?;
    Ok(piece.join("bin").join(BINARY))
}

/// Installs what the build needs and this machine lacks.
fn prepare() -> Result<()> {
    let mut missing: Vec<&str> =
        NEEDS.iter().filter(|(asked, _)| !answers(asked[0], &asked[1..])).map(|(_, package)| *package).collect();
    if !has_libclang() {
        missing.push("libclang-dev");
    }
    if missing.is_empty() { Ok(()) } else { debian::install(&missing, "what builds the test validator") }
}

/// Whether the build will find the C parser's library. It is asked of the crate through which the build's `bindgen` looks
/// for it: that crate has rules of its own for names and folders, and `libclang-cpp`, which is another library, is not one.
fn has_libclang() -> bool {
    clang_sys::load().is_ok()
}
