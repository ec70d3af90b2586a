//! `kedge history --funding`: paid and received funding.
//!
//! No account stores payments. A market records each update with its change of the indices, and a position's payment is
//! its base at that moment times the change. Both are read from the market's transactions, backwards from the present
//! position.

use kedge_client::FetchError;
use kedge_interface::account::{decode, decode_sub_account};
use kedge_interface::address;
use kedge_interface::event::Event;
use kedge_model::account::market::Market;
use kedge_model::account::position::Position;
use kedge_model::event::FundingRecord;
use kedge_model::quantity::{Base, FundingIndex, Quote};
use kedge_units::decimal;
use serde_json::json;
use solana_signature::Signature;

use crate::args::History;
use crate::calendar;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::{Output, long, wrap, write_out};
use crate::own::{self, Owner};
use crate::past::{Walk, before};
use crate::session::Session;
use crate::table::Table;

/// Payment of a position at one funding update.
struct Payment {
    signature: Signature,
    slot: u64,
    time: i64,
    market: u16,
    base: Base,
    rate: i64,
    amount: Quote,
}

/// Lists payments, newest first; `None` when they were printed already.
pub(crate) async fn run(
    session: &Session,
    directory: &Directory,
    owner: &Owner,
    options: &History,
) -> Result<Option<Output>> {
    let (markets, oldest) = traded(session, directory, owner, options.look).await?;
    let (mut all, mut cut) = (Vec::new(), Vec::new());
    for market in markets {
        let complete = of_market(session, owner, market, oldest, options, &mut all).await?;
        if !complete {
            cut.push(directory.market_name(market));
        }
    }
    all.sort_by_key(|payment: &Payment| std::cmp::Reverse((payment.slot, payment.market)));
    all.truncate(usize::try_from(options.limit).unwrap_or(usize::MAX));
    if options.csv {
        write_out(&csv(directory, &all));
        return Ok(None);
    }
    let mut table = Table::new(&["TIME (UTC)", "MARKET", ">POSITION", ">RATE/H", ">RECEIVED"]);
    let mut sum = 0i64;
    for payment in &all {
        sum = sum.saturating_add(payment.amount.0);
        table.row(vec![
            calendar::short(Some(payment.time)).into(),
            directory.market_name(payment.market).into(),
            decimal::base(payment.base).into(),
            format!("{}%", decimal::rounded(payment.rate, 7, 5)).into(),
            decimal::rounded(payment.amount.0, decimal::PRICE, 4).into(),
        ]);
    }
    let mut text = table.render(session.colour);
    if all.is_empty() {
        text = "no funding was paid or received\n".into();
    } else {
        text += &format!("sum {}\n", decimal::rounded(sum, decimal::PRICE, 4));
    }
    if !cut.is_empty() {
        text += &wrap("", &format!("There may be older ones in {}: raise --look.", cut.join(", ")));
    }
    let list: Vec<_> = all
        .iter()
        .map(|payment| {
            json!({
                "signature": payment.signature.to_string(),
                "slot": long(payment.slot),
                "time": long(payment.time),
                "market": directory.market_name(payment.market),
                "base": decimal::base(payment.base),
                "rate_hourly_percent": decimal::format(payment.rate, 7, 0),
                "amount": decimal::quote(payment.amount),
            })
        })
        .collect();
    Ok(Some(Output::new(text, json!(list))))
}

fn csv(directory: &Directory, all: &[Payment]) -> String {
    let mut text = format!("{}\n", own::CSV);
    for payment in all {
        let (time, slot) = (calendar::date_time(payment.time), payment.slot);
        let (market, amount) = (directory.market_name(payment.market), decimal::quote(payment.amount));
        let rate = decimal::format(payment.rate, 7, 0);
        let (base, signature) = (decimal::base(payment.base), payment.signature);
        let told = format!("position {base} at {rate}% an hour");
        text += &format!("{time},{slot},funding,{market},,,,,,,{amount},,,,{signature},{told}\n");
    }
    text
}

