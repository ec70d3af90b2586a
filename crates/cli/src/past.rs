//! Past transactions of an address, newest first, page by page.

use std::collections::VecDeque;

use kedge_client::history::Past;
use kedge_client::{Client, FetchError};
use solana_pubkey::Pubkey;
use solana_rpc_client::rpc_client::GetConfirmedSignaturesForAddress2Config;
use solana_signature::Signature;
use tokio::task::JoinSet;

use crate::error::{CliError, Result};

/// The most signatures of one answer.
const PAGE: usize = 1_000;
/// The most pages that are asked for to catch up.
const PAGES: u32 = 20;
/// Transactions that are asked for side by side.
const AT_ONCE: usize = 8;

/// A transaction that succeeded.
pub struct Found {
    /// Its signature.
    pub signature: Signature,
    /// Its slot.
    pub slot: u64,
    /// What it did, or why that cannot be read. One that cannot hides itself, not the others.
    pub past: core::result::Result<Past, FetchError>,
}

/// Walks back through the transactions of an address. What failed is passed over: it changed nothing.
pub struct Walk {
    client: Client,
    address: Pubkey,
    before: Option<Signature>,
    page: VecDeque<(Signature, u64)>,
    ready: VecDeque<Found>,
    left: usize,
    ended: bool,
}

impl Walk {
    /// From the newest transaction, or the one before a signature, over at most `look` that succeeded.
    pub fn new(client: &Client, address: Pubkey, before: Option<Signature>, look: u32) -> Self {
        let left = usize::try_from(look).unwrap_or(usize::MAX);
        let (page, ready) = (VecDeque::new(), VecDeque::new());
        Self { client: client.clone(), address, before, page, ready, left, ended: false }
    }

    /// The next one; `None` at the end of what the endpoint knows or of what was to be looked at.
    pub async fn next(&mut self) -> Result<Option<Found>> {
        if self.ready.is_empty() {
            self.fetch().await?;
        }
        Ok(self.ready.pop_front())
    }

    /// Whether there is nothing more at the endpoint.
    pub fn ended(&self) -> bool {
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
            // One that the endpoint lists and does not know is gone.
            let Some(past) = past.transpose() else { continue };
            found.push((place, Found { signature, slot, past }));
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
        // An endpoint that gives the same page again would keep us for ever.
        let last = read.last().map(|(signature, ..)| *signature);
        self.ended = listed.len() < PAGE || last.is_none() || last == self.before;
        self.before = last.or(self.before);
        self.page.extend(
            read.into_iter().filter(|(.., succeeded)| *succeeded).map(|(signature, slot, _)| (signature, slot)),
        );
        Ok(())
    }
}

/// Transactions of an address that succeeded, oldest first, each with its slot: those after `after` and in no slot before
/// `from`, at most as many as [`PAGES`] pages hold, the newest of them.
///
/// An endpoint that does not know `after`, since it lags or has forgotten, gives older ones too: `from` bounds that.
pub async fn listed_since(
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

/// Reads `--before`.
pub fn before(text: Option<&str>) -> Result<Option<Signature>> {
    let parse = |text: &str| text.parse().map_err(|_| CliError::Usage("a signature is base58 of 64 bytes".into()));
    text.map(parse).transpose()
}
