//! Backend `anza`: `cargo build-sbf`, as `anchor build` calls it.

use super::package::Package;
use super::{artifact, phase};
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// Builds each package into `target/deploy`.
pub(super) fn build(root: &Path, packages: &[Package], features: &[String]) -> Result<()> {
    for package in packages {
        phase::timed(&format!("building {}", package.name), || {
            let mut command = Command::new("cargo-build-sbf");
            phase::clean_cargo_environment(&mut command)
                .env_remove("RUSTUP_TOOLCHAIN")
                .current_dir(root)
                .arg("--manifest-path")
                .arg(root.join("programs").join(&package.folder).join("Cargo.toml"))
                .arg("--sbf-out-dir")
                .arg(artifact::deploy_folder(root));
            if !features.is_empty() {
                command.arg("--features").arg(features.join(","));
            }
            command.args(["--", "--locked"]);
            phase::run(&mut command, "the compiler's messages are above")
        })?;
        artifact::describe(root, package)?;
    }
    Ok(())
}
