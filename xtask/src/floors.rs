//! Part of `cargo xtask lint`: a crate depends only on crates of lower floors, so that no arrow points back, and only
//! tests link the program.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use toml::Table;

use crate::run::root;

/// Crates by floor, lowest first. `dev-dependencies` do not count.
const FLOORS: &[&[&str]] = &[
    &["kedge-libcalls", "kedge-localnet"],
    &["kedge-model", "kedge-selftest", "kedge-mock-receiver"],
    &["kedge-abi", "kedge-units"],
    &["kedge-oracle", "kedge-interface"],
    &["kedge-client", "kedge-engine", "kedge-hostile", "kedge"],
    &["kedge-audit"],
    &["kedge-cli", "kedge-state", "kedge-tests"],
    &["kedge-sender", "kedge-sim"],
    &["kedge-keeper"],
    &["kedge-keepers", "kedge-testbed", "kedge-bank-tests", "kedge-source-tests"],
    &["kedge-demo", "kedge-e2e"],
];
/// The on-chain program. Clients use the crates that it is built from.
const PROGRAM: &str = "kedge";

/// Checks the workspace's manifests against [`FLOORS`].
///
/// # Errors
/// With the first dependency that does not lead down, and for a crate without a floor.
pub(crate) fn check() -> Result<()> {
    let workspace = manifest(&root().join("Cargo.toml"))?;
    let members = workspace["workspace"]["members"].as_array().context("members")?;
    let mut seen = 0;
    for member in members.iter().filter_map(|member| member.as_str()) {
        let folders = match member.strip_suffix("/*") {
            Some(parent) => {
                std::fs::read_dir(root().join(parent))?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?
            }
            None => vec![root().join(member)],
        };
        for folder in folders.iter().filter(|folder| folder.join("Cargo.toml").exists()) {
            seen += usize::from(judge(&manifest(&folder.join("Cargo.toml"))?)?);
        }
    }
    let crates: usize = FLOORS.iter().map(|floor| floor.len()).sum();
    ensure!(seen == crates, "{crates} crates have a floor in xtask/src/floors.rs, {seen} are in the workspace");
    println!("[floors] {seen} crates, every dependency leads down");
    Ok(())
}

/// Whether the manifest is of a crate with a floor. A dependency that does not lead down is an error.
fn judge(manifest: &Table) -> Result<bool> {
    let name = manifest["package"]["name"].as_str().context("a package's name")?;
    if name == "xtask" {
        return Ok(false);
    }
    let own = floor(name)?;
    for dependency in dependencies(manifest).iter().filter(|dependency| dependency.starts_with("kedge")) {
        ensure!(dependency != PROGRAM, "{name} links the program: what both need belongs to kedge-abi or kedge-oracle");
        let below = floor(dependency)?;
        ensure!(below < own, "{name} (floor {own}) depends on {dependency} (floor {below}): arrows lead down");
    }
    Ok(true)
}

fn floor(name: &str) -> Result<usize> {
    match FLOORS.iter().position(|floor| floor.contains(&name)) {
        Some(floor) => Ok(floor),
        None => bail!("{name} stands on no floor of xtask/src/floors.rs: decide what it may depend on"),
    }
}

/// Names of the package's dependencies outside tests, on every target.
fn dependencies(manifest: &Table) -> Vec<String> {
    let names = |table: &Table| -> Vec<String> {
        let listed = ["dependencies", "build-dependencies"].iter().filter_map(|kind| table.get(*kind)?.as_table());
        listed.flat_map(|listed| listed.keys().cloned()).collect()
    };
    let targets = manifest.get("target").and_then(|targets| targets.as_table());
    let of_targets = targets.into_iter().flat_map(Table::values).filter_map(|target| target.as_table()).flat_map(names);
    names(manifest).into_iter().chain(of_targets).collect()
}

fn manifest(path: &Path) -> Result<Table> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    text.parse().with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(name: &str, section: &str, dependency: &str) -> String {
        let text = format!("[package]\nname = \"{name}\"\n[{section}]\n{dependency}.workspace = true\n");
        judge(&text.parse().unwrap()).map_or_else(|error| error.to_string(), |_| "good".into())
    }

    #[test]
    fn arrows_lead_down_and_nobody_links_the_program() {
        assert_eq!(verdict("kedge-client", "dependencies", "kedge-model"), "good");
        assert_eq!(verdict("kedge-model", "dev-dependencies", "kedge-client"), "good");
        assert!(verdict("kedge-model", "dependencies", "kedge-client").contains("arrows lead down"));
        assert!(verdict("kedge-model", "target.'cfg(unix)'.dependencies", "kedge-abi").contains("arrows lead down"));
        assert!(verdict("kedge-interface", "build-dependencies", "kedge-oracle").contains("arrows lead down"));
        assert!(verdict("kedge-e2e", "dependencies", "kedge").contains("links the program"));
        assert!(verdict("kedge-e2e", "dependencies", "kedge-new").contains("no floor"));
        check().unwrap();
    }
}
