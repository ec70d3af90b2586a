//! The cache folder and the prepared pieces in it.
//!
//! A piece is a folder whose name and stamp carry the hash of its ingredients. It is made in a staging folder, renamed
//! into place and stamped last, so that an interrupted set-up is found unstamped and repeated. The stamp also carries
//! the hash of the contents: a linker or tool that was replaced since is noticed at its next use and made again.

use super::phase;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Name of the file that marks a finished piece.
const STAMP: &str = ".kedge-stamp";
/// Name of the stamp while it is written.
const UNFINISHED: &str = ".kedge-stamp.partial";

/// A folder of prepared pieces outside the checkout. The upstream-LLVM backend has one, the test validator another.
pub(crate) struct Cache {
    root: PathBuf,
}

impl Cache {
    /// `$KEDGE_CACHE/sbpf`, else `$XDG_CACHE_HOME/kedge/sbpf`, else `$HOME/.cache/kedge/sbpf`.
    ///
    /// # Errors
    /// When none of the three variables is set or the folder cannot be made.
    pub(crate) fn open() -> Result<Self> {
        Self::named("sbpf")
    }

    /// Another folder beside it: `name` instead of `sbpf`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn named(name: &str) -> Result<Self> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let base = variable("KEDGE_CACHE")
            .or_else(|| variable("XDG_CACHE_HOME").map(|folder| folder.join("kedge")))
            .or_else(|| variable("HOME").map(|folder| folder.join(".cache").join("kedge")))
            .context("there is no cache folder: set KEDGE_CACHE, XDG_CACHE_HOME or HOME")?;
        let root = std::path::absolute(base.join(name))?;
        fs::create_dir_all(&root).with_context(|| format!("cannot make the cache folder {}", root.display()))?;
        Ok(Self { root })
    }

    /// Path of the cache folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The cargo target folder of a checkout. Checkouts do not share one: cargo tells their packages apart only by the
    /// path within the workspace, and would take one for the other.
    pub(crate) fn target_folder(&self, checkout: &Path) -> PathBuf {
        self.root.join(format!("target-{}", &hash(&[&checkout.to_string_lossy()])[..12]))
    }

    /// Keeps other builds out of the cache until the returned file is dropped.
    pub(crate) fn lock(&self) -> Result<File> {
        let path = self.root.join(".lock");
        let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        if file.try_lock().is_err() {
            phase::note("another build uses the cache; waiting for it");
            file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Ok(file)
    }

    /// Whether [`Self::piece`] would find the piece finished and unchanged. Reads it whole.
    pub(crate) fn has(&self, name: &str, ingredients: &[&str]) -> bool {
        let (key, folder) = self.place(name, ingredients);
        matches!(state(&folder, &key), Ok(Piece::Finished | Piece::Unwatched))
    }

    /// Stamp and folder of a piece.
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
    pub(crate) fn piece(
        &self,
        name: &str,
        ingredients: &[&str],
        make: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let (key, folder) = self.place(name, ingredients);
        match state(&folder, &key)? {
            Piece::Finished => return Ok(folder),
            // Stamped by an older version without a hash of the contents: accepted as it is, and watched from now on.
            Piece::Unwatched => {
                stamp_folder(&folder, &key)?;
                return Ok(folder);
            }
            Piece::Changed => {
                phase::note(&format!("warning: {} has changed since it was made; it is made anew", folder.display()));
            }
            Piece::Missing => {}
        }
        let staging = self.root.join(format!(".{name}.partial"));
        remove_folder(&staging)?;
        remove_folder(&folder)?;
        fs::create_dir_all(&staging)?;
        make(&staging)?;
        fs::rename(&staging, &folder).with_context(|| format!("cannot move {} into place", staging.display()))?;
        stamp_folder(&folder, &key)?;
        Ok(folder)
    }
}

/// State of a piece.
enum Piece {
    /// The piece was never finished, or has other ingredients.
    Missing,
    /// The piece is finished and unchanged.
    Finished,
    /// The piece is finished; its stamp has no hash of the contents.
    Unwatched,
    /// The piece is finished, but its contents have changed.
    Changed,
}

/// State of the piece in a folder, by its stamp and its contents.
fn state(folder: &Path, key: &str) -> Result<Piece> {
    let Ok(stamp) = fs::read_to_string(folder.join(STAMP)) else { return Ok(Piece::Missing) };
    Ok(match stamp.split_once('\n') {
        Some((made_from, made)) if made_from == key => {
            if hash_folder(folder)? == made {
                Piece::Finished
            } else {
                Piece::Changed
            }
        }
        None if stamp == key => Piece::Unwatched,
        _ => Piece::Missing,
    })
}

/// Marks a piece as finished, with the hashes of its ingredients and contents.
fn stamp_folder(folder: &Path, key: &str) -> Result<()> {
    let made = hash_folder(folder)?;
    let unfinished = folder.join(UNFINISHED);
    fs::write(&unfinished, format!("{key}\n{made}"))?;
    fs::rename(&unfinished, folder.join(STAMP))?;
    Ok(())
}

