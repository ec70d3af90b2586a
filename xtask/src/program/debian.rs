//! Debian packages that are installed when they are missing.

use super::phase;
use anyhow::{Result, bail, ensure};
use std::path::Path;
use std::process::Command;

/// Installs packages with apt-get, as root or through sudo. `purpose` says in the message what they are needed for.
///
/// # Errors
/// When this is no Debian system, when there is no way to become root, and when apt-get fails.
pub(crate) fn install(packages: &[&str], purpose: &str) -> Result<()> {
    let list = packages.join(" ");
    if !phase::answers("apt-get", &["--version"]) {
        bail!("{purpose} is missing, and there is no apt-get to install it with\ninstall what Debian calls: {list}");
    }
    let Some(prefix) = privilege() else {
        bail!(
            "{purpose} is missing, and installing it needs root or sudo\nrun as root: apt-get update && apt-get install {list}"
        );
    };
    phase::timed(&format!("installing Debian packages {list}"), || {
        phase::run(
            &mut apt(&prefix, &["update", "-qq"]),
            "the package lists could not be brought up to date; apt-get's messages are above",
        )?;
        let mut args = vec!["install", "-y", "-qq", "--no-install-recommends"];
        args.extend(packages);
        phase::run(
            &mut apt(&prefix, &args),
            &format!("apt-get could not install {list}; they are in Debian 12 (bookworm) with its security updates"),
        )
    })
}

/// Unpacks a package into a folder, without installing or starting anything.
///
/// # Errors
/// When this is no Debian system, or the package cannot be had.
pub(crate) fn unpack(package: &str, folder: &Path) -> Result<()> {
    if !phase::answers("apt-get", &["--version"]) {
        bail!("{package} is missing, and there is no apt-get to get it with");
    }
    phase::timed(&format!("fetching Debian package {package}"), || {
        let fetch = || Command::new("apt-get").args(["download", "-qq", package]).current_dir(folder).status();
        if !fetch()?.success() {
            let Some(prefix) = privilege() else {
                bail!("apt-get does not know {package}\nrun as root: apt-get update");
            };
            phase::run(&mut apt(&prefix, &["update", "-qq"]), "the package lists could not be brought up to date")?;
            ensure!(fetch()?.success(), "apt-get could not fetch {package}");
        }
        for file in std::fs::read_dir(folder)? {
            let file = file?.path();
            if file.extension().is_some_and(|extension| extension == "deb") {
                let advice = "the package is damaged";
                phase::run(Command::new("dpkg-deb").arg("-x").arg(&file).arg(folder), advice)?;
                std::fs::remove_file(file)?;
            }
        }
        Ok(())
    })
}

fn apt(prefix: &[&str], args: &[&str]) -> Command {
    let mut words = prefix.iter().copied().chain(["apt-get"]).chain(args.iter().copied());
    let mut command = Command::new(words.next().expect("apt-get is always there"));
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// The command prefix that gives root rights; `None` when there is no way.
fn privilege() -> Option<Vec<&'static str>> {
    let is_root = phase::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if is_root {
        Some(Vec::new())
    } else if phase::answers("sudo", &["--version"]) {
        Some(vec!["sudo"])
    } else {
        None
    }
}
