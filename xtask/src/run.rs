//! Running other programs, and saying how long each phase took.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The checkout's root.
pub fn root() -> PathBuf {
    // Asked at run time, since two checkouts may share a target folder; xtask lies directly below the root.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    manifest.parent().map(PathBuf::from).unwrap_or_default()
}

/// The cargo that runs this.
pub fn cargo() -> Command {
    let mut command = bare_cargo();
    command.current_dir(root());
    command
}

/// The same in the folder of whoever runs it, without what cargo told this program of itself. Build scripts of
/// dependencies look at that (ring's does), and everything on top of them would be built anew for each checkout, whose path
/// is part of it.
pub fn bare_cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_told) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether a variable is one that cargo sets for a program that it runs.
pub fn is_told(name: &str) -> bool {
    ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// Cargo's target folder.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Builds binaries of the workspace with the features that its tests use: with a narrower selection cargo would
/// build most of the dependencies a second time. It takes an example, cheap as it is, for cargo to count what only
/// tests depend on.
pub fn build(binaries: &[&str]) -> Command {
    let mut command = cargo();
    command.args(["build", "--workspace", "--locked", "--example", "vectors"]);
    for binary in binaries {
        command.args(["--bin", binary]);
    }
    command
}

/// Runs a command with its output shown, between a line that names the phase and one that times it.
pub fn phase(name: &str, command: &mut Command) -> Result<()> {
    println!("[{name}] ...");
    let start = Instant::now();
    let status = command.status().with_context(|| format!("{name}: cannot start {:?}", command.get_program()))?;
    println!("[{name}] {:.1} s", start.elapsed().as_secs_f64());
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}