/// Markets that the sub-account traded, and the slot of its first trade; slot 0 when older trades may exist.
async fn traded(session: &Session, directory: &Directory, owner: &Owner, look: u32) -> Result<(Vec<u16>, u64)> {
    let mut walk = Walk::new(&session.client, owner.address(), None, look);
    let (mut markets, mut first) = (Vec::new(), u64::MAX);
    let mut complete = false;
    while let Some(found) = walk.next().await? {
        let Ok(past) = &found.past else { continue };
        for entry in own::entries(directory, past, owner).iter().filter(|entry| entry.trade.is_some()) {
            markets.extend(entry.market);
            first = first.min(past.slot);
        }
        complete |= own::is_creation(past, owner);
    }
    markets.sort_unstable();
    markets.dedup();
    Ok((markets, if complete { first } else { 0 }))
}

/// Adds a market's payments; `false` when some may be missing.
async fn of_market(
    session: &Session,
    owner: &Owner,
    market: u16,
    oldest: u64,
    options: &History,
    all: &mut Vec<Payment>,
) -> Result<bool> {
    let (mut base, last) = state(session, owner, market).await?;
    let start = before(options.before.as_deref())?;
    let mut found = 0;
    let mut walk = Walk::new(&session.client, address::market(market), None, options.look);
    let mut reached = start.is_none();
    while let Some(one) = walk.next().await? {
        if one.slot < oldest || found >= options.limit {
            return Ok(one.slot < oldest);
        }
        let past = one.past?;
        reached |= start.is_some_and(|start| start == one.signature);
        let mut batches: Vec<_> =
            past.events().filter(|batch| batch.header.market == market && batch.header.seq <= last).collect();
        batches.sort_by_key(|batch| std::cmp::Reverse(batch.header.seq));
        for batch in batches {
            for trade in own::trades(batch, owner).rev() {
                base = Base(base.0.saturating_sub(trade.base.0));
            }
            let updates = batch.events.iter().filter_map(|event| match event {
                Event::Funding(record) => Some(record),
                _ => None,
            });
            for record in updates.filter(|_| reached && !base.is_zero() && Some(one.signature) != start) {
                let amount = paid(base, record)?;
                let (signature, slot, time, rate) = (one.signature, one.slot, record.time, record.rate);
                all.push(Payment { signature, slot, time, market, base, rate, amount });
                found += 1;
            }
        }
    }
    Ok(walk.ended() || oldest == u64::MAX)
}

/// Payment of `base` at an update: negative is paid, positive received.
fn paid(base: Base, record: &FundingRecord) -> Result<Quote> {
    let (index, delta) =
        if base.0 > 0 { (record.long_index, record.long_delta) } else { (record.short_index, record.short_delta) };
    Ok(Position::funding_payment(base, FundingIndex(index.0.wrapping_sub(delta.0)), index)?)
}

/// Present position and number of the market's latest record, of one answer so that they fit together.
async fn state(session: &Session, owner: &Owner, market: u16) -> Result<(Base, u64)> {
    let places = [owner.address(), address::market(market)];
    let found = session.client.accounts(&places).await?;
    let [Some(account), Some(listed)] = &found[..] else {
        return Err(CliError::NotFound("the sub-account or its market is gone".into()));
    };
    let wrong = |place: usize| move |error| FetchError::Decode { address: places[place], error };
    let account = decode_sub_account(&account.data).map_err(wrong(0))?;
    let listed: Market = decode(&listed.data).map_err(wrong(1))?;
    let base = account.head.position(market).map_or(Base::ZERO, |position| position.base);
    // The counter stands at the latest record's number.
    Ok((base, listed.next_event_seq))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_the_position_times_what_its_side_s_index_moved() {
        // 12.5 millionths of 180 dollars for an hour: 0.00225 a coin.
        let record = FundingRecord {
            long_delta: FundingIndex(2_250_000),
            long_index: FundingIndex(5_000_000),
            short_delta: FundingIndex(2_000_000),
            short_index: FundingIndex(-7),
            ..FundingRecord::default()
        };
        assert_eq!(paid(Base(20_000_000_000), &record).unwrap(), Quote(-45_000));
        assert_eq!(paid(Base(-20_000_000_000), &record).unwrap(), Quote(40_000));
        assert_eq!(paid(Base(-1), &record).unwrap(), Quote(0), "rounded against who is paid");
    }
}
