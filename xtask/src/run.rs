//! Runs other programs and reports the duration of each phase.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Root folder of the checkout.
pub(crate) fn root() -> PathBuf {
    // Asked at run time, since checkouts may share a target folder; xtask lies directly below the root.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    manifest.parent().map(PathBuf::from).unwrap_or_default()
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> Command {
    let mut command = bare_cargo();
    command.current_dir(root());
    command
}

/// Cargo in the caller's folder, without the variables that cargo set for this program. Build scripts of dependencies
/// (ring's) look at those, and everything above them would be rebuilt for each checkout, whose path is part of it.
pub(crate) fn bare_cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_told) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether cargo sets a variable for the programs that it runs.
pub(crate) fn is_told(name: &str) -> bool {
    ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// Cargo's target folder, in the checkout or from the environment.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Builds binaries of the workspace with the features of its tests: with a narrower selection cargo would build most
/// dependencies a second time. A cheap example makes cargo count the features of dev-dependencies.
pub(crate) fn build(binaries: &[&str]) -> Command {
    let mut command = cargo();
    command.args(["build", "--workspace", "--locked", "--example", "vectors"]);
    for binary in binaries {
        command.args(["--bin", binary]);
    }
    command
}

/// Runs a command with its output shown, between a line with its name and a line with its duration.
pub(crate) fn phase(name: &str, command: &mut Command) -> Result<()> {
    println!("[{name}] ...");
    let start = Instant::now();
    let status = command.status().with_context(|| format!("{name}: cannot start {:?}", command.get_program()))?;
    println!("[{name}] {:.1} s", start.elapsed().as_secs_f64());
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}
