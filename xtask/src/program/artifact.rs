//! The programs in `target/deploy`.

use super::package::Package;
use super::{cache, phase};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// ELF machine numbers that the loader accepts: EM_BPF and EM_SBPF.
const MACHINES: [u16; 2] = [247, 263];

/// Folder of programs and keypairs in the layout of the Anza and Anchor tools.
pub(super) fn deploy_folder(root: &Path) -> PathBuf {
    root.join("target").join("deploy")
}

/// Copies a built program into `target/deploy`.
///
/// # Errors
/// When the file is missing or is no SBPF program.
pub(super) fn place(root: &Path, package: &Package, built: &Path) -> Result<()> {
    let bytes =
        fs::read(built).with_context(|| format!("cargo reported success and did not write {}", built.display()))?;
    let machine = bytes.get(18..20).map_or(0, |pair| u16::from_le_bytes([pair[0], pair[1]]));
    if !bytes.starts_with(b"\x7fELF") || !MACHINES.contains(&machine) {
        bail!("{} is no SBPF program (ELF machine {machine}): the linker did not do its work", built.display());
    }
    let folder = deploy_folder(root);
    fs::create_dir_all(&folder)?;
    let target = folder.join(package.artifact());
    if fs::read(&target).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    // Renamed into place, so that no test reads half a file.
    let partial = folder.join(format!(".{}.partial", package.artifact()));
    fs::write(&partial, &bytes)?;
    fs::rename(&partial, &target)?;
    Ok(())
}

/// Copies the linked module beside the program: the deployed file has no symbols, and a profile needs names. The module
/// is missing when cargo found the program fresh; the earlier copy is then of the same build.
pub(super) fn place_module(root: &Path, package: &Package, module: &Path) -> Result<()> {
    if module.exists() {
        let folder = deploy_folder(root);
        fs::create_dir_all(&folder)?;
        fs::copy(module, folder.join(format!("{}.ll", package.library)))?;
    }
    Ok(())
}

/// Prints path, size and checksum of a program.
pub(super) fn describe(root: &Path, package: &Package) -> Result<()> {
    let path = deploy_folder(root).join(package.artifact());
    let size = fs::metadata(&path).with_context(|| format!("the build did not write {}", path.display()))?.len();
    phase::note(&format!("target/deploy/{}: {size} bytes, sha256 {}", package.artifact(), cache::hash_file(&path)?));
    Ok(())
}

/// Puts the committed localnet keypairs where the Anchor tools look for program keypairs, so that they agree on the
/// program's address. Existing files are kept.
pub(super) fn place_keypairs(root: &Path) -> Result<()> {
    let folder = deploy_folder(root);
    fs::create_dir_all(&folder)?;
    let target = folder.join("kedge-keypair.json");
    if !target.exists() {
        let source = root.join("toolchain").join("localnet").join("kedge-keypair.json");
        fs::copy(&source, &target).with_context(|| format!("cannot copy {}", source.display()))?;
    }
    Ok(())
}
