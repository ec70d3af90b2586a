//! The toolchain that builds the programs.

use super::phase;
use anyhow::{Result, bail};
use clap::ValueEnum;
use std::fmt;

/// Choice of the toolchain on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Choice {
    /// The Anza tools when they are installed, upstream LLVM otherwise.
    Auto,
    /// `cargo build-sbf`.
    Anza,
    /// The upstream LLVM BPF backend.
    Upstream,
}

/// The chosen toolchain.
pub(super) enum Backend {
    /// `cargo build-sbf` from the Anza release.
    AnzaTools,
    /// Rustup's or Debian's rustc, LLVM 23 and `sbpf-linker`, all from package registries.
    UpstreamLlvm,
}

impl Backend {
    /// Resolves the choice against the installed tools.
    ///
    /// # Errors
    /// When the Anza tools are chosen and not installed, and when upstream LLVM is chosen on a machine that it has no
    /// binaries for.
    pub(super) fn choose(choice: Choice) -> Result<Self> {
        let anza = || phase::answers("cargo-build-sbf", &["--version"]);
        match choice {
            Choice::Anza if !anza() => bail!(
                "the Anza tools were asked for, and `cargo-build-sbf --version` does not run\n\
                 install them (https://docs.anza.xyz/cli/install), or leave the choice of the backend to `auto`"
            ),
            Choice::Anza => Ok(Self::AnzaTools),
            Choice::Auto if anza() => Ok(Self::AnzaTools),
            Choice::Auto | Choice::Upstream if cfg!(all(target_os = "linux", target_arch = "x86_64")) => {
                Ok(Self::UpstreamLlvm)
            }
            Choice::Auto | Choice::Upstream => bail!(
                "building with upstream LLVM needs x86_64 Linux: its LLVM libraries are pinned for that platform only\n\
                 install the Anza tools (https://docs.anza.xyz/cli/install); `cargo build-sbf` is then used"
            ),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AnzaTools => "anza (cargo build-sbf)",
            Self::UpstreamLlvm => "upstream (rustc, LLVM 23, sbpf-linker)",
        })
    }
}
