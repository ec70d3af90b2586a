//! `--follow`: transactions of an address as they happen.
//!
//! Fills are in no log: the stream of logs only names transactions, and each is fetched. A listing at every new
//! connection, and from time to time, finds transactions that a broken connection or a silent endpoint did not name.
//! Nothing is left out or shown twice.

use std::collections::VecDeque;
use std::time::Duration;

use kedge_client::history::Past;
use kedge_client::shown::{printable_json, printable_lines};
use kedge_client::{LogChange, Update};
use serde_json::Value;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use tokio::time::{Instant, sleep_until};

use crate::error::{CliError, Result};
use crate::output::write_out;
use crate::past::{Walk, listed_since};
use crate::session::Session;

/// Time between two listings.
const LIST_EVERY: Duration = Duration::from_secs(10);
/// Time until a named transaction that the endpoint cannot show yet is requested again.
const AGAIN: Duration = Duration::from_millis(300);
/// Time for which an answering endpoint is asked for a transaction before it is skipped.
const PATIENCE: Duration = Duration::from_secs(12);
/// Number of signatures that are remembered: more than come in [`BEHIND`] slots.
const REMEMBERED: usize = 32_768;
/// Slots by which an endpoint may lag behind another that was asked before.
const BEHIND: u64 = 150;

/// The followed address.
pub(crate) struct Followed<'a> {
    /// Address whose transactions are followed.
    pub address: Pubkey,
    /// Name of the address in sentences.
    pub called: &'a str,
    /// Titles above all lines; empty for none.
    pub titles: String,
    /// Number of past entries to show first.
    pub limit: u32,
    /// Largest number of transactions to read for them.
    pub look: u32,
    /// Number of entries after which following ends; `None` for no end.
    pub count: Option<u64>,
}

/// The entries of a transaction, oldest first: each as text with its line feed and as JSON.
pub(crate) type Reads<'a> = &'a dyn Fn(&Past, &Signature) -> Vec<(String, Value)>;

