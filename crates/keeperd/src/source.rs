//! The source of changes that is configured.

use std::time::Duration;

use anyhow::Result;
use kedge_client::Client;
use kedge_keeper::pyth::Alternatives;
use kedge_keeper::watch::Watch;

use crate::config::Config;
use crate::config::endpoints::SourceKind;

/// A watch that follows it.
///
/// # Errors
/// As [`Watch::start`], and an address or a token that cannot be one.
pub async fn watch(config: &Config, client: Client, alternatives: Alternatives) -> Result<Watch> {
    let millis = Duration::from_millis;
    let (least, most) = (millis(config.keeper.tick_ms), millis(config.keeper.poll_ms));
    Ok(match config.source.kind {
        SourceKind::Websocket => Watch::start(client, least, most, alternatives).await?,
        SourceKind::Poll => Watch::polling(client, least, most, alternatives).await?,
        #[cfg(feature = "yellowstone")]
        SourceKind::Yellowstone => {
            use kedge_keeper::core::mirror::source::Yellowstone;
            let Some(access) = yellowstone(config)? else { unreachable!("it is the kind") };
            Watch::following(Box::new(Yellowstone::start(access)), client, least, most, alternatives).await?
        }
        #[cfg(not(feature = "yellowstone"))]
        SourceKind::Yellowstone => anyhow::bail!("built without Yellowstone gRPC"),
    })
}

/// Where Yellowstone gRPC is; `None` for another source.
///
/// # Errors
/// An address or a token that cannot be one.
#[cfg(feature = "yellowstone")]
pub fn yellowstone(config: &Config) -> Result<Option<kedge_keeper::core::mirror::source::Access>> {
    use anyhow::Context as _;
    let source = &config.source;
    if source.kind != SourceKind::Yellowstone {
        return Ok(None);
    }
    let access = kedge_keeper::core::mirror::source::Access::new(&source.url.0, &source.token.0);
    access.map(Some).context("[source]")
}
