//! Keepers whose machines' clocks are wrong.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::stand::Stand;
use crate::verdict::Verdict;

/// Folder of libraries, one folder an architecture, in which Debian puts libfaketime.
const LIBRARIES: &str = "/usr/lib";

/// Restarts the keepers that read a clock of their own with it five minutes ahead, then behind, and sets it right.
pub async fn skew(stand: &mut Stand, seconds: u64, verdict: &mut Verdict) -> Result<()> {
    let library = library().context("libfaketime is not installed (Debian package libfaketime)")?;
    for offset in ["+300s", "-300s"] {
        let what = format!("skew {offset}");
        let environment = [
            ("LD_PRELOAD", library.display().to_string()),
            ("FAKETIME", offset.to_owned()),
            // Only what the clock says is wrong; time passes as it does.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ];
        restart(stand, environment.map(|(name, value)| (name.to_owned(), value)).to_vec()).await?;
        stand.work(seconds).await?;
        stand.fleet.check()?;
        stand.recover(&what, verdict).await?;
        stand.audit(&what, verdict)?;
    }
    restart(stand, Vec::new()).await
}

async fn restart(stand: &mut Stand, environment: Vec<(String, String)>) -> Result<()> {
    for keeper in &mut stand.fleet.keepers {
        let _ = keeper.stop()?;
        keeper.environment.clone_from(&environment);
    }
    stand.fleet.start().await
}

fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir(LIBRARIES).ok()?;
    let files = folders.filter_map(|folder| Some(folder.ok()?.path().join("faketime/libfaketime.so.1")));
    files.into_iter().find(|file| file.is_file())
}
