//! Programs of Debian packages for tests and checks: installed ones, or ones unpacked into the cache folder, so that
//! nothing is installed or started on the machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::program::cache::Cache;
use crate::program::debian;

/// A program of a Debian package.
pub(crate) struct Tool {
    /// Name of the program.
    pub name: &'static str,
    /// Name of the Debian package.
    pub package: &'static str,
    /// Path of the program in the package.
    pub place: &'static str,
    /// Environment variable with the path of another one.
    pub variable: &'static str,
    /// Name of its cache folder.
    pub cache: &'static str,
}

impl Tool {
    /// Path of the program.
    ///
    /// # Errors
    /// When it cannot be had.
    pub(crate) fn path(&self) -> Result<PathBuf> {
        let (name, package) = (self.name, self.package);
        if let Some(given) = std::env::var_os(self.variable).map(PathBuf::from) {
            ensure!(given.is_file(), "{} names {}, which is not there", self.variable, given.display());
            return Ok(given);
        }
        let path = std::env::var("PATH").unwrap_or_default();
        // Debian keeps servers outside the search path of users.
        let folders = path.split(':').chain(["/usr/sbin", "/usr/local/sbin"]).map(Path::new);
        if let Some(found) = folders.map(|folder| folder.join(name)).find(|file| file.is_file()) {
            return Ok(found);
        }
        let cache = Cache::named(self.cache)?;
        let _lock = cache.lock()?;
        let folder = cache.piece(name, &[package, self.place], |folder| self.fetch(folder))?;
        Ok(folder.join(name))
    }

    /// Unpacks the package and keeps only the program.
    fn fetch(&self, folder: &Path) -> Result<()> {
        let (name, package, place) = (self.name, self.package, self.place);
        let unpacked = folder.join("package");
        std::fs::create_dir(&unpacked)?;
        debian::unpack(package, &unpacked)?;
        let program = unpacked.join(place).join(name);
        ensure!(program.is_file(), "the Debian package {package} has no {place}/{name}");
        std::fs::rename(&program, folder.join(name)).with_context(|| format!("cannot keep {name}"))?;
        crate::program::cache::remove_folder(&unpacked)
    }
}
