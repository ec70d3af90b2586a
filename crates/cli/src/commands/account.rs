//! `kedge account` and `kedge accounts`.

use kedge_client::{FetchError, prices};
use kedge_interface::account::{SubAccountData, name};
use kedge_model::account::sub_account::{SubAccount, status};
use kedge_units::decimal;
use serde_json::json;
use solana_pubkey::Pubkey;

use super::{balances, positions};
use crate::args::{Account, Accounts};
use crate::directory::{Directory, short};
use crate::error::{CliError, Result};
use crate::health;
use crate::output::Output;
use crate::session::Session;
use crate::table::{Cell, Paint, Table, paint};

/// Shows a sub-account.
pub(crate) async fn run(session: &Session, options: &Account) -> Result<Output> {
    let (address, account) = match options.address {
        Some(address) => (address, at(session, address).await?),
        None => session.account(&options.which).await?,
    };
    show(session, address, &account).await
}

/// The sub-account at an address. For a wallet's address the error names the command that lists its sub-accounts.
async fn at(session: &Session, address: Pubkey) -> Result<SubAccountData> {
    let error = match session.client.sub_account(address).await {
        Ok(account) => return Ok(account),
        Err(error @ FetchError::Rpc(_)) => return Err(error.into()),
        Err(error) => CliError::from(error),
    };
    let wallet = session.client.trader(&address).await.ok().flatten();
    let hint = match wallet {
        Some(_) => format!("{address} is a wallet: `kedge accounts --authority {address}` lists its sub-accounts"),
        None => "`kedge accounts` lists the addresses of yours, with --json in full".into(),
    };
    Err(error.advised(hint))
}

/// Balances, positions, orders and margin of a sub-account.
pub(crate) async fn show(session: &Session, address: Pubkey, account: &SubAccountData) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let head = &account.head;
    let view = session.view(&prices::in_use(head)).await?;

    let authority = Pubkey::new_from_array(head.authority);
    let delegate = (head.delegate != [0; 32]).then(|| Pubkey::new_from_array(head.delegate).to_string());
    let (state, colour) = state(head);
    let mut text = format!("sub-account {} \"{}\"\naddress   {address}\n", head.id, name(&head.name));
    text += &format!("authority {authority}\n");
    if let Some(delegate) = &delegate {
        text += &format!("delegate  {delegate}\n");
    }
    text += &format!(
        "{}; fee tier {}; {} open orders in {} slots\n\n",
        paint(state, colour, session.colour),
        head.tier_on(view.clock.day()),
        head.open_orders,
        account.orders.len()
    );
    let (balances, balances_json) = balances::table(session.colour, &directory, head, &view, &[]);
    let (positions, positions_json) = positions::table(session.colour, &directory, &view, head, None)?;
    let (margins, margins_json) = health::margins(&directory, head, &view, session.colour);
    text += &format!("{balances}\n{positions}\n{margins}{}", view.warning());
    let json = json!({
        "address": address.to_string(),
        "authority": authority.to_string(),
        "delegate": delegate,
        "id": head.id,
        "name": name(&head.name),
        "state": state,
        "fee_tier": head.tier_on(view.clock.day()),
        "open_orders": head.open_orders,
        "order_slots": account.orders.len(),
        "fees_paid": decimal::quote(head.total_fees),
        "prices": view.source(),
        "balances": balances_json,
        "positions": positions_json,
        "pockets": margins_json,
    });
    Ok(Output::new(text, json))
}

/// Lists sub-accounts.
pub(crate) async fn list(session: &Session, options: &Accounts) -> Result<Output> {
    let whose = match options.authority {
        Some(authority) => authority,
        None => session.signer()?,
    };
    let found = if options.delegated {
        session.client.sub_accounts_delegated_to(&whose).await?
    } else {
        session.accounts_of(&whose).await?
    };
    let mut table = Table::new(&[">ID", "NAME", "OWNER", "DELEGATE", ">POSITIONS", ">ORDERS", ">DOLLARS", "STATE"]);
    let mut list = Vec::new();
    // The default of commands without --account.
    let first = |id: u16| !options.delegated && found.first().is_some_and(|found| found.data.head.id == id);
    for account in &found {
        let head = &account.data.head;
        let (state, colour) = state(head);
        let open = health::positions(head).count();
        let owner = Pubkey::new_from_array(head.authority);
        let delegate = (head.delegate != [0; 32]).then(|| Pubkey::new_from_array(head.delegate));
        table.row(vec![
            format!("{}{}", if first(head.id) { "*" } else { "" }, head.id).into(),
            name(&head.name).into(),
            short(owner).into(),
            delegate.map_or_else(|| "-".into(), short).into(),
            open.to_string().into(),
            format!("{}/{}", head.open_orders, account.data.orders.len()).into(),
            decimal::cents(head.balance(0).0).into(),
            Cell::painted(state, colour),
        ]);
        list.push(json!({
            "id": head.id,
            "name": name(&head.name),
            "address": account.address.to_string(),
            "authority": owner.to_string(),
            "delegate": delegate.map(|delegate| delegate.to_string()),
            "positions": open,
            "open_orders": head.open_orders,
            "order_slots": account.data.orders.len(),
            "quote_balance": decimal::value(head.balance(0)),
            "state": state,
            "default": first(head.id),
        }));
    }
    let nothing = if options.delegated {
        "no sub-account has this address as its delegate\n"
    } else {
        "no sub-account yet; `kedge create` makes one\n"
    };
    let mut text = if table.is_empty() { nothing.into() } else { table.render(session.colour) };
    if !options.delegated && found.len() > 1 {
        text += "* is meant where neither --account nor KEDGE_ACCOUNT names another\n";
    }
    Ok(Output::new(text, json!(list)))
}

fn state(account: &SubAccount) -> (&'static str, Paint) {
    if account.has(status::BANKRUPT) {
        ("bankrupt", Paint::Bad)
    } else if account.has(status::BEING_LIQUIDATED) {
        ("liquidating", Paint::Bad)
    } else {
        ("good", Paint::Good)
    }
}
