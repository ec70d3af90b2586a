//! Checks the keepers' alert rules and scrape configuration with Prometheus' own `promtool`.

use std::process::Command;

use anyhow::Result;

use crate::run::{phase, root};
use crate::tool::Tool;

/// Checks and tests the rules.
///
/// # Errors
/// When a rule is invalid or fails its test, and when `promtool` cannot be had.
pub(crate) fn check() -> Result<()> {
    let promtool = Tool {
        name: "promtool",
        package: "prometheus",
        place: "usr/bin",
        variable: "KEDGE_PROMTOOL",
        cache: "prometheus",
    };
    let promtool = promtool.path()?;
    let folder = root().join("keepers/prometheus");
    for (name, arguments) in [
        ("scrape configuration", ["check", "config", "scrape.yml"]),
        ("alert rules", ["check", "rules", "alerts.yml"]),
        ("test of the alert rules", ["test", "rules", "alerts_test.yml"]),
    ] {
        phase(name, Command::new(&promtool).args(arguments).current_dir(&folder))?;
    }
    Ok(())
}
