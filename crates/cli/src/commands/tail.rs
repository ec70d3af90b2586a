//! `--follow`: what happens to an address, as it happens.
//!
//! Fills stand in no log: the stream of logs only names the transactions in which something happened, and what it was is
//! read from each. What a connection that broke has not named, or an endpoint that names nothing, is found by a listing:
//! at each new connection, and at times. So nothing is left out, and nothing is told twice.

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
/// Time until a transaction that the endpoint has named and cannot tell yet is asked for again.
const AGAIN: Duration = Duration::from_millis(300);
/// How long an endpoint that answers is asked for it before it is passed over.
const PATIENCE: Duration = Duration::from_secs(12);
/// Signatures that are remembered: more than come in [`BEHIND`] slots.
const REMEMBERED: usize = 32_768;
/// Slots by which an endpoint may lag behind another that was asked before.
const BEHIND: u64 = 150;

/// What is followed.
pub struct Subject<'a> {
    /// Whose transactions.
    pub address: Pubkey,
    /// What it is called.
    pub called: &'a str,
    /// What stands above everything; nothing for none.
    pub titles: String,
    /// How much of the past is told first.
    pub limit: u32,
    /// How many transactions are read for that at most.
    pub look: u32,
    /// After how much the following ends; `None` for never.
    pub count: Option<u64>,
}

/// What is told of a transaction, oldest first: each as text with its line feed, and for programs.
pub type Reads<'a> = &'a dyn Fn(&Past, &Signature) -> Vec<(String, Value)>;

/// Tells the latest of what happened, oldest first, then the rest as it happens, until Ctrl-C or until it was enough.
///
/// Errors: an endpoint that does not answer at the beginning. One that falls silent later is waited for.
pub async fn run(session: &Session, subject: &Subject<'_>, reads: Reads<'_>, json: bool) -> Result<()> {
    let mut tail = Tail {
        session,
        subject,
        reads,
        json,
        left: subject.count,
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

/// Refuses a list of nothing: only who follows may leave out what is past.
pub fn require_limit(limit: u32) -> Result<()> {
    if limit == 0 {
        return Err(CliError::Usage("--limit 0 goes with --follow".into()));
    }
    Ok(())
}

struct Tail<'s> {
    session: &'s Session,
    subject: &'s Subject<'s>,
    reads: Reads<'s>,
    json: bool,
    /// How much is still to be told; `None` for all.
    left: Option<u64>,
    /// The newest transaction of the last listing.
    last: Option<Signature>,
    /// No slot before this one has anything new.
    from: u64,
    /// The latest transactions that were named.
    known: VecDeque<Signature>,
    /// Those of them that are to be read, oldest first.
    unread: VecDeque<Signature>,
    /// Since when the first of these is asked for.
    asked: Option<Instant>,
}

impl Tail<'_> {
    async fn follow(&mut self) -> Result<()> {
        // The stream before the listing: between the two nothing is missed.
        let mut stream = self.session.client.subscribe_logs(&self.subject.address);
        self.begin().await?;
        if self.session.attended {
            eprintln!("following {}; Ctrl-C ends it", self.subject.called);
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
                // Said once: the endpoint may be back at any time.
                error.print(self.json);
            }
            failing = done.is_err();
        }
        Ok(())
    }

    /// Tells what happened before, and remembers from where to go on.
    async fn begin(&mut self) -> Result<()> {
        let Subject { address, limit, look, .. } = *self.subject;
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
            write_out(&self.subject.titles);
        }
        found.iter().rev().for_each(|(text, json)| self.tell(text, json));
        Ok(())
    }

    /// What the stream names is read next. What failed changed nothing.
    fn named(&mut self, change: &LogChange) {
        if let Ok(signature) = change.signature.parse()
            && !change.failed
            && self.remember(signature)
        {
            self.unread.push_back(signature);
        }
    }

    /// Whether a signature is new.
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

    /// Lists what came since the last listing, if it is time to, and reads what is to be read.
    async fn look(&mut self, lists: bool) -> Result<()> {
        if lists {
            let listed = listed_since(&self.session.client, &self.subject.address, self.last, self.from).await?;
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
                // The one that names it and the one that tells it may be two.
                Ok(None) | Err(_) if asked.elapsed() < PATIENCE => return Ok(()),
                left => {
                    // Who answers nothing at all may be back; who answers does not have this one.
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
