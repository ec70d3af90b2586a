//! The source of changes that is configured.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use kedge_client::Client;
use kedge_state::mirror::recording::Recorder;
use kedge_state::pyth::Alternatives;
use kedge_state::subscribe::Subscriber;
use solana_pubkey::Pubkey;
use tracing::info;

use crate::config::Config;
use crate::config::endpoints::SourceKind;

/// A watch that follows it.
///
/// # Errors
/// As [`Subscriber::start`], and an address or a token that cannot be one.
pub(super) async fn watch(config: &Config, client: Client, alternatives: Alternatives) -> Result<Subscriber> {
    let millis = Duration::from_millis;
    let (least, most) = (millis(config.keeper.tick_ms), millis(config.keeper.poll_ms));
    let wallet = client.payer_address();
    let watch = match config.source.kind {
        SourceKind::Websocket => Subscriber::start(client, least, most, alternatives).await?,
        SourceKind::Poll => Subscriber::polling(client, least, most, alternatives).await?,
        #[cfg(feature = "yellowstone")]
        SourceKind::Yellowstone => {
            use kedge_state::mirror::source::Yellowstone;
            let Some(access) = yellowstone(config)? else { unreachable!("it is the kind") };
            Subscriber::following(Box::new(Yellowstone::start(access)), client, least, most, alternatives).await?
        }
        #[cfg(not(feature = "yellowstone"))]
        SourceKind::Yellowstone => anyhow::bail!("built without Yellowstone gRPC"),
    };
    Ok(match recorder(config, &wallet)? {
        Some(recorder) => watch.recording(recorder),
        None => watch,
    })
}

/// A new file in the folder of recordings; `None` when nothing is recorded.
fn recorder(config: &Config, wallet: &Pubkey) -> Result<Option<Recorder>> {
    let folder = &config.source.record;
    if folder.as_os_str().is_empty() {
        return Ok(None);
    }
    let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let file = folder.join(format!("{started}-{}.kedge", std::process::id()));
    let created = std::fs::create_dir_all(folder)
        .and_then(|()| Recorder::create(&file, config.source.record_mb.saturating_mul(1_000_000), wallet));
    let recorder = created.with_context(|| format!("[source] record: {}", file.display()))?;
    info!(file = file.display().to_string(), "recording");
    Ok(Some(recorder))
}

/// Where Yellowstone gRPC is; `None` for another source.
///
/// # Errors
/// An address or a token that cannot be one.
#[cfg(feature = "yellowstone")]
pub(super) fn yellowstone(config: &Config) -> Result<Option<kedge_state::mirror::source::Access>> {
    let source = &config.source;
    if source.kind != SourceKind::Yellowstone {
        return Ok(None);
    }
    let access = kedge_state::mirror::source::Access::new(source.url.expose(), source.token.expose());
    access.map(Some).context("[source]")
}
