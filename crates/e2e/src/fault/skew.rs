//! Keepers whose machines' clocks are wrong.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::session::Session;
use crate::verdict::Verdict;

/// Folder in which Debian puts libfaketime, in one folder an architecture.
const LIBRARIES: &str = "/usr/lib";

/// Restarts the keepers that read their machine's clock with it five minutes ahead, then behind, then right.
pub(super) async fn skew(session: &mut Session, seconds: u64, verdict: &mut Verdict) -> Result<()> {
    let library = library().context("libfaketime is not installed (Debian package libfaketime)")?;
    for offset in ["+300s", "-300s"] {
        let what = format!("skew {offset}");
        let environment = [
            ("LD_PRELOAD", library.display().to_string()),
            ("FAKETIME", offset.to_owned()),
            // Only the clock's reading is wrong; time passes at its rate.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ];
        restart(session, environment.map(|(name, value)| (name.to_owned(), value)).to_vec()).await?;
        session.work(seconds).await?;
        session.fleet.check()?;
        session.recover(&what, verdict).await?;
        session.audit(&what, verdict)?;
    }
    restart(session, Vec::new()).await
}

async fn restart(session: &mut Session, environment: Vec<(String, String)>) -> Result<()> {
    for keeper in &mut session.fleet.keepers {
        let _ = keeper.stop()?;
        keeper.environment.clone_from(&environment);
    }
    session.fleet.start().await
}

fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir(LIBRARIES).ok()?;
    let files = folders.filter_map(|folder| Some(folder.ok()?.path().join("faketime/libfaketime.so.1")));
    files.into_iter().find(|file| file.is_file())
}
