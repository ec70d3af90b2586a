//! `cargo xtask miri`: tests of the model and every cast of account bytes under Miri, the interpreter that finds undefined
//! behaviour: reads beyond a buffer or of the wrong alignment, two ways into the same bytes, values that a type cannot have.
//!
//! Miri is a hundred times slower than a compiled test, so a chosen part runs, and all of it on demand. It needs a nightly
//! toolchain, whose components rustup adds.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::program::phase::{answers, clean_cargo_environment, output};
use crate::run::{phase, root, target};

/// The variable that names another nightly toolchain than rustup's newest.
const VARIABLE: &str = "KEDGE_NIGHTLY";
/// What is needed of it.
const COMPONENTS: [&str; 2] = ["miri", "rust-src"];
/// Pointers keep what they may reach, and tests read their tables.
const FLAGS: &str = "-Zmiri-strict-provenance -Zmiri-disable-isolation";

/// A package's test binaries, and tests of these that stay out of the chosen part, since they take minutes each.
struct Part {
    package: &'static str,
    binaries: &'static [&'static str],
    skipped: &'static [&'static str],
}

/// The chosen part: who casts account bytes, arguments and records, then what the model does with them.
const CHOSEN: [Part; 4] = [
    Part { package: "kedge", binaries: &["--lib"], skipped: &[] },
    Part { package: "kedge-abi", binaries: &["--lib"], skipped: &[] },
    Part { package: "kedge-interface", binaries: &["--test=accounts", "--test=events"], skipped: &[] },
    Part {
        package: "kedge-model",
        binaries: &["--lib", "--test=records", "--test=listing", "--test=orders", "--test=limits", "--test=signed"],
        skipped: &[
            "a_number_is_accepted_once",
            "a_settlement_records_what",
            "action::tier::tests",
            "what_was_written_is_read",
        ],
    },
];
/// Packages of the whole: all that the program is made of, and what reads its accounts on the other side.
const ALL: [&str; 6] = ["kedge", "kedge-abi", "kedge-oracle", "kedge-interface", "kedge-engine", "kedge-model"];

/// Flags of `miri`.
#[derive(Args)]
pub(crate) struct MiriArgs {
    /// Every test of these crates instead of the chosen part: many hours
    #[arg(long)]
    all: bool,
    /// Only bring the toolchain; fails when it cannot be had
    #[arg(long, conflicts_with = "all")]
    setup_only: bool,
}

/// Runs the part, or all.
///
/// # Errors
/// When a test fails or Miri finds undefined behaviour, and when Miri cannot be had.
pub(crate) fn run(args: &MiriArgs) -> Result<()> {
    let nightly = std::env::var(VARIABLE).unwrap_or_else(|_| "nightly".to_owned());
    prepare(&nightly)
        .context("Miri cannot be had: it needs rustup with a nightly toolchain and its components miri and rust-src")?;
    if args.setup_only {
        return Ok(());
    }
    if args.all {
        let mut test = miri(&nightly);
        test.args(["test", "--locked", "--no-fail-fast"]);
        test.args(ALL.iter().flat_map(|package| ["--package", package]));
        return phase("miri, all", &mut test);
    }
    for part in &CHOSEN {
        let mut test = miri(&nightly);
        test.args(["test", "--locked", "--package", part.package]).args(part.binaries);
        // Beside `--lib` and tests, documentation has none.
        test.arg("--").args(part.skipped.iter().flat_map(|name| ["--skip", name]));
        phase(&format!("miri: {}", part.package), &mut test)?;
    }
    Ok(())
}

/// Brings the toolchain and its components where they are missing.
fn prepare(nightly: &str) -> Result<()> {
    ensure!(answers("rustup", &["--version"]), "rustup does not run");
    if !answers("rustup", &["run", nightly, "rustc", "-vV"]) {
        let mut install = Command::new("rustup");
        install.args(["toolchain", "install", nightly, "--profile", "minimal", "--no-self-update"]);
        phase("miri: toolchain", &mut install)?;
    }
    let sysroot = output(Command::new("rustup").args(["run", nightly, "rustc", "--print", "sysroot"]))?;
    let source = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library");
    if !source.is_dir() || !answers("rustup", &["run", nightly, "cargo-miri", "miri", "--version"]) {
        let mut add = Command::new("rustup");
        phase("miri: components", add.args(["component", "add", "--toolchain", nightly]).args(COMPONENTS))?;
    }
    Ok(())
}

/// `cargo miri` of the toolchain, in a target folder of its own.
fn miri(nightly: &str) -> Command {
    let mut command = Command::new("rustup");
    clean_cargo_environment(&mut command);
    command.current_dir(root()).args(["run", nightly, "cargo", "miri"]);
    // What the cargo that runs this says of its own toolchain.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    command.env("CARGO_TARGET_DIR", target().join("miri")).env("MIRIFLAGS", FLAGS);
    command
}
