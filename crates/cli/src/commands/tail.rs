//! `kedge trades --follow`: trades as they happen.
//!
//! Fills stand in no log: the stream of logs only names the transactions in which something happened, and what it was is
//! read from each. What a connection that broke has not named, or an endpoint that names nothing, is found by a listing:
//! at each new connection, and at times. So nothing is left out, and nothing is told twice.

use std::collections::VecDeque;
use std::time::Duration;

use kedge_client::shown::{printable_json, printable_lines};
use kedge_client::{Found, LogChange, Update};
use kedge_model::market::Market;
use solana_signature::Signature;
use tokio::time::{Instant, sleep_until};

use super::trades::{self, Told};
use crate::args::Trades;
use crate::calendar;
use crate::decimal;
use crate::error::Result;
use crate::output::write_out;
use crate::past::{Walk, listed_since};
use crate::session::Session;

/// Time between two listings.
const LIST_EVERY: Duration = Duration::from_secs(10);
/// Time until a transaction that the endpoint has named and cannot tell yet is asked for again.
const AGAIN: Duration = Duration::from_millis(300);
/// How long it is asked for before it is passed over.
const PATIENCE: Duration = Duration::from_secs(12);
/// Signatures that are remembered: more than come in [`BEHIND`] slots.
const REMEMBERED: usize = 32_768;
/// Slots by which an endpoint may lag behind another that was asked before.
const BEHIND: u64 = 150;

/// Tells the latest trades of a market, oldest first, then each as it happens, until Ctrl-C or `--count` of them.
///
/// Errors: an endpoint that does not answer at the beginning. One that falls silent later is waited for.
pub async fn run(session: &Session, options: &Trades, market: &Found<Market>, name: &str, json: bool) -> Result<()> {
    let mut tail = Tail {
        session,
        market,
        name,
        json,
        left: options.count,
        last: None,
        from: 0,
        known: VecDeque::new(),
        unread: VecDeque::new(),
        asked: None,
    };
    tokio::select! {
        ended = tail.follow(options) => ended,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

struct Tail<'s> {
    session: &'s Session,
    market: &'s Found<Market>,
    name: &'s str,
    json: bool,
    /// Trades that are still to be told; `None` for all.
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
    async fn follow(&mut self, options: &Trades) -> Result<()> {
        // The stream before the listing: between the two nothing is missed.
        let mut stream = self.session.client.subscribe_logs(&self.market.address);
        self.begin(options).await?;
        if self.session.attended {
            eprintln!("following {}; Ctrl-C ends it", self.name);
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

    /// Tells what was traded before, and remembers from where to go on.
    async fn begin(&mut self, options: &Trades) -> Result<()> {
        self.from = self.session.client.clock().await?.slot.saturating_sub(BEHIND);
        let before = listed_since(&self.session.client, &self.market.address, None, self.from).await?;
        self.last = before.last().map(|(signature, _)| *signature);
        for (signature, _) in before {
            let _ = self.remember(signature);
        }
        let mut walk = Walk::new(&self.session.client, self.market.address, None, options.look);
        let limit = usize::try_from(options.limit).unwrap_or(usize::MAX);
        let mut found: Vec<Told> = Vec::new();
        while found.len() < limit
            && let Some(one) = walk.next().await?
        {
            let _ = self.remember(one.signature);
            if let Ok(past) = &one.past {
                found.extend(trades::told(past, self.market.data.index, &one.signature));
            }
        }
        found.truncate(limit);
        if !self.json {
            write_out(&titles(self.session.colour));
        }
        found.iter().rev().for_each(|told| self.tell(told));
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
            let listed = listed_since(&self.session.client, &self.market.address, self.last, self.from).await?;
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
                    let mut told = trades::told(&past, self.market.data.index, &signature);
                    told.reverse();
                    told.iter().for_each(|one| self.tell(one));
                }
                // The one that names it and the one that tells it may be two.
                Ok(None) | Err(_) if asked.elapsed() < PATIENCE => return Ok(()),
                Ok(None) => self.unreadable(&signature, "the endpoint does not know it"),
                Err(error) => self.unreadable(&signature, &error.to_string()),
            }
            self.asked = None;
            self.unread.pop_front();
        }
        Ok(())
    }

    fn unreadable(&self, signature: &Signature, why: &str) {
        self.session.note(&format!("transaction {signature} may hold trades and cannot be read: {why}"));
    }

    fn tell(&mut self, told: &Told) {
        if self.left == Some(0) {
            return;
        }
        self.left = self.left.map(|left| left - 1);
        if self.json {
            write_out(&printable_json(&format!("{}\n", told.json(self.name))));
        } else {
            write_out(&printable_lines(&line(told, self.market)));
        }
    }
}

/// Titles above [`line`].
fn titles(colour: bool) -> String {
    let titles = columns(["TIME (UTC)", "SIDE", "SIZE", "PRICE", "VALUE", "FROM"]);
    if colour { format!("\x1b[1m{titles}\x1b[0m") } else { titles }
}

/// A trade in columns that are as wide for every trade: what comes is not known.
fn line(told: &Told, market: &Found<Market>) -> String {
    let trade = &told.trade;
    columns([
        &calendar::short(told.time),
        if trade.buys { "buy" } else { "sell" },
        &decimal::size(trade.size),
        &decimal::price_at(trade.price(), market.data.tick),
        &decimal::cents(trade.quote.0),
        trade.from,
    ])
}

fn columns([time, side, size, price, value, from]: [&str; 6]) -> String {
    format!("{time:14}  {side:4}  {size:>12}  {price:>12}  {value:>14}  {from}\n")
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn a_line_fits_a_terminal() {
        let widest =
            columns(["11-30 23:59:59", "sell", "1000000.1234", "123456.12345", "99999999999.99", "liquidation"]);
        assert!(widest.trim_end().len() <= 80, "{widest}");
        assert_eq!(widest.find("123456.12345"), columns(["", "", "", "     1234567", "", ""]).find("     1234567"));
    }
}
