//! `kedge account`.

use kedge_client::prices;
use kedge_interface::account::name;
use kedge_model::board::{PriceBoard, Purpose};
use kedge_model::clock::Clock;
use kedge_model::margin::{self, Margin, MarginKind};
use kedge_model::sub_account::{SubAccount, status};
use serde_json::{Value, json};
use solana_pubkey::Pubkey;

use super::position;
use crate::args::Account;
use crate::decimal;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::Output;
use crate::session::Session;
use crate::table::{Cell, Paint, Table, paint};

/// Shows a sub-account.
pub async fn run(session: &Session, options: &Account) -> Result<Output> {
    let address = match options.address {
        Some(address) => address,
        None => session.sub_account(&options.which)?,
    };
    let account = session.client.sub_account(address).await?;
    let directory = Directory::fetch(&session.client).await?;
    let board = session.client.board().await?;
    let clock = session.client.clock().await?;
    let head = &account.head;

    let authority = Pubkey::new_from_array(head.authority);
    let delegate = (head.delegate != [0; 32]).then(|| Pubkey::new_from_array(head.delegate).to_string());
    let (state, colour) = state(head);
    let mut text = format!("sub-account {} \"{}\"  {address}\n", head.id, name(&head.name));
    text += &format!("authority {authority}\n");
    if let Some(delegate) = &delegate {
        text += &format!("delegate  {delegate}\n");
    }
    text += &format!(
        "{}; fee tier {}; {} open orders in {} slots\n\n",
        paint(state, colour, session.colour),
        head.fee_tier,
        head.open_orders,
        account.orders.len()
    );
    let (balances, balances_json) = balances(session, &directory, head);
    let (positions, positions_json) = position::table(session, &directory, &board, head, None)?;
    let (margins, margins_json) = margins(session, head, &board, &clock);
    text += &format!("{balances}\n{positions}\n{margins}");
    let json = json!({
        "address": address.to_string(),
        "authority": authority.to_string(),
        "delegate": delegate,
        "id": head.id,
        "name": name(&head.name),
        "state": state,
        "fee_tier": head.fee_tier,
        "open_orders": head.open_orders,
        "order_slots": account.orders.len(),
        "fees_paid": decimal::quote(head.total_fees),
        "balances": balances_json,
        "positions": positions_json,
        "margin": margins_json,
    });
    Ok(Output::new(text, json))
}

fn state(account: &SubAccount) -> (&'static str, Paint) {
    if account.has(status::BANKRUPT) {
        ("bankrupt", Paint::Bad)
    } else if account.has(status::BEING_LIQUIDATED) {
        ("being liquidated", Paint::Bad)
    } else {
        ("in good standing", Paint::Good)
    }
}

fn balances(session: &Session, directory: &Directory, account: &SubAccount) -> (String, Value) {
    let mut table = Table::new(&["BALANCE", ">AMOUNT"]);
    let mut list = Vec::new();
    for balance in account.balances.iter().filter(|balance| balance.used == 1) {
        let amount = directory.tokens(balance.bank, balance.amount);
        table.row(vec![directory.bank_name(balance.bank).into(), amount.clone().into()]);
        list.push(json!({ "bank": balance.bank, "amount": amount }));
    }
    let text = if table.is_empty() { "no balances\n".into() } else { table.render(session.colour) };
    (text, Value::Array(list))
}

/// Margin of each kind as the exchange would compute it now; where prices are too old for that, which rows.
fn margins(session: &Session, account: &SubAccount, board: &PriceBoard, clock: &Clock) -> (String, Value) {
    let mut table = Table::new(&["MARGIN", ">COLLATERAL", ">REQUIRED", ">FREE"]);
    let mut json = serde_json::Map::new();
    let mut stale = Vec::new();
    for (kind, purpose, label) in [
        (MarginKind::Initial, Purpose::IncreaseRisk, "initial"),
        (MarginKind::Maintenance, Purpose::Liquidate, "maintenance"),
    ] {
        let computed = margin::margin(account, board, kind, purpose, clock);
        match computed.and_then(|margin: Margin| Ok((margin, margin.free()?))) {
            Ok((margin, free)) => {
                let colour = if free.0 >= 0 { Paint::Good } else { Paint::Bad };
                table.row(vec![
                    label.into(),
                    decimal::quote(margin.collateral).into(),
                    decimal::value(margin.requirement).into(),
                    Cell::painted(decimal::quote(free), colour),
                ]);
                json.insert(
                    label.into(),
                    json!({
                        "collateral": decimal::quote(margin.collateral),
                        "requirement": decimal::value(margin.requirement),
                        "free": decimal::quote(free),
                        "liability": decimal::value(margin.liability),
                    }),
                );
            }
            Err(error) => {
                table.row(vec![label.into(), Cell::painted(error.name(), Paint::Warn), "-".into(), "-".into()]);
                json.insert(label.into(), json!({ "error": error.name(), "message": error.message() }));
                stale.extend(prices::stale(board, &prices::in_use(account), purpose, clock));
            }
        }
    }
    let mut text = table.render(session.colour);
    stale.sort_unstable();
    stale.dedup();
    if !stale.is_empty() {
        let rows: Vec<String> = stale.iter().map(ToString::to_string).collect();
        text += &format!("too old: {}; `kedge prices --refresh` refreshes them\n", rows.join(", "));
    }
    (text, Value::Object(json))
}
