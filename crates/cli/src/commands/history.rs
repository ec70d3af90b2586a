//! `kedge history`.

use kedge_client::history::Past;
use kedge_model::quantity::Price;
use kedge_units::decimal;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;
use solana_signature::Signature;

use super::{payments, tail};
use crate::args::History;
use crate::calendar;
use crate::describe;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::{Output, long, wrap, write_out};
use crate::own::{self, Entry, Owner};
use crate::past::{Walk, before};
use crate::session::Session;
use crate::table::Table;

/// Lists the history of a sub-account, newest first, or follows it; `None` when it was printed already.
pub(crate) async fn run(session: &Session, options: &History, json: bool) -> Result<Option<Output>> {
    let directory = Directory::fetch(&session.client).await?;
    let (_, account) = session.account(&options.which).await?;
    let owner = Owner { authority: Pubkey::new_from_array(account.head.authority), id: account.head.id };
    if options.funding {
        return payments::run(session, &directory, &owner, options).await;
    }
    if options.follow {
        follow(session, &directory, &owner, options, json).await?;
        return Ok(None);
    }
    tail::require_limit(options.limit)?;
    let told = read(session, &directory, &owner, options).await?;
    if options.csv {
        let lines = told.all.iter().filter_map(|(signature, past, entries)| {
            let past = past.as_ref().ok()?;
            Some(entries.iter().map(|entry| entry.csv(&directory, signature, past)).collect::<String>())
        });
        write_out(&format!("{}\n{}", own::CSV, lines.collect::<String>()));
        return Ok(None);
    }
    let list = told.all.iter().map(|one| to_json(&directory, one)).collect();
    let text = if options.fills { fills(session.colour, &directory, &told) } else { transactions(&told) };
    Ok(Some(Output::new(text, Value::Array(list))))
}

async fn follow(session: &Session, directory: &Directory, owner: &Owner, options: &History, json: bool) -> Result<()> {
    let followed = tail::Followed {
        address: owner.address(),
        called: &format!("sub-account {}", owner.id),
        titles: String::new(),
        limit: options.limit,
        look: look(options),
        count: options.count,
    };
    let reads = |past: &Past, signature: &Signature| {
        let entries = entries(directory, past, owner, options.fills);
        if entries.is_empty() {
            return Vec::new();
        }
        let one = (*signature, Ok(past.clone()), entries);
        vec![(transaction(&one), to_json(directory, &one))]
    };
    tail::run(session, &followed, &reads, json).await
}

/// Largest number of transactions to read, since an endpoint might return foreign ones without end.
fn look(options: &History) -> u32 {
    options.limit.saturating_mul(10).max(10_000)
}

/// Entries of a transaction for the sub-account, or its trades alone.
fn entries(directory: &Directory, past: &Past, owner: &Owner, fills: bool) -> Vec<Entry> {
    let mut entries = own::entries(directory, past, owner);
    entries.retain(|entry| !fills || entry.trade.is_some());
    entries
}

/// A transaction with its entries for the sub-account.
type One = (Signature, core::result::Result<Past, String>, Vec<Entry>);

/// A page of history.
struct Told {
    /// Transactions, newest first.
    all: Vec<One>,
    /// Whether older transactions may exist.
    more: bool,
}

async fn read(session: &Session, directory: &Directory, owner: &Owner, options: &History) -> Result<Told> {
    let start = before(options.before.as_deref())?;
    let mut walk = Walk::new(&session.client, owner.address(), start, look(options));
    let limit = usize::try_from(options.limit).unwrap_or(usize::MAX);
    let (mut all, mut count): (Vec<One>, usize) = (Vec::new(), 0);
    while count < limit
        && let Some(found) = walk.next().await?
    {
        let past = found.past.map_err(|error| error.to_string());
        let told = |past: &Past| entries(directory, past, owner, options.fills);
        let entries = past.as_ref().map_or_else(|_| Vec::new(), told);
        if entries.is_empty() && past.is_ok() {
            continue;
        }
        count += if options.fills { entries.len() } else { 1 };
        all.push((found.signature, past, entries));
    }
    Ok(Told { all, more: !walk.ended() })
}

fn to_json(directory: &Directory, (signature, past, entries): &One) -> Value {
    match past {
        Ok(past) => json!({
            "signature": signature.to_string(),
            "slot": long(past.slot),
            "block_time": past.block_time.map(long),
            "lines": entries.iter().map(|entry| &entry.text).collect::<Vec<_>>(),
            "failed": false,
            "batches": past.events().map(|batch| describe::batch(directory, batch).1).collect::<Vec<_>>(),
            "entries": entries.iter().map(|entry| entry.json(directory)).collect::<Vec<_>>(),
        }),
        Err(unread) => json!({ "signature": signature.to_string(), "unread": unread }),
    }
}

/// A transaction in lines, with an empty line behind.
fn transaction((signature, past, entries): &One) -> String {
    let mut text = match past {
        Ok(past) => past.block_time.map_or_else(|| format!("slot {}", past.slot), calendar::date_time) + "\n",
        Err(unread) => wrap("cannot be read: ", unread),
    };
    for entry in entries {
        text += &wrap("  - ", &entry.text);
    }
    text + &format!("{signature}\n\n")
}

fn transactions(told: &Told) -> String {
    let mut text: String = told.all.iter().map(transaction).collect();
    if text.is_empty() {
        text = "nothing that the endpoint remembers\n".into();
    }
    text.trim_end().to_owned() + "\n" + &older(told, "")
}

fn fills(colour: bool, directory: &Directory, told: &Told) -> String {
    let mut table = Table::new(&["TIME (UTC)", "MARKET", "SIDE", ">SIZE", ">PRICE", ">FEE", ">REALISED", "AS"]);
    let mut remark = String::new();
    for (signature, past, entries) in &told.all {
        let Ok(past) = past else {
            remark += &format!("cannot be read:\n{signature}\n");
            continue;
        };
        for entry in entries {
            let tick = entry.market.map_or(Price::ZERO, |market| directory.tick(market));
            table.row(vec![
                calendar::short(past.block_time).into(),
                entry.market.map_or_else(String::new, |market| directory.market_name(market)).into(),
                entry.side().unwrap_or_default().into(),
                entry.trade.map_or_else(String::new, |trade| decimal::size(trade.base.size())).into(),
                entry.price().map_or_else(|| "-".into(), |price| decimal::price_at(price, tick)).into(),
                decimal::rounded(entry.fee.0, decimal::PRICE, 4).into(),
                entry.realised.map_or_else(|| "-".into(), |realised| decimal::signed_cents(realised.0)).into(),
                entry.role.unwrap_or_default().into(),
            ]);
        }
    }
    let text = if table.is_empty() { "no trades that the endpoint remembers\n".into() } else { table.render(colour) };
    text + &remark + &older(told, "--fills ")
}

/// The flags that continue with older transactions.
fn older(told: &Told, flags: &str) -> String {
    match told.all.last() {
        Some((signature, ..)) if told.more => format!("older: kedge history {flags}--before\n{signature}\n"),
        _ => String::new(),
    }
}
