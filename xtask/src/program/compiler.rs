//! The compiler of the upstream-LLVM backend: rustup's, which needs neither root nor a certain distribution, or Debian's.
//!
//! Any of the proven releases makes the identical program, so which one is found first decides nothing but the set-up.

use super::pins::{DEBIAN_PACKAGES, DEBIAN_RUSTC, RUSTC_RELEASES};
use super::{debian, phase};
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The variable that names a compiler.
const VARIABLE: &str = "KEDGE_SBPF_RUSTC";
/// Rustup's name of the library source.
const SOURCE: &str = "rust-src";
/// Rustup's variable for the toolchain that is used; its `cargo` sets it for what it runs.
const TOOLCHAIN: &str = "RUSTUP_TOOLCHAIN";

/// A compiler with its library source.
pub(super) struct Compiler {
    /// Path of rustc.
    pub rustc: PathBuf,
    /// Its release: one of the proven ones.
    pub release: String,
    /// All that it says of itself.
    pub version: String,
    /// The source of its standard library.
    pub library: PathBuf,
}

/// The compiler that `KEDGE_SBPF_RUSTC` names, rustup's, or Debian's, in this order.
///
/// # Errors
/// When none is there or can be installed in a proven release with its library source.
pub(super) fn find() -> Result<Compiler> {
    if let Some(path) = std::env::var_os(VARIABLE) {
        return of(Path::new(&path));
    }
    let reason = match rustup() {
        Ok(compiler) => return Ok(compiler),
        Err(reason) => format!("{reason:#}"),
    };
    phase::note(&format!("no compiler by rustup: {reason}"));
    phase::note("Debian's is used instead");
    debian().with_context(|| {
        format!(
            "no rustc {} with its library source: not by rustup ({reason}), nor Debian's",
            RUSTC_RELEASES.join(" or ")
        )
    })
}

/// The toolchain in use when it is a proven release, or one of those, installed when none is.
fn rustup() -> Result<Compiler> {
    ensure!(phase::answers("rustup", &["--version"]), "rustup does not run");
    let active = std::env::var(TOOLCHAIN).unwrap_or_else(|_| "stable".to_owned());
    let proven = |name: &&str| release(Command::new("rustup").args(["run", name, "rustc"])).is_ok();
    let toolchain = match std::iter::once(active.as_str()).chain(RUSTC_RELEASES).find(proven) {
        Some(toolchain) => toolchain,
        None => {
            let release = RUSTC_RELEASES[0];
            phase::timed(&format!("installing rustc {release} with its library source by rustup"), || {
                let mut install = Command::new("rustup");
                install.args(["toolchain", "install", release, "--profile", "minimal", "--component", SOURCE]);
                phase::run(install.arg("--no-self-update"), "rustup's messages are above")
            })?;
            release
        }
    };
    let sysroot = phase::output(Command::new("rustup").args(["run", toolchain, "rustc", "--print", "sysroot"]))?;
    let sysroot = Path::new(sysroot.trim());
    if !has_source(&library_in(sysroot)) {
        phase::timed(&format!("adding the library source to rustup's {toolchain}"), || {
            let mut add = Command::new("rustup");
            add.args(["component", "add", SOURCE, "--toolchain", toolchain]);
            phase::run(&mut add, "rustup's messages are above")
        })?;
    }
    of(&sysroot.join("bin").join("rustc"))
}

/// Debian's, which is installed when there is none.
fn debian() -> Result<Compiler> {
    let rustc = Path::new(DEBIAN_RUSTC);
    let install = |what: &str| debian::install(&DEBIAN_PACKAGES, what);
    if !rustc.is_file() {
        install(&format!("rustc {} with its library source", RUSTC_RELEASES.join(" or ")))?;
        warn_when_host_compiler_changed();
    }
    release(&mut Command::new(rustc))?;
    if !has_source(&library_of(rustc)?) {
        install("the source of the standard library")?;
    }
    of(rustc)
}

/// A compiler by its path.
fn of(rustc: &Path) -> Result<Compiler> {
    let (release, version) = release(&mut Command::new(rustc))?;
    let library = library_of(rustc)?;
    if !has_source(&library) {
        bail!(
            "{} has no library source in {}\n\
             rustup: rustup component add {SOURCE} --toolchain {release}; Debian: apt-get install {}",
            rustc.display(),
            library.display(),
            DEBIAN_PACKAGES[1]
        );
    }
    Ok(Compiler { rustc: rustc.to_owned(), release, version, library })
}

/// The release of a compiler, and all that it says of itself.
///
/// # Errors
/// When it does not run or is no proven release.
fn release(rustc: &mut Command) -> Result<(String, String)> {
    let version = phase::output(rustc.arg("-vV"))?;
    let release = version.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or("unknown").to_owned();
    ensure!(
        RUSTC_RELEASES.contains(&release.as_str()),
        "{} is release {release}, expected {}: the target and the edits of the standard library are proven with these only\n\
         either install one (rustup toolchain install {} --component {SOURCE}; Debian: apt-get install {}, which replaces the package `rustc`),\n\
         or name another one that has the component {SOURCE} in {VARIABLE},\n\
         or install the Anza tools (https://docs.anza.xyz/cli/install); `cargo build-sbf` is then used",
        rustc.get_program().display(),
        RUSTC_RELEASES.join(" or "),
        RUSTC_RELEASES[0],
        DEBIAN_PACKAGES.join(" ")
    );
    Ok((release, version))
}

fn library_of(rustc: &Path) -> Result<PathBuf> {
    Ok(library_in(Path::new(phase::output(Command::new(rustc).args(["--print", "sysroot"]))?.trim())))
}

fn library_in(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib/src/rust/library")
}

fn has_source(library: &Path) -> bool {
    library.join("std/src/lib.rs").is_file()
}

/// The package puts a `rustc` on the machine; host builds are to stay with rustup's.
fn warn_when_host_compiler_changed() {
    let Some(path) = std::env::var_os("PATH") else { return };
    let first = std::env::split_paths(&path).map(|folder| folder.join("rustc")).find(|candidate| candidate.is_file());
    if first.as_deref() == Some(Path::new(DEBIAN_RUSTC)) {
        phase::note(
            "warning: `rustc` is now Debian's compiler; put ~/.cargo/bin before /usr/bin in PATH to keep rustup's for host builds",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proven_release_is_taken() {
        let said = |text: &str| {
            release(Command::new("sh").args(["-c", &format!("printf '{text}'")])).map(|(release, _)| release)
        };
        assert_eq!(said("rustc\nrelease: 1.96.0\nhost: x\n").unwrap(), "1.96.0");
        for other in ["release: 1.97.0-nightly\n", "release: 1.94.1\n", "nothing\n"] {
            let error = said(other).unwrap_err().to_string();
            assert!(error.contains("expected 1.95.0 or 1.96.0") && error.contains(VARIABLE), "{error}");
        }
        assert!(release(&mut Command::new("/nowhere/rustc")).is_err());
    }
}
