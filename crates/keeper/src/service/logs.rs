//! Structured logs on standard error.

use std::io::Write;

use anyhow::{Context, Result};
use kedge_client::shown::{discreet, hide};
use tracing_subscriber::EnvFilter;

use crate::config::Config;
use crate::config::args::LogFormat;

/// Starts logging. `log.level` is a level or a list of directives as of `RUST_LOG`.
pub(super) fn start(config: &Config) -> Result<()> {
    config.secrets().iter().for_each(hide);
    let filter = EnvFilter::try_new(&config.log.level).context("log.level")?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Masked).with_target(false);
    match config.log.format {
        LogFormat::Text => builder.with_ansi(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}

/// Standard error without keys: libraries log what they connect to, and whole requests where they are asked to.
struct Masked;

impl Write for Masked {
    /// An event comes in one piece.
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        // Whoever read the log may have gone away: the work goes on.
        let _ = std::io::stderr().lock().write_all(discreet(&String::from_utf8_lossy(piece)).as_bytes());
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let _ = std::io::stderr().flush();
        Ok(())
    }
}
