//! The auditor's statement.

use std::process::Command;

use anyhow::{Context, Result};

use crate::cluster::Cluster;
use crate::keeper::Keeper;

/// Runs `kedge-keeper audit` with a keeper's configuration. Returns its text, and whether everything holds.
pub(crate) fn statement(cluster: &Cluster, keeper: &Keeper) -> Result<(String, bool)> {
    let mut command = Command::new(&cluster.keeper);
    let output = command.arg("--config").arg(keeper.config()).arg("audit").output().context("kedge-keeper audit")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ok((text, output.status.success()))
}
