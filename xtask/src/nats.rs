//! `nats-server` for the tests of leases: what is installed, or the Debian package unpacked into the cache folder, so that no
//! service is started on the machine.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::program::cache::Cache;
use crate::program::debian;

/// The package and its program.
const NAME: &str = "nats-server";
/// What names another one.
pub const VARIABLE: &str = "KEDGE_NATS_SERVER";

/// The server's path.
///
/// # Errors
/// When it cannot be had.
pub fn path() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        ensure!(given.is_file(), "{VARIABLE} names {}, which is not there", given.display());
        return Ok(given);
    }
    let path = std::env::var("PATH").unwrap_or_default();
    // Debian keeps servers where the path of a user does not lead.
    let folders = path.split(':').chain(["/usr/sbin", "/usr/local/sbin"]).map(Path::new);
    if let Some(found) = folders.map(|folder| folder.join(NAME)).find(|file| file.is_file()) {
        return Ok(found);
    }
    let cache = Cache::named("nats")?;
    let _lock = cache.lock()?;
    let folder = cache.piece(NAME, &[NAME], |folder| debian::unpack(NAME, folder))?;
    let server = folder.join("usr/sbin").join(NAME);
    ensure!(server.is_file(), "the Debian package {NAME} has no usr/sbin/{NAME}");
    Ok(server)
}
