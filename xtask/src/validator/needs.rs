//! Needs of the test validator's build, beside Rust, a C and C++ compiler and make.
//!
//! Each need is checked as the build itself checks it. The checking crates are named and compared with the validator's
//! published lock file: a version whose build needs more is refused before it starts.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use super::{CRATE, VERSION};
use crate::program::{debian, phase::answers};
use crate::run::cargo;

/// A need of the build.
pub(super) struct Need {
    /// Name of the need, for people.
    pub name: &'static str,
    /// Crates of the build that check for it.
    asked_by: &'static [&'static str],
    /// Checks as those crates do.
    is_met: fn() -> bool,
    /// Debian package that provides it.
    pub package: &'static str,
}

/// All needs.
const NEEDS: [Need; 4] = [
    Need {
        name: "pkg-config",
        asked_by: &["bzip2-sys", "libusb1-sys", "libz-sys", "openssl-sys", "zstd-sys"],
        is_met: || answers("pkg-config", &["--version"]),
        package: "pkg-config",
    },
    Need {
        name: "OpenSSL with its headers",
        asked_by: &["openssl-sys"],
        is_met: || answers("pkg-config", &["--exists", "openssl"]),
        package: "libssl-dev",
    },
    Need {
        name: "libudev with its headers",
        asked_by: &["libusb1-sys"],
        is_met: || answers("pkg-config", &["--exists", "libudev"]),
        package: "libudev-dev",
    },
    Need {
        name: "libclang with its headers",
        asked_by: &["bindgen"],
        // The search of bindgen itself: that crate decides which names and folders count, and a name with the same
        // beginning, such as libclang-cpp's, is another library.
        is_met: || clang_sys::load().is_ok(),
        package: "libclang-dev",
    },
];

/// Crates through which a build script searches for something outside its own crate.
const ASKING: [&str; 7] = ["bindgen", "clang-sys", "cmake", "pkg-config", "prost-build", "tonic-prost-build", "vcpkg"];

/// Crates that use one of [`ASKING`] and need nothing of the machine, with the reason.
const CONTENT: [(&str, &str); 4] = [
    ("bindgen", "asks for libclang, which is a need of its own"),
    ("librocksdb-sys", "asks through bindgen"),
    ("tonic-prost-build", "hands on what the crate that uses it says"),
    ("solana-storage-proto", "compiles with the protoc that protobuf-src builds"),
];

/// The needs that this machine does not meet.
pub(super) fn unmet() -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !(need.is_met)()).collect()
}

/// Installs unmet needs, after comparing the table with the validator's lock file.
///
/// # Errors
/// When the build needs something that the table does not know, and when a package cannot be installed or does not
/// provide its need.
pub(super) fn meet() -> Result<()> {
    let unknown = unknown(&std::fs::read_to_string(lock_file()?)?);
    ensure!(
        unknown.is_empty(),
        "the build of {CRATE} {VERSION} searches the machine for something that the table does not know: {}\nadd a row to xtask/src/validator/needs.rs",
        unknown.into_iter().collect::<Vec<_>>().join(", ")
    );
    let packages: Vec<&str> = unmet().iter().map(|need| need.package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    debian::install(&packages, "what builds the test validator")?;
    let still: Vec<&str> = unmet().iter().map(|need| need.name).collect();
    ensure!(still.is_empty(), "{} installed, and still missing: {}", packages.join(" "), still.join(", "));
    Ok(())
}

/// Crates of a lock file that search the machine and have no row in the table.
fn unknown(lock: &str) -> BTreeSet<String> {
    let rows = NEEDS.iter().flat_map(|need| need.asked_by).copied();
    let known: BTreeSet<&str> = rows.chain(CONTENT.iter().map(|(name, _)| *name)).collect();
    asking(lock).into_iter().filter(|name| !known.contains(name.as_str())).collect()
}

/// The crates of a lock file that depend on one of [`ASKING`].
fn asking(lock: &str) -> BTreeSet<String> {
    let quoted = |line: &str| line.split('"').nth(1).map(|text| text.split(' ').next().unwrap_or(text).to_owned());
    let mut found = BTreeSet::new();
    for package in lock.split("[[package]]").skip(1) {
        let name = package.lines().find(|line| line.starts_with("name = ")).and_then(quoted);
        let needs = package.lines().filter(|line| line.starts_with(" \"")).filter_map(quoted);
        if let Some(name) = name
            && needs.into_iter().any(|need| ASKING.contains(&need.as_str()))
        {
            found.insert(name);
        }
    }
    found
}

/// The lock file in the published crate, which cargo downloads to answer about the crate.
fn lock_file() -> Result<PathBuf> {
    let shown = cargo().args(["info", "--quiet", &format!("{CRATE}@{VERSION}")]).output().context("cargo info")?;
    ensure!(shown.status.success(), "cargo info {CRATE}: {}", String::from_utf8_lossy(&shown.stderr).trim());
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let sources = home.context("neither CARGO_HOME nor HOME is set")?.join("registry/src");
    for registry in std::fs::read_dir(&sources).with_context(|| format!("cannot read {}", sources.display()))? {
        let file = registry?.path().join(format!("{CRATE}-{VERSION}/Cargo.lock"));
        if file.is_file() {
            return Ok(file);
        }
    }
    bail!("cargo has not unpacked {CRATE} {VERSION} in {}", sources.display())
}

/// A line for each need: met or not, its package, its crates.
///
/// # Errors
/// When a need is not met.
pub(super) fn report() -> Result<()> {
    for need in &NEEDS {
        let state = if (need.is_met)() { "there   " } else { "missing " };
        println!("{state} {} (Debian: {}; asked for by {})", need.name, need.package, need.asked_by.join(", "));
    }
    let missing: Vec<&str> = unmet().iter().map(|need| need.package).collect();
    ensure!(missing.is_empty(), "missing for the build of the test validator: {}", missing.join(" "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published lock file itself: the build will run it.
    #[test]
    fn every_crate_of_the_validators_build_that_asks_the_machine_has_a_row() {
        let lock = std::fs::read_to_string(lock_file().unwrap()).unwrap();
        assert_eq!(unknown(&lock), BTreeSet::new());
        let found = asking(&lock);
        for name in NEEDS.iter().flat_map(|need| need.asked_by).chain(CONTENT.iter().map(|(name, _)| name)) {
            assert!(found.contains(*name), "{name} has a row and asks for nothing");
        }
    }

    #[test]
    fn a_build_that_asks_for_more_is_refused() {
        let lock =
            "[[package]]\nname = \"fresh-sys\"\ndependencies = [\n \"cmake 0.1.5\",\n]\n[[package]]\nname = \"calm\"\n";
        assert_eq!(unknown(lock), BTreeSet::from(["fresh-sys".to_owned()]));
    }
}
