//! Values of the configuration as text in a file.

use kedge_client::Secret;
use serde::Serializer;
use solana_pubkey::Pubkey;

use crate::publishers::FeedId;

pub(super) fn secret<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Serde passes a reference to the field.
#[expect(clippy::ref_option, reason = "serde's signature")]
pub(super) fn optional_secret<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose()),
        None => serializer.serialize_none(),
    }
}

pub(super) fn secrets<S: Serializer>(secrets: &[Secret], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(secrets.iter().map(Secret::expose))
}

pub(super) fn address<S: Serializer>(address: &Pubkey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(address)
}

#[expect(clippy::ref_option, reason = "serde's signature")]
pub(super) fn optional_address<S: Serializer>(address: &Option<Pubkey>, serializer: S) -> Result<S::Ok, S::Error> {
    match address {
        Some(address) => serializer.serialize_some(&address.to_string()),
        None => serializer.serialize_none(),
    }
}

pub(super) fn feed_id<S: Serializer>(id: &FeedId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&id.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}
