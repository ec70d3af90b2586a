//! Switches: operations, price rows and market statuses.

use kedge_client::prices::Row as PriceRow;
use kedge_interface::instruction::{HaltRow, KedgeInstruction, SetExpiry, SetMarketStatus, SetPaused};
use kedge_model::account::exchange::{Exchange, operation};
use kedge_model::account::market::MarketStatus;
use kedge_units::decimal;
use serde_json::json;

use super::{done, sure};
use crate::args::{Operation, Row};
use crate::calendar::date_time;
use crate::commands::landed;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::Output;
use crate::session::Session;

/// Every operation with its bit and name.
pub(super) const OPERATIONS: [(Operation, u32, &str); 10] = [
    (Operation::Deposit, operation::DEPOSIT, "deposit"),
    (Operation::Withdraw, operation::WITHDRAW, "withdraw"),
    (Operation::Place, operation::PLACE, "place"),
    (Operation::Fill, operation::FILL, "fill"),
    (Operation::FillAmm, operation::FILL_AMM, "fill-amm"),
    (Operation::Liquidate, operation::LIQUIDATE, "liquidate"),
    (Operation::Funding, operation::FUNDING, "funding"),
    (Operation::Settle, operation::SETTLE, "settle"),
    (Operation::UpdateAmm, operation::UPDATE_AMM, "update-amm"),
    (Operation::Transfer, operation::TRANSFER, "transfer"),
];

/// Names of the operations that a mask pauses.
pub(super) fn paused_names(mask: u32) -> Vec<&'static str> {
    OPERATIONS.iter().filter(|(_, bit, _)| mask & bit != 0).map(|(_, _, name)| *name).collect()
}

fn mask(operations: &[Operation]) -> u32 {
    let bits = OPERATIONS.iter().filter(|(one, ..)| operations.contains(one)).fold(0, |mask, (_, bit, _)| mask | bit);
    if operations.contains(&Operation::All) { operation::ALL } else { bits }
}

/// The operations of a mask with the moment until which each stays paused.
pub(super) fn paused_until(exchange: &Exchange, mask: u32) -> Vec<(&'static str, i64)> {
    let until = |bit: u32| exchange.by_bit().find(|(one, ..)| *one == bit).map_or(0, |(_, _, until)| i64::from(until));
    OPERATIONS.iter().filter(|(_, bit, _)| mask & bit != 0).map(|(_, bit, name)| (*name, until(*bit))).collect()
}

/// Pauses operations for so many seconds, or resumes them.
pub(super) async fn pause(session: &Session, operations: &[Operation], length: Option<u32>) -> Result<Output> {
    let (exchange, clock) = (session.client.exchange().await?, session.client.clock().await?);
    let before = exchange.paused_now(&clock);
    let asked = mask(operations);
    let paused = if length.is_some() { before | asked } else { before & !asked };
    if paused == before {
        let told = switched(&exchange, before);
        let json = json!({ "paused": paused_names(paused) });
        return Ok(Output::new(format!("{told}; it was so before, nothing was sent\n"), json));
    }
    let set = SetPaused { signer: session.signer()?, paused, seconds: length.unwrap_or_default() };
    let sent = session.send(&[set.instruction()]).await?;
    // What the chain says now: the end may lie before the one asked for, where a stop had begun already.
    let after = session.client.exchange().await?;
    done(&switched(&after, paused), json!({ "paused": paused_names(paused) }), &sent)
}

/// What of a mask is paused, and until when.
pub(super) fn switched(exchange: &Exchange, mask: u32) -> String {
    let ends = paused_until(exchange, mask);
    if ends.is_empty() {
        return "nothing is paused".to_owned();
    }
    let named: Vec<_> = ends.iter().map(|(name, until)| format!("{name} until {}", date_time(*until))).collect();
    format!("paused: {}", named.join(", "))
}

/// Halts a price row for so many seconds, or resumes it.
pub(super) async fn halt(session: &Session, row: &Row, length: Option<u32>) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let (kind, index, name) = match (&row.market, row.bank) {
        (Some(market), _) => {
            let index = directory.market(market)?.data.index;
            (0, index, directory.market_name(index))
        }
        (None, bank) => {
            let index = directory.bank(bank.unwrap_or_default())?.data.index;
            (1, index, directory.bank_name(index))
        }
    };
    let (halted, seconds) = (length.is_some(), length.unwrap_or_default());
    let halt = HaltRow { signer: session.signer()?, kind, index, halted, seconds };
    let sent = session.send(&[halt.instruction()]).await?;
    let board = session.client.board().await?;
    let until = match kind {
        0 => board.market(index).map(|row| row.halt_until),
        _ => board.bank(index).map(|row| row.halt_until),
    };
    let until = i64::from(until.unwrap_or_default());
    let told = if halted {
        format!("the price row of {name} is halted until {}", date_time(until))
    } else {
        format!("the price row of {name} starts again with its next price: `kedge prices --refresh`")
    };
    done(&told, json!({ "row": name, "halted": halted, "until": halted.then_some(until) }), &sent)
}

