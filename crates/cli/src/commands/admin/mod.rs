//! `kedge admin`: what the people who run the exchange do.

mod listing;
mod roles;
mod switches;

use kedge_client::Landed;
use kedge_model::market::MarketStatus;
use serde_json::{Value, json};

use crate::args::{Act, Admin};
use crate::error::{CliError, Result};
use crate::forms;
use crate::output::{Output, wrap};
use crate::session::Session;

/// Does what was asked for.
pub async fn run(session: &Session, options: &Admin) -> Result<Output> {
    match &options.act {
        Act::Show => roles::show(session).await,
        Act::Form { form } => {
            let text = forms::blank(*form);
            Ok(Output::new(text, json!({ "form": text })))
        }
        Act::Init { pauser, yes } => roles::init(session, *pauser, *yes).await,
        Act::ListBank { mint, form, yes } => listing::bank(session, *mint, form, *yes).await,
        Act::ListMarket { form, yes } => listing::market(session, form, *yes).await,
        Act::Open { market } => switches::status(session, market, MarketStatus::Active).await,
        Act::ReduceOnly { market } => switches::status(session, market, MarketStatus::ReduceOnly).await,
        Act::Expire { market, time, yes } => switches::expire(session, market, time, *yes).await,
        Act::Delist { market, yes } => switches::delist(session, market, *yes).await,
        Act::Pause { operations } => switches::pause(session, operations, true).await,
        Act::Resume { operations } => switches::pause(session, operations, false).await,
        Act::Halt(row) => switches::halt(session, row, true).await,
        Act::Unhalt(row) => switches::halt(session, row, false).await,
        Act::Fees { form, yes } => listing::fees(session, form, *yes).await,
        Act::Tier { owner, tier } => roles::tier(session, *owner, *tier).await,
        Act::Fund { market, pool, amount, yes } => listing::fund(session, market, *pool, amount, *yes).await,
        Act::Propose { next, yes } => roles::propose(session, *next, *yes).await,
        Act::Accept => roles::accept(session).await,
    }
}

/// Errors: without --yes, with what would have happened.
fn sure(yes: bool, told: &str) -> Result<()> {
    if yes { Ok(()) } else { Err(CliError::Usage(format!("{told}: nothing was sent; add --yes to do it"))) }
}

/// What was done, and by which transaction.
fn done(told: &str, mut json: Value, sent: &Landed) -> Result<Output> {
    json["signature"] = json!(sent.signature.to_string());
    Ok(Output::new(wrap("", told) + &super::signed(sent), json))
}
