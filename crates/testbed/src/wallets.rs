//! Wallets on disk, readable by their owner alone, without value outside the test chain.

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result};
use solana_keypair::Keypair;

/// Writes a keypair in the format of Solana's command line, with mode 0600 from its first byte on, also over a file of
/// another mode.
///
/// # Errors
/// Those of the file system.
pub fn write(path: &Path, wallet: &Keypair) -> Result<()> {
    let text = serde_json::to_string(&wallet.to_bytes().to_vec())?;
    write_private(path, &text).with_context(|| path.display().to_string())
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // An existing file would keep its mode.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_is_readable_by_its_owner_alone_also_over_another_file() {
        let path = std::env::temp_dir().join(format!("kedge-wallet-{}.json", std::process::id()));
        std::fs::write(&path, "a longer text of before".repeat(20)).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let wallet = Keypair::new();
        write(&path, &wallet).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        let read: Vec<u8> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((mode & 0o777, &read[..]), (0o600, &wallet.to_bytes()[..]));
    }
}
