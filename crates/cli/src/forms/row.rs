//! Price rows of a form: sources, and bounds on what is believed of them.

use kedge_model::account::board::{MAX_SOURCES, PriceSource, SourceKind};
use kedge_model::action::RowParams;
use serde::Deserialize;
use solana_pubkey::Pubkey;

use super::unit::Percent;
use crate::args::feed_id;
use crate::error::{CliError, Result};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RowForm {
    source: Vec<SourceForm>,
    quorum: u8,
    max_confidence: Percent,
    max_age: u32,
    jump_limit: Percent,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceForm {
    kind: Kind,
    #[serde(default)]
    key: String,
    #[serde(default)]
    min_signatures: u8,
    #[serde(default)]
    owners: u8,
    #[serde(default)]
    multiple: u8,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    PythPull,
    PythPush,
    Fixed,
    SwitchboardOnDemand,
    SwitchboardV2,
}

impl RowForm {
    /// The parameters of the row.
    ///
    /// # Errors
    /// [`CliError::Usage`] for an invalid key and for too many sources.
    pub(super) fn params(&self) -> Result<RowParams> {
        let mut sources = [PriceSource::default(); MAX_SOURCES];
        if self.source.len() > sources.len() {
            let count = self.source.len();
            return Err(CliError::Usage(format!("{count} sources are more than the {MAX_SOURCES} that a row has")));
        }
        for (slot, form) in sources.iter_mut().zip(&self.source) {
            *slot = form.source()?;
        }
        Ok(RowParams {
            sources,
            quorum: self.quorum,
            max_confidence: self.max_confidence.0,
            max_age: self.max_age,
            jump_limit: self.jump_limit.0,
            ..RowParams::default()
        })
    }
}

impl SourceForm {
    fn source(&self) -> Result<PriceSource> {
        let (kind, key) = match self.kind {
            Kind::PythPull => (SourceKind::PythPull, feed_id(&self.key).map_err(CliError::Usage)?),
            Kind::PythPush => (SourceKind::PythPush, self.address()?),
            Kind::SwitchboardOnDemand => (SourceKind::SwitchboardOnDemand, self.address()?),
            Kind::SwitchboardV2 => (SourceKind::SwitchboardV2, self.address()?),
            Kind::Fixed => (SourceKind::Fixed, [0; 32]),
        };
        Ok(PriceSource {
            key,
            kind: kind as u8,
            min_signatures: self.min_signatures,
            owners: self.owners,
            multiple: self.multiple,
            ..PriceSource::default()
        })
    }

    fn address(&self) -> Result<[u8; 32]> {
        let key: core::result::Result<Pubkey, _> = self.key.parse();
        key.map(|key| key.to_bytes())
            .map_err(|_| CliError::Usage(format!("the key `{}` of a source is no address in base58", self.key)))
    }
}
