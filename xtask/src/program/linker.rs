//! `sbpf-linker`, compiled once against the static LLVM of the wheels.

use super::cache::{self, Cache};
use super::pins::{LINKER_FEATURES, LINKER_VERSION, WHEELS};
use super::{debian, phase, wheels};
use crate::run::bare_cargo;
use anyhow::Result;
use std::path::PathBuf;

/// Path of the linker.
///
/// # Errors
/// When the LLVM libraries cannot be had or the linker does not compile.
pub(super) fn prepare(cache: &Cache) -> Result<PathBuf> {
    let mut ingredients = vec![LINKER_VERSION, LINKER_FEATURES];
    ingredients.extend(WHEELS.iter().map(|wheel| wheel.sha256));
    let folder = cache.piece("linker", &ingredients, |folder| {
        if !phase::answers("g++", &["--version"]) {
            debian::install(&["g++"], "the C++ compiler (g++)")?;
        }
        let wheels = wheels::download(cache)?;
        let llvm = cache.root().join(".llvm.partial");
        cache::remove_folder(&llvm)?;
        let prefix = wheels::unpack(&wheels, &llvm)?;
        phase::timed("compiling sbpf-linker (about two minutes)", || {
            let library = prefix.join("lib");
            let mut command = bare_cargo();
            phase::clean_cargo_environment(&mut command)
                .args(["install", "sbpf-linker", "--locked", "--no-default-features", "--no-track"])
                .arg("--version")
                .arg(format!("={LINKER_VERSION}"))
                .args(["--features", LINKER_FEATURES, "--root"])
                .arg(folder)
                .env("LLVM_PREFIX", &prefix)
                .env("LLVM_SYS_231_PREFIX", &prefix)
                .env("ZLIB_PATH", &library)
                .env("LIBZSTD_PATH", &library);
            phase::run(
                &mut command,
                "sbpf-linker did not compile; cargo's messages are above (it needs g++ and 2 GB of free disk)",
            )
        })?;
        // Only the compilation of the linker needs these 400 MB.
        cache::remove_folder(&llvm)?;
        cache::remove_folder(&wheels)
    })?;
    Ok(folder.join("bin").join("sbpf-linker"))
}
