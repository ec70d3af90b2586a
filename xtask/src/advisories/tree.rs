//! The lock files of a checkout: cargo's, npm's and pip's.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Folders whose contents are not the checkout's own.
const FOREIGN: [&str; 2] = ["target", "node_modules"];

/// Files with a name in a checkout, in the order of their paths, without generated and hidden folders.
///
/// # Errors
/// When a folder cannot be read.
pub(crate) fn files(root: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let reading = || format!("{} cannot be read", folder.display());
        for entry in std::fs::read_dir(&folder).with_context(reading)? {
            let entry = entry.with_context(reading)?;
            let (kind, own) = (entry.file_type()?, entry.file_name());
            let own = own.to_string_lossy();
            if kind.is_dir() && !own.starts_with('.') && !FOREIGN.contains(&&*own) {
                folders.push(entry.path());
            } else if kind.is_file() && own == name {
                found.push(entry.path().strip_prefix(root)?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Number of packages in npm's lock file.
///
/// # Errors
/// When the text is no lock file, and for a package without a checksum.
pub(crate) fn npm(text: &str) -> Result<usize> {
    let lock: Value = serde_json::from_str(text)?;
    let packages = lock["packages"].as_object().context("no packages")?;
    // The entry without a name is the folder itself.
    let others = packages.iter().filter(|(path, _)| !path.is_empty());
    for (path, package) in others.clone() {
        let checksum = package["integrity"].as_str().unwrap_or_default();
        ensure!(checksum.starts_with("sha512-"), "{path} has no checksum");
    }
    Ok(others.count())
}

/// Number of packages in pip's list.
///
/// # Errors
/// For a package without an exact version or without a checksum.
pub(crate) fn pip(text: &str) -> Result<usize> {
    let text = text.replace("\\\n", " ");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines.clone() {
        let name = line.split_whitespace().next().unwrap_or_default();
        ensure!(name.contains("==") && !name.contains('*'), "{name} is not one version");
        ensure!(line.contains(" --hash=sha256:"), "{name} has no checksum");
    }
    Ok(lines.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lock_file_of_the_tree_is_found_and_none_that_was_made() {
        let root = std::env::temp_dir().join(format!("kedge-locks-{}", std::process::id()));
        for folder in ["", "tests/judge", "target/x", "tests/node_modules/x", ".cache"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
            std::fs::write(root.join(folder).join("Cargo.lock"), "").unwrap();
        }
        let found = files(&root, "Cargo.lock").unwrap();
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(found, [Path::new("Cargo.lock"), Path::new("tests/judge/Cargo.lock")]);

        let ours = files(&crate::run::root(), "Cargo.lock").unwrap();
        for judge in ["Cargo.lock", "fuzz/Cargo.lock", "tests/judges/anchor-rust/Cargo.lock"] {
            assert!(ours.contains(&PathBuf::from(judge)), "{judge} is not among {ours:?}");
        }
    }

    #[test]
    fn packages_of_npm_have_checksums() {
        let lock = |package: &str| format!("{{\"packages\":{{\"\":{{}},\"node_modules/a\":{package}}}}}");
        assert_eq!(npm(&lock(r#"{"version":"1.0.0","integrity":"sha512-x"}"#)).unwrap(), 1);
        for package in ["{\"version\":\"1.0.0\"}", "{\"integrity\":\"sha1-x\"}", "{\"link\":true}"] {
            assert!(npm(&lock(package)).is_err(), "{package}");
        }
        assert!(npm("{}").is_err());
    }

    #[test]
    fn packages_of_pip_are_one_version_with_checksums() {
        assert_eq!(pip("# why\n\na==1.0 \\\n    --hash=sha256:0\n").unwrap(), 1);
        for text in ["a==1.0\n", "a>=1.0 --hash=sha256:0\n", "a==1.* --hash=sha256:0\n", "a --hash=sha256:0\n"] {
            assert!(pip(text).is_err(), "{text}");
        }
    }
}