/// Opens a market, or makes it reduce-only for so many seconds.
pub(super) async fn status(session: &Session, wanted: &str, status: MarketStatus, seconds: u32) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let market = directory.market(wanted)?;
    let mut instructions = Vec::new();
    if status == MarketStatus::Active {
        let amm = &market.data.amm;
        if !amm.sqrt_k.is_zero() && amm.base.is_zero() && amm.quote.0 <= 0 {
            let name = directory.market_name(market.data.index);
            let fund = format!("`kedge admin fund {name} vamm AMOUNT`");
            sure(session, &format!("the vAMM of {name} has no capital and trades nothing until it is funded: {fund}"))?;
        }
        // A market opens on a price that the same transaction refreshes.
        let board = session.client.board().await?;
        instructions.push(session.refresh_all(&board, &[PriceRow::Market(market.data.index)]).await?);
    }
    let set = SetMarketStatus { signer: session.signer()?, market: market.address, status: status as u8, seconds };
    instructions.push(set.instruction());
    let sent = session.send(&instructions).await?;
    landed(session, &directory, sent).await
}

/// Sets or removes a market's expiry.
pub(super) async fn expire(session: &Session, wanted: &str, time: &str) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let market = directory.market(wanted)?;
    let time = moment(time, session.client.clock().await?.unix_time)?;
    let name = directory.market_name(market.data.index);
    let told = match time {
        0 => format!("{name} never expires"),
        _ => format!("{name} expires at {}, an hour before it only reduces", date_time(time)),
    };
    sure(session, &told)?;
    let set = SetExpiry { signer: session.signer()?, market: market.address, time };
    let sent = session.send(&[set.instruction()]).await?;
    landed(session, &directory, sent).await
}

/// A typed length in seconds: a number, or one with `m`, `h` or `d`.
pub(super) fn seconds(text: &str) -> Result<u32> {
    let (number, unit) = with_unit(text, &[('m', 60), ('h', 3_600), ('d', 86_400)]);
    let seconds = number.and_then(|number| number.checked_mul(unit.unwrap_or(1)));
    seconds
        .and_then(|seconds| u32::try_from(seconds).ok())
        .filter(|seconds| *seconds != 0)
        .ok_or_else(|| CliError::Usage(format!("`{text}` is no length of time: write `90m`, `6h`, `2d`, or seconds")))
}

/// A whole number, and the seconds of the unit behind it, if one of these is.
fn with_unit(text: &str, units: &[(char, u64)]) -> (Option<u64>, Option<u64>) {
    let found = units.iter().find_map(|(letter, seconds)| Some((text.strip_suffix(*letter)?, *seconds)));
    let (digits, unit) = found.map_or((text, None), |(digits, seconds)| (digits, Some(seconds)));
    (decimal::parse(digits, 0).ok(), unit)
}

/// A typed time in Unix seconds: a number, `never` (0), or hours or days from `now`.
fn moment(text: &str, now: i64) -> Result<i64> {
    if text == "never" {
        return Ok(0);
    }
    let (number, unit) = with_unit(text, &[('h', 3_600), ('d', 86_400)]);
    let found = number.and_then(|number| match unit {
        Some(unit) => number.checked_mul(unit).and_then(|ahead| now.checked_add(i64::try_from(ahead).ok()?)),
        None => i64::try_from(number).ok().filter(|time| *time != 0),
    });
    found.ok_or_else(|| {
        CliError::Usage(format!("`{text}` is no time: write Unix seconds, `2h` or `3d` from now, or `never`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_operation_of_the_program_can_be_named() {
        assert_eq!(OPERATIONS.iter().fold(0, |mask, (_, bit, _)| mask | bit), operation::ALL);
        assert_eq!(mask(&[Operation::All]), operation::ALL);
        for operation in Operation::value_variants().iter().filter(|one| **one != Operation::All) {
            let (_, bit, name) = OPERATIONS.iter().find(|(one, ..)| one == operation).expect("listed");
            assert_eq!((mask(&[*operation]), paused_names(*bit)), (*bit, vec![*name]));
            assert_eq!(operation.to_possible_value().unwrap().get_name(), *name);
        }
    }

    #[test]
    fn a_length_is_seconds_minutes_hours_or_days() {
        for (text, expected) in [("1", 1), ("90m", 5_400), ("24h", 86_400), ("7d", 604_800)] {
            assert_eq!(seconds(text).unwrap(), expected, "{text}");
        }
        for text in ["", "0", "0h", "h", "-1h", "1.5h", "for ever", "99999999999999999999", "213503982334602d"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_is_seconds_or_hours_and_days_from_now() {
        for (text, expected) in [("never", 0), ("1900000000", 1_900_000_000), ("2h", 8_200), ("3d", 260_200)] {
            assert_eq!(moment(text, 1_000).unwrap(), expected, "{text}");
        }
        for text in ["", "0", "h", "-5", "1.5h", "soon", "99999999999999999999", "9223372036854775807d"] {
            assert!(moment(text, 1_000).is_err(), "{text}");
        }
    }
}
