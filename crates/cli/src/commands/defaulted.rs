//! `kedge default`: who paid for the last defaults.

use kedge_model::account::bank::{Bank, DEFAULTS};
use kedge_model::event::BankruptcyRecord;
use kedge_units::decimal;
use serde_json::{Value, json};

use crate::args::{self, DefaultAct};
use crate::calendar;
use crate::describe::party;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::{Output, long};
use crate::session::Session;
use crate::table::Table;

/// Prints the statements of one default or of all that the quote bank remembers, the latest last.
pub(crate) async fn run(session: &Session, options: &args::Defaulted) -> Result<Output> {
    let DefaultAct::Show { number } = options.act;
    let directory = Directory::fetch(&session.client).await?;
    let quote = directory.banks.iter().map(|found| &found.data).find(|bank| bank.index == Bank::QUOTE);
    let bank = quote.ok_or_else(|| CliError::NotFound("the exchange has no quote bank yet".into()))?;
    let oldest = bank.next_default.saturating_sub(DEFAULTS as u64);
    let records: Vec<&BankruptcyRecord> = match number {
        Some(number) => vec![bank.default_record(number).ok_or_else(|| {
            CliError::NotFound(match bank.next_default.checked_sub(1) {
                None => "nobody has defaulted yet".into(),
                Some(last) => {
                    format!("no default {number} in the ring, which has {oldest} to {last}; its event has it")
                }
            })
        })?],
        None => bank.remembered().collect(),
    };
    let mut text = String::new();
    for record in &records {
        text += &statement(&directory, record, session.colour)?;
    }
    if records.is_empty() {
        text += "nobody has defaulted yet\n";
    }
    Ok(Output::new(text, Value::Array(records.iter().map(|record| as_json(&directory, record)).collect())))
}

/// The steps in their order, with what each paid.
fn steps(record: &BankruptcyRecord) -> [(&'static str, &'static str, u64); 8] {
    [
        ("fees", "the market's unswept fees", record.fees.0),
        ("insurance_fees", "the market's unswept insurance fees", record.insurance_fees.0),
        ("protocol", "the protocol's tranche", record.protocol.0),
        ("amm", "the vAMM's capital", record.amm.0),
        ("insurance", "the market's insurance fund", record.insurance.0),
        ("staked", "the staked insurance", record.staked.0),
        ("backstop", "the backstop vault", record.backstop.0),
        ("deficit", "left to next fees and profits", record.deficit.0),
    ]
}

fn statement(directory: &Directory, record: &BankruptcyRecord, colour: bool) -> Result<String> {
    let mut table = Table::new(&["PAID BY", ">USD"]);
    for (_, who, amount) in steps(record) {
        table.row(vec![who.into(), decimal::format(amount, 6, 2).into()]);
    }
    table.row(vec!["together".into(), decimal::format(record.paid()?.0, 6, 2).into()]);
    let haircut = match record.missing.0 {
        0 => String::new(),
        _ => format!(
            "the market lacked {} of profits of {} then\n",
            decimal::format(record.missing.0, 6, 2),
            decimal::quote(record.profits)
        ),
    };
    Ok(format!(
        "default {}: {} lost {} in {}{}, {}\n{}{haircut}",
        record.number,
        party(&record.account),
        decimal::format(record.loss.0, 6, 2),
        directory.market_name(record.market),
        if record.isolated == 1 { " (an isolated position)" } else { "" },
        calendar::date_time(record.time),
        table.render(colour)
    ))
}

fn as_json(directory: &Directory, record: &BankruptcyRecord) -> Value {
    let mut told = json!({
        "number": long(record.number),
        "account": party(&record.account),
        "market": directory.market_name(record.market),
        "isolated": record.isolated == 1,
        "time": long(record.time),
        "loss": decimal::format(record.loss.0, 6, 0),
        "missing": decimal::format(record.missing.0, 6, 0),
        "profits": decimal::quote(record.profits),
    });
    for (name, _, amount) in steps(record) {
        told[name] = decimal::format(amount, 6, 0).into();
    }
    told
}
