//! npm packages: installed once on a machine and copied into checkouts.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::program::cache::{Cache, remove_folder};
use crate::run::phase;

/// Oldest version of Node that the client and its generator run on.
const NODE: (u32, u32) = (20, 18);
/// Files that lock the packages of a folder.
const LOCKED: [&str; 2] = ["package.json", "package-lock.json"];

/// Installs the packages of a folder's lock file, once, without running their install scripts. They are kept outside
/// the checkout (`npm` in the cache folder), and other checkouts get copies.
///
/// # Errors
/// When Node is missing or too old, or packages cannot be had.
pub(crate) fn install(folder: &Path, name: &str) -> Result<()> {
    require_node()?;
    let [manifest, lock] = LOCKED.map(|file| {
        let file = folder.join(file);
        fs::read_to_string(&file).with_context(|| file.display().to_string())
    });
    let (manifest, lock) = (manifest?, lock?);
    let modules = folder.join("node_modules");
    let installed = modules.join(".installed-lock.json");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let cache = Cache::named("npm")?;
    let _alone = cache.lock()?;
    let own = folder.file_name().and_then(|name| name.to_str()).context("a folder without a name")?;
    let piece = cache.piece(own, &[&manifest, &lock], |piece| {
        for (file, text) in LOCKED.into_iter().zip([&manifest, &lock]) {
            fs::write(piece.join(file), text)?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(piece);
        phase(name, &mut npm)
    })?;
    remove_folder(&modules)?;
    copy(&piece.join("node_modules"), &modules)?;
    fs::write(installed, lock)?;
    Ok(())
}

/// Copies a folder with all contents: files with their permissions, links as links.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let (kind, own, copied) = (entry.file_type()?, entry.path(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&own, &copied)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&own)?, &copied)?;
        } else {
            fs::copy(&own, &copied).with_context(|| format!("cannot copy {}", own.display()))?;
        }
    }
    Ok(())
}

fn require_node() -> Result<()> {
    let (major, minor) = NODE;
    let wanted = format!("the TypeScript client (clients/js) needs Node {major}.{minor} or newer, with npm");
    let version = |program: &str| -> Result<String> {
        let output =
            Command::new(program).arg("--version").output().with_context(|| format!("cannot run {program}"))?;
        Ok(String::from_utf8(output.stdout)?)
    };
    let node = version("node").with_context(|| wanted.clone())?;
    let mut numbers = node.trim().trim_start_matches('v').split('.').map(|number| number.parse().unwrap_or(0));
    if (numbers.next(), numbers.next()) < (Some(major), Some(minor)) {
        bail!("{wanted}; found {}", node.trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_copy_is_what_was_installed() {
        let root = std::env::temp_dir().join(format!("kedge-npm-{}", std::process::id()));
        let (from, to) = (root.join("from"), root.join("to"));
        fs::create_dir_all(from.join("tool/bin")).unwrap();
        fs::create_dir_all(from.join(".bin")).unwrap();
        fs::write(from.join("tool/bin/run.js"), "runs").unwrap();
        fs::set_permissions(from.join("tool/bin/run.js"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("../tool/bin/run.js", from.join(".bin/run")).unwrap();
        copy(&from, &to).unwrap();
        // A change in a copy does not reach other checkouts.
        fs::remove_dir_all(&from).unwrap();
        let run = to.join(".bin/run");
        assert_eq!(fs::read_link(&run).unwrap(), Path::new("../tool/bin/run.js"));
        assert_eq!(fs::read_to_string(&run).unwrap(), "runs");
        assert_eq!(fs::metadata(&run).unwrap().permissions().mode() & 0o777, 0o755);
        fs::remove_dir_all(&root).unwrap();
    }
}
