//! `kedge settle`.

use kedge_client::prices::Row;
use kedge_interface::address;
use kedge_interface::instruction::{KedgeInstruction, SettlePnl};
use kedge_model::Error as Rule;
use kedge_model::account::bank::Bank;
use serde_json::json;

use super::landed;
use crate::args::Settle;
use crate::directory::Directory;
use crate::dry;
use crate::error::{CliError, Result};
use crate::health;
use crate::output::{Output, wrap};
use crate::session::Session;

/// Settles every position with something to settle. Any account may settle any other; while a market has a deficit only the
/// owner turns its profit into tokens, so the owner's signature goes along where the owner is who asks.
pub(crate) async fn run(session: &Session, options: &Settle) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let wanted = options.market.as_deref().map(|name| directory.market(name)).transpose()?;
    let (sub_account, account) = session.account(&options.which).await?;
    let board = session.client.board().await?;
    let held: Vec<u16> = health::positions(&account.head)
        .map(|position| position.market)
        .filter(|index| wanted.is_none_or(|market| market.data.index == *index))
        .collect();
    let (mut list, mut tries) = (Vec::<Output>::new(), Vec::new());
    for index in held {
        let name = directory.market_name(index);
        let lacks = directory.markets.iter().any(|it| it.data.index == index && !it.data.deficit.is_zero());
        let owner = Some(session.signer()?).filter(|signer| lacks && signer.to_bytes() == account.head.authority);
        let settle = SettlePnl {
            market: address::market(index),
            bank: address::bank(Bank::QUOTE),
            sub_account,
            owner: owner.into_iter().collect(),
        };
        let clock = session.client.clock().await?;
        let mut instructions: Vec<_> =
            session.refresh(&board, &rows(&account.head, index), &clock).await?.into_iter().collect();
        instructions.push(settle.instruction());
        match session.send(&instructions).await {
            Ok(sent) => {
                let done = landed(session, &directory, sent).await?;
                let settled = json!({ "market": name, "settled": true, "transaction": done.json });
                list.push(Output::new(done.text, session.named(settled, true)));
            }
            Err(CliError::Dry(tried)) => tries.push(*tried),
            Err(error) => match error.rule() {
                // A keeper may settle between the look and the landing; the result is the requested one.
                Some(rule @ (Rule::NothingToSettle | Rule::PositionNotFound)) => {
                    let why = match rule {
                        Rule::PositionNotFound => "a keeper has settled it already",
                        _ => rule.message(),
                    };
                    let left = json!({
                        "market": name,
                        "settled": false,
                        "reason": rule.name(),
                        "outcome": error.outcome(),
                        "signature": error.signature().map(|signature| signature.to_string()),
                    });
                    list.push(Output::new(wrap("", &format!("{name}: {why}")), left));
                }
                _ => {
                    list.iter().for_each(|one| session.done_before(one));
                    return Err(error);
                }
            },
        }
    }
    if !tries.is_empty() {
        return Err(dry::together(tries));
    }
    let text = match list.as_slice() {
        [] => "no positions to settle\n".to_owned(),
        all => all.iter().map(|one| one.text.as_str()).collect(),
    };
    Ok(Output::new(text, list.into_iter().map(|one| one.json).collect()))
}

/// Rows that a settlement reads: the market's own, and for the margin check behind a profit all rows in use.
fn rows(account: &kedge_model::account::sub_account::SubAccount, market: u16) -> Vec<Row> {
    let mut rows = kedge_client::prices::in_use(account);
    rows.push(Row::Market(market));
    rows
}
