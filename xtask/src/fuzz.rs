//! `cargo xtask fuzz`: coverage-guided action sequences on a whole exchange.
//!
//! The crate `fuzz` has the layout of `cargo fuzz`, which would have to be installed. This calls the compiler with the
//! flags of `cargo fuzz run --sanitizer none exchange`, which a stable toolchain accepts.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::run::{cargo, phase, root, target};

/// Compiler flags of `cargo fuzz` for coverage counters and comparisons.
const FLAGS: &str = "--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0";
/// Longest sequence in bytes: 300 actions of 16 bytes.
const LONGEST: &str = "-max_len=4800";
/// Seconds after which a sequence counts as stuck.
const STUCK: &str = "-timeout=30";

/// Flags of `fuzz`.
#[derive(Args)]
pub struct FuzzArgs {
    /// Number of actions; a broken rule ends the run at once and leaves its sequence in a file
    #[arg(long, default_value_t = 1_000_000)]
    actions: u64,
    /// Seed of the fuzzer, 0 for a random one
    #[arg(long, default_value_t = 0)]
    seed: u32,
    /// Run these sequences (files) once instead
    replay: Vec<PathBuf>,
}

impl FuzzArgs {
    /// The bounded run of the tests: short, with a fixed seed and an empty corpus.
    pub fn bounded() -> Self {
        Self { actions: 1_000_000, seed: 1, replay: Vec::new() }
    }
}

/// Builds and runs the fuzzer. Its corpus is kept beside the caches and extended.
pub fn run(args: &FuzzArgs) -> Result<()> {
    // A target folder of its own: the flags would rebuild the workspace.
    let folder = target().join("fuzz");
    let mut build = cargo();
    let host = host()?;
    build
        .args(["build", "--release", "--locked", "--target", &host])
        .current_dir(root().join("fuzz"))
        .env("RUSTFLAGS", FLAGS)
        .env("CARGO_TARGET_DIR", &folder);
    phase("fuzz: build", &mut build)?;
    let found = folder.join("found");
    std::fs::create_dir_all(&found).with_context(|| format!("cannot create {}", found.display()))?;
    let mut fuzzer = std::process::Command::new(folder.join(&host).join("release").join("exchange"));
    fuzzer.args([LONGEST, "-len_control=0", STUCK, "-verbosity=0"]);
    fuzzer.arg(format!("-artifact_prefix={}/", found.display()));
    if !args.replay.is_empty() {
        fuzzer.args(&args.replay);
    } else {
        fuzzer.env("KEDGE_FUZZ_ACTIONS", args.actions.to_string());
        if args.seed != 0 {
            fuzzer.arg(format!("-seed={}", args.seed));
        } else {
            let corpus = folder.join("corpus");
            std::fs::create_dir_all(&corpus)?;
            fuzzer.arg(corpus);
        }
    }
    phase("fuzz", &mut fuzzer).with_context(|| {
        format!("a rule was broken; the sequence is in {}: cargo xtask fuzz <that file> runs it again", found.display())
    })
}

/// The host's target triple.
fn host() -> Result<String> {
    let output = std::process::Command::new("rustc").arg("-vV").output().context("rustc does not run")?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}
