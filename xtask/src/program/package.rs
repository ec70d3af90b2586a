//! The programs of the workspace.

use super::phase;
use crate::run::bare_cargo;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;

/// A package below `programs/` that is built into a shared object.
pub(super) struct Package {
    /// Package name in its Cargo.toml.
    pub name: String,
    /// Library name, and with it the name of the shared object.
    pub library: String,
    /// Folder name below `programs/`.
    pub folder: String,
}

impl Package {
    /// File name of the program in `target/deploy`.
    pub(super) fn artifact(&self) -> String {
        format!("{}.so", self.library)
    }

    /// The programs named by folder or package name, or all of them when `names` is empty.
    ///
    /// # Errors
    /// When the workspace does not load or a name is unknown.
    pub(super) fn select(root: &Path, names: &[String]) -> Result<Vec<Self>> {
        let all = Self::all(root)?;
        for name in names {
            if !all.iter().any(|package| package.is_called(name)) {
                let known: Vec<_> = all.iter().map(|package| package.folder.as_str()).collect();
                bail!("there is no program `{name}`; programs/ holds: {}", known.join(", "));
            }
        }
        Ok(all
            .into_iter()
            .filter(|package| names.is_empty() || names.iter().any(|name| package.is_called(name)))
            .collect())
    }

    fn is_called(&self, name: &str) -> bool {
        self.folder == name || self.name == name || self.library == name
    }

    fn all(root: &Path) -> Result<Vec<Self>> {
        let text = phase::output(
            bare_cargo()
                .args(["metadata", "--format-version=1", "--no-deps", "--locked", "--manifest-path"])
                .arg(root.join("Cargo.toml")),
        )
        .context("the workspace does not load")?;
        let metadata: Value = serde_json::from_str(&text).context("cargo metadata wrote something that is not JSON")?;
        let programs = root.join("programs");
        let mut packages: Vec<_> =
            list(&metadata, "packages").iter().filter_map(|package| from_metadata(package, &programs)).collect();
        packages.sort_by(|a, b| a.folder.cmp(&b.folder));
        Ok(packages)
    }
}

fn from_metadata(package: &Value, programs: &Path) -> Option<Package> {
    let folder = Path::new(package["manifest_path"].as_str()?).parent()?;
    if folder.parent()? != programs {
        return None;
    }
    let library = list(package, "targets")
        .iter()
        .find(|target| list(target, "crate_types").iter().any(|kind| kind == "cdylib"))?;
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        library: library["name"].as_str()?.replace('-', "_"),
        folder: folder.file_name()?.to_str()?.to_owned(),
    })
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}
