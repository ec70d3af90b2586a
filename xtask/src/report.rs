//! The demo's report against the independent judges of crates/demo/judge.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::npm;
use crate::run::{phase, root};

/// Judges the report of the demo's end-to-end test.
///
/// # Errors
/// When there is no report, or a judge objects.
pub(crate) fn run() -> Result<()> {
    let folder = root().join("crates/demo/judge");
    let report = root().join("target/demo-test/report.html");
    ensure!(report.is_file(), "{} is missing: cargo test --workspace --test end_to_end", report.display());
    npm::install(&folder, "install the judges of the demo's report")?;
    phase("judge the demo's report", Command::new("node").arg("check.mjs").arg(report).current_dir(folder))
}