/// Shows the latest entries, oldest first, then new ones as they happen, until Ctrl-C or `count` entries.
///
/// # Errors
/// When the endpoint does not answer at the beginning. A later silence is waited out.
pub(crate) async fn run(session: &Session, followed: &Followed<'_>, reads: Reads<'_>, json: bool) -> Result<()> {
    let mut tail = Tail {
        session,
        followed,
        reads,
        json,
        left: followed.count,
        last: None,
        from: 0,
        known: VecDeque::new(),
        unread: VecDeque::new(),
        asked: None,
    };
    tokio::select! {
        ended = tail.follow() => ended,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

/// Refuses a limit of zero, which only following allows.
pub(crate) fn require_limit(limit: u32) -> Result<()> {
    if limit == 0 {
        return Err(CliError::Usage("--limit 0 goes with --follow".into()));
    }
    Ok(())
}

struct Tail<'s> {
    session: &'s Session,
    followed: &'s Followed<'s>,
    reads: Reads<'s>,
    json: bool,
    /// Entries still to show; `None` for no end.
    left: Option<u64>,
    /// The newest transaction of the last listing.
    last: Option<Signature>,
    /// Slots before this one have nothing new.
    from: u64,
    /// The latest named transactions.
    known: VecDeque<Signature>,
    /// Named transactions still to be read, oldest first.
    unread: VecDeque<Signature>,
    /// When the first of them was first requested.
    asked: Option<Instant>,
}

impl Tail<'_> {
    async fn follow(&mut self) -> Result<()> {
        // Subscribing before listing leaves no gap between the two.
        let mut stream = self.session.client.subscribe_logs(&self.followed.address);
        self.begin().await?;
        if self.session.attended {
            eprintln!("following {}; Ctrl-C ends it", self.followed.called);
        }
        let (mut listing, mut failing) = (Instant::now() + LIST_EVERY, false);
        while self.left != Some(0) {
            let wake = if self.unread.is_empty() { listing } else { listing.min(Instant::now() + AGAIN) };
            tokio::select! {
                update = stream.next() => match update {
                    Some(Update::Change(change)) => self.named(&change),
                    Some(Update::Connected) => listing = Instant::now(),
                    Some(Update::Lost) => self.session.note("the endpoint's stream broke off and is connected anew"),
                    None => return Ok(()),
                },
                () = sleep_until(wake) => {}
            }
            let lists = Instant::now() >= listing;
            let done = self.look(lists).await;
            if lists {
                listing = Instant::now() + LIST_EVERY;
            }
            if let (Err(error), false) = (&done, failing) {
                // Printed once: the endpoint may be back at any time.
                error.print(self.json);
            }
            failing = done.is_err();
        }
        Ok(())
    }

    /// Shows past entries, and remembers where to continue.
    async fn begin(&mut self) -> Result<()> {
        let Followed { address, limit, look, .. } = *self.followed;
        self.from = self.session.client.clock().await?.slot.saturating_sub(BEHIND);
        let before = listed_since(&self.session.client, &address, None, self.from).await?;
        self.last = before.last().map(|(signature, _)| *signature);
        for (signature, _) in before {
            let _ = self.remember(signature);
        }
        let mut walk = Walk::new(&self.session.client, address, None, look);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(one) = walk.next().await?
        {
            let _ = self.remember(one.signature);
            if let Ok(past) = &one.past {
                found.extend((self.reads)(past, &one.signature).into_iter().rev());
            }
        }
        found.truncate(limit);
        if !self.json {
            write_out(&self.followed.titles);
        }
        found.iter().rev().for_each(|(text, json)| self.tell(text, json));
        Ok(())
    }

    /// Queues a named transaction. A failed one changed nothing and is skipped.
    fn named(&mut self, change: &LogChange) {
        if let Ok(signature) = change.signature.parse()
            && !change.failed
            && self.remember(signature)
        {
            self.unread.push_back(signature);
        }
    }

    /// Remembers a signature; `false` for a known one.
    fn remember(&mut self, signature: Signature) -> bool {
        if self.known.contains(&signature) {
            return false;
        }
        self.known.push_back(signature);
        if self.known.len() > REMEMBERED {
            self.known.pop_front();
        }
        true
    }

    /// Lists new transactions when a listing is due, and reads the queued ones.
    async fn look(&mut self, lists: bool) -> Result<()> {
        if lists {
            let listed = listed_since(&self.session.client, &self.followed.address, self.last, self.from).await?;
            if let Some((signature, slot)) = listed.last().copied() {
                self.last = Some(signature);
                self.from = self.from.max(slot.saturating_sub(BEHIND));
            }
            for (signature, _) in listed {
                if self.remember(signature) {
                    self.unread.push_back(signature);
                }
            }
        }
        while self.left != Some(0)
            && let Some(signature) = self.unread.front().copied()
        {
            let asked = *self.asked.get_or_insert_with(Instant::now);
            match self.session.client.past(&signature).await {
                Ok(Some(past)) => {
                    (self.reads)(&past, &signature).iter().for_each(|(text, json)| self.tell(text, json));
                }
                // The endpoint that named the transaction and the one that shows it may differ.
                Ok(None) | Err(_) if asked.elapsed() < PATIENCE => return Ok(()),
                left => {
                    // An endpoint that answers nothing may be back; one that answers does not have this transaction.
                    if let Err(gone) = self.session.client.clock().await {
                        self.asked = None;
                        return Err(gone.into());
                    }
                    let why =
                        left.err().map_or_else(|| "the endpoint does not know it".into(), |error| error.to_string());
                    self.session.note(&format!("transaction {signature} may belong here and cannot be read: {why}"));
                }
            }
            self.asked = None;
            self.unread.pop_front();
        }
        Ok(())
    }

    fn tell(&mut self, text: &str, json: &Value) {
        if self.left == Some(0) {
            return;
        }
        self.left = self.left.map(|left| left - 1);
        if self.json {
            write_out(&printable_json(&format!("{json}\n")));
        } else {
            write_out(&printable_lines(text));
        }
    }
}
