//! The cache folder and the prepared pieces in it.
//!
//! A piece is a folder whose name and stamp carry the hash of everything it was made from. It is
//! made in a staging folder, renamed into place and stamped last, so that a set-up that was
//! interrupted is found unstamped and done again.

use super::phase;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Name of the file that marks a finished piece.
const STAMP: &str = ".kedge-stamp";

/// A folder of prepared pieces outside of the checkout: the upstream-LLVM backend has one, the test validator another.
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// `$KEDGE_CACHE/sbpf`, else `$XDG_CACHE_HOME/kedge/sbpf`, else `$HOME/.cache/kedge/sbpf`.
    ///
    /// # Errors
    /// When none of the three variables is set or the folder cannot be made.
    pub fn open() -> Result<Self> {
        Self::named("sbpf")
    }

    /// Another folder beside it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn named(name: &str) -> Result<Self> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let base = variable("KEDGE_CACHE")
            .or_else(|| variable("XDG_CACHE_HOME").map(|folder| folder.join("kedge")))
            .or_else(|| variable("HOME").map(|folder| folder.join(".cache").join("kedge")))
            .context("there is no cache folder: set KEDGE_CACHE, XDG_CACHE_HOME or HOME")?;
        let root = std::path::absolute(base.join(name))?;
        fs::create_dir_all(&root).with_context(|| format!("cannot make the cache folder {}", root.display()))?;
        Ok(Self { root })
    }

    /// The cache folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The cargo target folder of a checkout. Not one for all: cargo tells packages in two checkouts
    /// apart by their path within the workspace only, and would take one for the other.
    pub fn target_folder(&self, checkout: &Path) -> PathBuf {
        self.root.join(format!("target-{}", &hash(&[&checkout.to_string_lossy()])[..12]))
    }

    /// Keeps other builds out of the cache until the returned file is dropped.
    pub fn lock(&self) -> Result<File> {
        let path = self.root.join(".lock");
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        if file.try_lock().is_err() {
            phase::note("another build uses the cache; waiting for it");
            file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Ok(file)
    }

    /// Whether [`Self::piece`] would find the piece finished.
    pub fn has(&self, name: &str, ingredients: &[&str]) -> bool {
        let (key, folder) = self.place(name, ingredients);
        fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp == key)
    }

    /// A piece's stamp and folder.
    fn place(&self, name: &str, ingredients: &[&str]) -> (String, PathBuf) {
        let key = hash(ingredients);
        let folder = self.root.join(format!("{name}-{}", &key[..12]));
        (key, folder)
    }

    /// The piece `name` that is made from `ingredients`: an existing one, or a new one that `make`
    /// fills in the folder it is given.
    ///
    /// # Errors
    /// When `make` fails. What it left is removed by the next attempt.
    pub fn piece(&self, name: &str, ingredients: &[&str], make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let (key, folder) = self.place(name, ingredients);
        if self.has(name, ingredients) {
            return Ok(folder);
        }
        let staging = self.root.join(format!(".{name}.partial"));
        remove_folder(&staging)?;
        remove_folder(&folder)?;
        fs::create_dir_all(&staging)?;
        make(&staging)?;
        fs::rename(&staging, &folder).with_context(|| format!("cannot move {} into place", staging.display()))?;
        let unfinished = folder.join(".kedge-stamp.partial");
        fs::write(&unfinished, &key)?;
        fs::rename(&unfinished, folder.join(STAMP))?;
        Ok(folder)
    }
}

/// SHA-256 over the ingredients, each preceded by its length.
fn hash(ingredients: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for ingredient in ingredients {
        hasher.update((ingredient.len() as u64).to_le_bytes());
        hasher.update(ingredient.as_bytes());
    }
    hex(&hasher.finalize())
}

/// SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// When the file cannot be read.
pub fn hash_file(path: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    std::io::copy(&mut file, &mut hasher)?;
    Ok(hex(&hasher.finalize()))
}

/// Removes a folder with everything in it; it may be missing.
///
/// # Errors
/// When it exists and cannot be removed.
pub fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
