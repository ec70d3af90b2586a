//! Packages of a lock file.

use std::fmt::{Display, Formatter};

use anyhow::{Context, Result};
use semver::Version;
use serde::Deserialize;

/// A package of a source other than the workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LockedPackage {
    /// Name of the package.
    pub name: String,
    /// Locked version.
    pub version: Version,
    /// Source of the package.
    pub source: String,
    checksum: bool,
}

impl LockedPackage {
    /// Whether the package is from the registry and has a checksum.
    pub(super) fn is_pinned(&self) -> bool {
        self.source.starts_with("registry+") && self.checksum
    }
}

impl Display for LockedPackage {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

/// The packages outside the workspace.
///
/// # Errors
/// When the text is no lock file.
pub(super) fn parse(text: &str) -> Result<Vec<LockedPackage>> {
    let lock: Lock = toml::from_str(text)?;
    let foreign = lock.package.into_iter().filter_map(|entry| Some((entry.source.clone()?, entry)));
    foreign
        .map(|(source, entry)| {
            let version = entry.version.parse().with_context(|| format!("version of {}", entry.name))?;
            Ok(LockedPackage { name: entry.name, version, source, checksum: entry.checksum.is_some() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_registry_with_a_checksum_is_pinned() {
        let text = "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n\
            [[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\nchecksum = \"0\"\n\
            [[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"git+https://x\"\n\
            [[package]]\nname = \"c\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n";
        let pinned: Vec<bool> = parse(text).unwrap().iter().map(LockedPackage::is_pinned).collect();
        assert_eq!(pinned, [true, false, false]);
    }
}
