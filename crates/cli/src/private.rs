//! Files that only their owner may read, and files that are replaced as a whole.

use std::fs::{File, OpenOptions};
use std::io::{Result, Write};
use std::path::Path;

/// Opens a new file for its owner alone; an existing file is an error.
fn new(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Creates the folder of a file; a new folder is for its owner alone.
fn folder(path: &Path) -> Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a new file.
///
/// # Errors
/// Also for a file that exists.
pub(crate) fn create(path: &Path, text: &str) -> Result<()> {
    folder(path)?;
    let mut file = new(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Replaces a file atomically: it is never half written or open to others.
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    swap(path, |beside| create(beside, text))
}

/// The same with a file that others may read.
pub(crate) fn replace_public(path: &Path, text: &str) -> Result<()> {
    swap(path, |beside| {
        let mut file = OpenOptions::new().write(true).create_new(true).open(beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    })
}

/// Has a file written beside another, and puts it in its place.
fn swap(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    write(&beside)?;
    std::fs::rename(&beside, path).inspect_err(|_| {
        let _ = std::fs::remove_file(&beside);
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_are_the_owner_s_alone_and_are_not_overwritten_by_accident() {
        let folder = std::env::temp_dir().join(format!("kedge-private-{}", std::process::id()));
        let path = folder.join("deep/file");
        create(&path, "one").unwrap();
        assert_eq!(create(&path, "two").unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("one", 0o600));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        replace(&path, "three").unwrap();
        assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("three", 0o600));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
