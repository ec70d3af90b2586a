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

/// Signs a statement by `kedge audit` with the admin's wallet and has the file checked. Returns what is said, and whether it holds.
pub(crate) fn sign(cluster: &Cluster) -> Result<(String, bool)> {
    let file = cluster.folder.join("solvency.txt");
    let kedge = cluster.keeper.with_file_name("kedge");
    let run = |words: &[&str]| -> Result<(String, bool)> {
        let mut command = Command::new(&kedge);
        command.env("KEDGE_CONFIG", cluster.folder.join("kedge.toml")).args(["--url", &cluster.validator.url()]);
        command.arg("--keypair").arg(cluster.wallet("admin")).arg("audit").args(words).arg(&file);
        let output = command.output().context("kedge audit")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        Ok((text, output.status.success()))
    };
    let (said, signed) = run(&["--statement"])?;
    if !signed {
        return Ok((said, false));
    }
    run(&["--verify"])
}
