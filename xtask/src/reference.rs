//! `cargo xtask reference`: the model's formulas against `tests/reference`, which computes them from docs/math alone.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::run::{cargo, phase, root, target};

/// The oldest Python that the reference is written for.
const PYTHON: (u32, u32) = (3, 9);
/// Profile of the model behind the pipe: quick to build.
pub(crate) const PROFILE: &str = "mutants";

/// Flags of `reference`.
#[derive(Args)]
pub(crate) struct ReferenceArgs {
    /// Number of random cases for each formula
    #[arg(long, default_value_t = 10_000_000)]
    cases: u64,
    /// Seed of the cases; a random one when left out
    #[arg(long)]
    seed: Option<u64>,
    /// Check only this formula
    #[arg(long)]
    formula: Option<String>,
}

impl ReferenceArgs {
    /// The bounded run of the tests: about a minute, always with the same cases.
    pub(crate) fn bounded() -> Self {
        Self { cases: 100_000, seed: Some(1), formula: None }
    }
}

/// Checks that the committed tables are the reference's, then compares the model over a pipe.
///
/// # Errors
/// When a table is out of date, or when the model disagrees; the inputs are printed, shrunk as far as possible.
pub(crate) fn run(args: &ReferenceArgs) -> Result<()> {
    let python = python()?;
    let script = |words: &[&str]| {
        let mut command = Command::new(python);
        command.current_dir(root()).arg("tests/reference/run.py").args(words);
        // Nothing is written into the checkout.
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    };
    phase("reference: tables", &mut script(&["tables", "--check"]))?;
    let mut build = cargo();
    build.args(["build", "--locked", "--profile", PROFILE, "--package", "kedge-model", "--example", "formulas"]);
    phase("reference: build", &mut build)?;
    let seed = args.seed.unwrap_or_else(|| {
        std::time::UNIX_EPOCH.elapsed().map_or(0, |elapsed| u64::from(elapsed.subsec_nanos()) + elapsed.as_secs())
    });
    let mut fuzz = script(&["fuzz", "--cases", &args.cases.to_string(), "--seed", &seed.to_string(), "--model"]);
    fuzz.arg(target().join(PROFILE).join("examples").join("formulas"));
    if let Some(formula) = &args.formula {
        fuzz.args(["--formula", formula]);
    }
    phase("reference", &mut fuzz)
}

/// Name of a Python interpreter that is new enough.
///
/// # Errors
/// When there is none.
pub(crate) fn python() -> Result<&'static str> {
    let (major, minor) = PYTHON;
    let wanted = format!("the reference (tests/reference) needs Python {major}.{minor} or newer as python3");
    let test = format!("import sys; sys.exit(sys.version_info < ({major}, {minor}))");
    let status = Command::new("python3").args(["-c", &test]).status().with_context(|| wanted.clone())?;
    ensure!(status.success(), wanted);
    Ok("python3")
}