/// SHA-256 over names and contents of all files in a folder, their executable bits and the targets of links, in the
/// order of names; stamps are left out.
fn hash_folder(folder: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    add_folder(&mut hasher, folder, folder)?;
    Ok(hex(&hasher.finalize()))
}

fn add_folder(hasher: &mut Sha256, root: &Path, folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let reading = || format!("cannot read {}", folder.display());
    let entries = fs::read_dir(folder).with_context(reading)?.collect::<std::io::Result<Vec<_>>>();
    let mut paths: Vec<PathBuf> = entries.with_context(reading)?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        if name == STAMP || name == UNFINISHED {
            continue;
        }
        let metadata = fs::symlink_metadata(&path).with_context(reading)?;
        let (kind, content) = if metadata.is_dir() {
            ("folder", String::new())
        } else if metadata.is_symlink() {
            ("link", fs::read_link(&path)?.to_string_lossy().into_owned())
        } else {
            let runs = metadata.permissions().mode() & 0o111 != 0;
            (if runs { "program" } else { "file" }, hash_file(&path)?)
        };
        hasher.update(hash(&[&name, kind, &content]));
        if metadata.is_dir() {
            add_folder(hasher, root, &path)?;
        }
    }
    Ok(())
}

/// SHA-256 over the ingredients, each preceded by its length.
pub(crate) fn hash(ingredients: &[&str]) -> String {
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
pub(crate) fn hash_file(path: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    std::io::copy(&mut file, &mut hasher)?;
    Ok(hex(&hasher.finalize()))
}

/// Removes a folder with all contents; it may be missing.
///
/// # Errors
/// When it exists and cannot be removed.
pub(crate) fn remove_folder(folder: &Path) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A cache of its own, and the number of times its piece was made.
    struct Scene {
        cache: Cache,
        made: Cell<u32>,
    }

    impl Scene {
        fn new(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("kedge-cache-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&root);
            fs::create_dir_all(&root).unwrap();
            Self { cache: Cache { root }, made: Cell::new(0) }
        }

        fn has(&self) -> bool {
            self.cache.has("linker", &["1.2.3"])
        }

        fn piece(&self) -> PathBuf {
            let make = |folder: &Path| {
                self.made.set(self.made.get() + 1);
                fs::create_dir_all(folder.join("bin"))?;
                fs::write(folder.join("bin/linker"), "the linker")?;
                fs::set_permissions(folder.join("bin/linker"), fs::Permissions::from_mode(0o755))?;
                std::os::unix::fs::symlink("linker", folder.join("bin/ld"))?;
                Ok(())
            };
            self.cache.piece("linker", &["1.2.3"], make).unwrap()
        }
    }

    impl Drop for Scene {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.cache.root);
        }
    }

    #[test]
    fn a_piece_that_was_replaced_is_made_anew() {
        let scene = Scene::new("replaced");
        let folder = scene.piece();
        let linker = folder.join("bin/linker");
        assert_eq!((scene.piece(), scene.made.get()), (folder.clone(), 1), "made once");
        let replacements: [&dyn Fn(); 5] = [
            &|| fs::write(&linker, "another one").unwrap(),
            &|| fs::set_permissions(&linker, fs::Permissions::from_mode(0o644)).unwrap(),
            &|| fs::write(folder.join("bin/more"), "").unwrap(),
            &|| fs::remove_file(&linker).unwrap(),
            &|| {
                fs::remove_file(folder.join("bin/ld")).unwrap();
                std::os::unix::fs::symlink("/bin/true", folder.join("bin/ld")).unwrap();
            },
        ];
        for (number, replace) in (2..).zip(replacements) {
            assert!(scene.has());
            replace();
            assert!(!scene.has(), "whoever asks first is told");
            assert_eq!((scene.piece(), scene.made.get()), (folder.clone(), number));
            assert_eq!(fs::read_to_string(&linker).unwrap(), "the linker");
            assert_eq!((scene.piece(), scene.made.get()), (folder.clone(), number), "and then it is what it should be");
        }
    }

    #[test]
    fn a_piece_with_a_stamp_of_before_is_kept_and_watched() {
        let scene = Scene::new("before");
        let folder = scene.piece();
        let stamp = fs::read_to_string(folder.join(STAMP)).unwrap();
        fs::write(folder.join(STAMP), stamp.split_once('\n').unwrap().0).unwrap();
        assert!(scene.has());
        assert_eq!((scene.piece(), scene.made.get()), (folder.clone(), 1));
        assert_eq!(fs::read_to_string(folder.join(STAMP)).unwrap(), stamp);
        fs::write(folder.join(STAMP), "half of a stamp").unwrap();
        assert_eq!((scene.piece(), scene.made.get()), (folder, 2));
    }
}
