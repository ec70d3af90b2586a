//! `cargo xtask fuzz`: coverage-guided action sequences on a whole exchange.
//!
//! The crate `fuzz` has the layout of `cargo fuzz`, which would have to be installed. This calls the compiler with the
//! flags of `cargo fuzz run --sanitizer none exchange`, which a stable toolchain accepts.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

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
pub(crate) struct FuzzArgs {
    /// What is fuzzed; without it one after the other
    #[arg(long, value_enum)]
    target: Option<Target>,
    /// Actions after which a target ends; a broken rule ends it at once and leaves the sequence in a file
    #[arg(long, default_value_t = 1_000_000)]
    actions: u64,
    /// Seed of the fuzzer, 0 for a random one
    #[arg(long, default_value_t = 0)]
    seed: u32,
    /// Runs these sequences (files) of the named target once instead
    #[arg(requires = "target")]
    replay: Vec<PathBuf>,
}

/// A fuzz target.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// Actions of the model
    Exchange,
    /// Instructions on the engine
    Instructions,
}

impl Target {
    const ALL: [Self; 2] = [Self::Exchange, Self::Instructions];

    const fn name(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Instructions => "instructions",
        }
    }
}

/// The runs that belong to the tests: short, from the same seed and an empty corpus.
pub(crate) fn bounded() -> Result<()> {
    build()?;
    for (target, actions) in [(Target::Exchange, 1_000_000), (Target::Instructions, 200_000)] {
        fuzz(target, &FuzzArgs { target: Some(target), actions, seed: 1, replay: Vec::new() })?;
    }
    Ok(())
}

/// Builds the fuzzers and runs them. What they found before is kept beside the caches and built on.
pub(crate) fn run(args: &FuzzArgs) -> Result<()> {
    build()?;
    let wanted = args.target.map_or_else(|| Target::ALL.to_vec(), |target| vec![target]);
    wanted.into_iter().try_for_each(|target| fuzz(target, args))
}

/// A folder of its own: other flags would rebuild the workspace's.
fn folder() -> PathBuf {
    target().join("fuzz")
}

fn build() -> Result<()> {
    let mut build = cargo();
    build
        .args(["build", "--release", "--locked", "--target", &host()?])
        .current_dir(root().join("fuzz"))
        .env("RUSTFLAGS", FLAGS)
        .env("CARGO_TARGET_DIR", folder());
    phase("fuzz: build", &mut build)
}

fn fuzz(target: Target, args: &FuzzArgs) -> Result<()> {
    let (folder, name) = (folder(), target.name());
    let found = folder.join("found").join(name);
    std::fs::create_dir_all(&found).with_context(|| format!("cannot create {}", found.display()))?;
    let mut fuzzer = std::process::Command::new(folder.join(host()?).join("release").join(name));
    fuzzer.args([LONGEST, "-len_control=0", STUCK, "-verbosity=0"]);
    fuzzer.arg(format!("-artifact_prefix={}/", found.display()));
    if !args.replay.is_empty() {
        fuzzer.args(&args.replay);
    } else {
        fuzzer.env("KEDGE_FUZZ_ACTIONS", args.actions.to_string());
        if args.seed != 0 {
            fuzzer.arg(format!("-seed={}", args.seed));
        } else {
            let corpus = folder.join("corpus").join(name);
            std::fs::create_dir_all(&corpus)?;
            fuzzer.arg(corpus);
        }
    }
    phase(&format!("fuzz {name}"), &mut fuzzer).with_context(|| {
        format!(
            "a rule was broken; the sequence is in {}: cargo xtask fuzz --target {name} <that file> runs it again",
            found.display()
        )
    })
}

/// The host's target triple.
fn host() -> Result<String> {
    let output = std::process::Command::new("rustc").arg("-vV").output().context("rustc does not run")?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}
