//! Past transactions of an address, newest first, in pages.

use std::collections::VecDeque;

use kedge_client::history::Past;
use kedge_client::{Client, FetchError};
use solana_pubkey::Pubkey;
use solana_rpc_client::rpc_client::GetConfirmedSignaturesForAddress2Config;
use solana_signature::Signature;
use tokio::task::JoinSet;

use crate::error::{CliError, Result};

/// Largest number of signatures in one answer.
const PAGE: usize = 1_000;
/// Largest number of pages that are read to catch up.
const PAGES: u32 = 20;
/// Transactions that are fetched at the same time.
const AT_ONCE: usize = 8;

/// A successful transaction.
pub(crate) struct PastTransaction {
    /// First signature of the transaction.
    pub signature: Signature,
    /// Slot of its block.
    pub slot: u64,
    /// Its instructions and events, or why they cannot be read. An unreadable transaction does not hide the others.
    pub past: core::result::Result<Past, FetchError>,
}

/// Walks back through the successful transactions of an address. Failed ones changed nothing and are skipped.
pub(crate) struct Walk {
    client: Client,
    address: Pubkey,
    before: Option<Signature>,
    page: VecDeque<(Signature, u64)>,
    ready: VecDeque<PastTransaction>,
    left: usize,
    ended: bool,
}

impl Walk {
    /// Starts at the newest transaction, or at the one before a signature; ends after `look` successful ones.
    pub(crate) fn new(client: &Client, address: Pubkey, before: Option<Signature>, look: u32) -> Self {
        let left = usize::try_from(look).unwrap_or(usize::MAX);
        let (page, ready) = (VecDeque::new(), VecDeque::new());
        Self { client: client.clone(), address, before, page, ready, left, ended: false }
    }

    /// The next transaction; `None` at the end of the endpoint's history or after `look` transactions.
    pub(crate) async fn next(&mut self) -> Result<Option<PastTransaction>> {
        if self.ready.is_empty() {
            self.fetch().await?;
        }
        Ok(self.ready.pop_front())
    }

    /// Whether the endpoint has no older transactions.
    pub(crate) fn ended(&self) -> bool {
        self.ended && self.page.is_empty() && self.ready.is_empty()
    }

    async fn fetch(&mut self) -> Result<()> {
        while self.page.is_empty() && !self.ended && self.left > 0 {
            self.list().await?;
        }
        let count = self.page.len().min(AT_ONCE).min(self.left);
        self.left -= count;
        let mut asked = JoinSet::new();
        for (place, (signature, slot)) in self.page.drain(..count).enumerate() {
            let client = self.client.clone();
            asked.spawn(async move { (place, signature, slot, client.past(&signature).await) });
        }
        let mut found = Vec::with_capacity(count);
        while let Some(answer) = asked.join_next().await {
            let (place, signature, slot, past) = answer.map_err(|error| CliError::Usage(error.to_string()))?;
            // A listed transaction that the endpoint does not know is gone.
            let Some(past) = past.transpose() else { continue };
            found.push((place, PastTransaction { signature, slot, past }));
        }
        found.sort_by_key(|(place, _)| *place);
        self.ready.extend(found.into_iter().map(|(_, found)| found));
        if self.ready.is_empty() && count > 0 {
            return Box::pin(self.fetch()).await;
        }
        Ok(())
    }

    async fn list(&mut self) -> Result<()> {
        let config = GetConfirmedSignaturesForAddress2Config {
            before: self.before,
            limit: Some(PAGE),
            commitment: Some(self.client.commitment()),
            ..GetConfirmedSignaturesForAddress2Config::default()
        };
        let listed = self.client.rpc().get_signatures_for_address_with_config(&self.address, config).await;
        let listed = listed.map_err(FetchError::from)?;
        let read: Vec<(Signature, u64, bool)> =
            listed.iter().filter_map(|one| Some((one.signature.parse().ok()?, one.slot, one.err.is_none()))).collect();
        // An endpoint that repeats a page would never end the walk.
        let last = read.last().map(|(signature, ..)| *signature);
        self.ended = listed.len() < PAGE || last.is_none() || last == self.before;
        self.before = last.or(self.before);
        self.page.extend(
            read.into_iter().filter(|(.., succeeded)| *succeeded).map(|(signature, slot, _)| (signature, slot)),
        );
        Ok(())
    }
}

/// Successful transactions of an address, oldest first, each with its slot: those after `after` and in no slot before
/// `from`, at most the newest [`PAGES`] pages.
///
/// An endpoint that does not know `after`, because it lags or has forgotten it, returns older ones too: `from` bounds
/// them.
pub(crate) async fn listed_since(
    client: &Client,
    address: &Pubkey,
    after: Option<Signature>,
    from: u64,
) -> Result<Vec<(Signature, u64)>> {
    let (mut found, mut before) = (Vec::new(), None);
    for _ in 0..PAGES {
        let config = GetConfirmedSignaturesForAddress2Config {
            before,
            until: after,
            limit: Some(PAGE),
            commitment: Some(client.commitment()),
        };
        let listed = client.rpc().get_signatures_for_address_with_config(address, config).await;
        let listed = listed.map_err(FetchError::from)?;
        let (full, mut over) = (listed.len() == PAGE, false);
        for one in &listed {
            let Ok(signature) = one.signature.parse() else { continue };
            over = over || one.slot < from || Some(signature) == after;
            if !over && one.err.is_none() {
                found.push((signature, one.slot));
            }
            before = Some(signature);
        }
        if over || !full {
            break;
        }
    }
    found.reverse();
    Ok(found)
}

/// Parses `--before`.
pub(crate) fn before(text: Option<&str>) -> Result<Option<Signature>> {
    let parse = |text: &str| text.parse().map_err(|_| CliError::Usage("a signature is base58 of 64 bytes".into()));
    text.map(parse).transpose()
}
