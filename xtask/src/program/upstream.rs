//! Backend `upstream`: rustc with the LLVM BPF backend, all from package registries.

use super::cache::{self, Cache};
use super::package::Package;
use super::rust_source::RustSource;
use super::{artifact, libcall_check, linker, phase, rust_source, target};
use crate::run::bare_cargo;
use anyhow::Result;
use std::path::Path;

/// Prepares the toolchain and builds each package into `target/deploy`.
pub(super) fn build(root: &Path, packages: &[Package], features: &[String]) -> Result<()> {
    let cache = Cache::open()?;
    let _lock = cache.lock()?;
    let source = rust_source::prepare(&cache)?;
    phase::note(&format!("compiler: {}", source.rustc.display()));
    let linker = linker::prepare(&cache)?;
    for package in packages {
        phase::timed(&format!("building {}", package.name), || {
            compile(root, &cache, &source, &linker, package, features)
        })?;
        artifact::describe(root, package)?;
    }
    Ok(())
}

fn compile(
    root: &Path,
    cache: &Cache,
    source: &RustSource,
    linker: &Path,
    package: &Package,
    features: &[String],
) -> Result<()> {
    let target_folder = cache.target_folder(root);
    let modules = target_folder.join("modules");
    cache::remove_folder(&modules)?;
    std::fs::create_dir_all(&modules)?;
    let mut command = bare_cargo();
    phase::clean_cargo_environment(&mut command)
        .current_dir(root)
        .args(["build", "--lib", "--profile", target::PROFILE, "--package", &package.name])
        .args(["-Zbuild-std=core,alloc,std,panic_abort", "-Zbuild-std-features=", "-Zjson-target-spec", "--target"])
        .arg(target::specification(root))
        .env("CARGO_TARGET_DIR", &target_folder)
        .env("CARGO_ENCODED_RUSTFLAGS", target::flags(linker, &modules).join("\u{1f}"))
        .env("RUSTC", &source.rustc)
        .env("RUSTC_BOOTSTRAP", "1")
        // Marks std as supported on the target, which upstream does not know.
        .env("RUSTC_BOOTSTRAP_SYNTHETIC_TARGET", "1")
        .env("__CARGO_TESTS_ONLY_SRC_ROOT", &source.library);
    if root.join("Cargo.lock").is_file() {
        command.arg("--locked");
    }
    if !features.is_empty() {
        command.arg("--features").arg(features.join(","));
    }
    phase::run(&mut command, "the compiler's messages are above; limits of this backend: toolchain/README.md")?;

    let output = target_folder.join(target::NAME).join(target::PROFILE);
    let built = output.join(package.artifact());
    if let Err(error) = libcall_check::check(&modules, package) {
        // Without its outputs cargo links again, so that the next build checks again.
        for stale in [&built, &output.join("deps").join(package.artifact())] {
            std::fs::remove_file(stale)?;
        }
        return Err(error);
    }
    artifact::place_module(root, package, &modules.join(libcall_check::MODULE))?;
    artifact::place(root, package, &built)
}
