//! `kedge admin`: commands of the exchange's operators.

mod ends;
mod listing;
mod roles;
mod switches;

use kedge_client::Landed;
use kedge_model::account::market::MarketStatus;
use serde_json::{Value, json};

use crate::args::{Act, Admin};
use crate::error::Result;
use crate::forms;
use crate::output::{Output, wrap};
use crate::session::Session;

/// Runs an admin command.
pub(crate) async fn run(session: &Session, options: &Admin) -> Result<Output> {
    match &options.act {
        Act::Show => roles::show(session).await,
        Act::Form { form } => {
            let text = forms::blank(*form);
            Ok(Output::new(text, json!({ "form": text })))
        }
        Act::Init { pauser, treasury } => roles::init(session, *pauser, *treasury).await,
        Act::ListBank { mint, form } => listing::bank(session, *mint, form).await,
        Act::ListMarket { form } => listing::market(session, form).await,
        Act::Open { market } => switches::status(session, market, MarketStatus::Active, 0).await,
        Act::ReduceOnly { market, length } => {
            switches::status(session, market, MarketStatus::ReduceOnly, switches::seconds(length)?).await
        }
        Act::Expire { market, time } => switches::expire(session, market, time).await,
        Act::End { market } => ends::end(session, market).await,
        Act::Delist { market } => ends::delist(session, market).await,
        Act::Treasury => ends::treasury(session).await,
        Act::Pause { operations, length } => {
            switches::pause(session, operations, Some(switches::seconds(length)?)).await
        }
        Act::Resume { operations } => switches::pause(session, operations, None).await,
        Act::Halt { row, length } => switches::halt(session, row, Some(switches::seconds(length)?)).await,
        Act::Unhalt(row) => switches::halt(session, row, None).await,
        Act::Fees { form } => listing::fees(session, form).await,
        Act::Tier { owner, tier } => roles::tier(session, *owner, *tier).await,
        Act::Fund { market, pool, amount } => listing::fund(session, market, *pool, amount).await,
        Act::Propose { next } => roles::propose(session, *next).await,
        Act::Accept => roles::accept(session).await,
    }
}

/// Asks before an irreversible change. Without --yes the error says what would have happened.
fn sure(session: &Session, told: &str) -> Result<()> {
    session.confirm(vec![told.to_owned()])
}

/// The output of a landed admin transaction.
fn done(told: &str, json: Value, sent: &Landed) -> Result<Output> {
    Ok(Output::new(wrap("", told) + &super::signed(sent), json))
}
