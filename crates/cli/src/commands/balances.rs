//! `kedge balances`, and the balances table of `kedge account`.

use kedge_client::prices::{self, Row};
use kedge_interface::address;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::quantity::Amount;
use kedge_model::rule::risk;
use kedge_units::decimal;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;
use solana_rpc_client_api::client_error::ErrorKind;
use solana_rpc_client_api::request::RpcError;

use crate::args;
use crate::directory::Directory;
use crate::error::Result;
use crate::output::Output;
use crate::session::Session;
use crate::table::{Cell, Paint, Table};
use crate::view::View;

/// Lists a sub-account's balances, and the owner's wallet balance of each bank's token.
pub(crate) async fn run(session: &Session, options: &args::Balances) -> Result<Output> {
    let directory = Directory::fetch(&session.client).await?;
    let (_, account) = session.account(&options.which).await?;
    let mut rows = prices::in_use(&account.head);
    rows.extend(directory.banks.iter().map(|bank| Row::Bank(bank.data.index)));
    let view = session.view(&rows).await?;
    let owner = Pubkey::new_from_array(account.head.authority);
    let mut wallet = Vec::new();
    for bank in &directory.banks {
        let held = held(session, &owner, &Pubkey::new_from_array(bank.data.mint)).await;
        wallet.extend(held.map(|held| (bank.data.index, held)));
    }
    let (text, json) = table(session.colour, &directory, &account.head, &view, &wallet);
    Ok(Output::new(text, json))
}

/// Tokens in the owner's associated account, zero when there is none; `None` when the endpoint does not say.
pub(crate) async fn held(session: &Session, owner: &Pubkey, mint: &Pubkey) -> Option<u64> {
    const NO_SUCH_METHOD: i64 = -32_601;
    let at = address::token_account(owner, mint);
    match session.client.rpc().get_token_account_balance(&at).await {
        Ok(amount) => amount.amount.parse().ok(),
        // Endpoints report a missing account as an invalid parameter.
        Err(error) => match error.kind() {
            ErrorKind::RpcError(RpcError::RpcResponseError { code, .. }) if *code != NO_SUCH_METHOD => Some(0),
            _ => None,
        },
    }
}

/// Balances of a sub-account as text and JSON, with the wallet's balances where they were requested.
pub(crate) fn table(
    colour: bool,
    directory: &Directory,
    account: &SubAccount,
    view: &View,
    wallet: &[(u16, u64)],
) -> (String, Value) {
    let titles: &[&str] = if wallet.is_empty() {
        &["BALANCE", ">AMOUNT", ">CAN LEAVE"]
    } else {
        &["BALANCE", ">AMOUNT", ">CAN LEAVE", ">IN WALLET"]
    };
    let mut table = Table::new(titles);
    let mut list = Vec::new();
    let mut banks: Vec<u16> = account.balances.iter().filter(|b| b.used == 1).map(|b| b.bank).collect();
    banks.extend(wallet.iter().map(|(bank, _)| *bank));
    banks.sort_unstable();
    banks.dedup();
    for bank in banks {
        let amount = account.balance(bank);
        let free = risk::max_withdrawal(account, &view.board, bank, &view.clock);
        let in_wallet = wallet.iter().find(|(index, _)| *index == bank).map(|(_, amount)| Amount(*amount));
        let mut cells = vec![
            directory.bank_name(bank).into(),
            directory.tokens_short(bank, amount).into(),
            free.map_or_else(
                |error| Cell::painted(error.name(), Paint::Warn),
                |free| directory.tokens_short(bank, free).into(),
            ),
        ];
        if !wallet.is_empty() {
            cells.push(in_wallet.map_or_else(|| "-".into(), |held| directory.tokens_short(bank, held)).into());
        }
        table.row(cells);
        let mint = directory.bank(bank).ok().map(|bank| Pubkey::new_from_array(bank.data.mint).to_string());
        let weight = view.board.bank(bank).ok().map(|row| decimal::format(row.initial_weight.0, 4, 0));
        let mut json = json!({
            "bank": bank,
            "mint": mint,
            "amount": directory.tokens(bank, amount),
            "can_leave": free.ok().map(|free| directory.tokens(bank, free)),
            "weight_percent": weight,
        });
        if let Some(held) = in_wallet {
            json["in_wallet"] = json!(directory.tokens(bank, held));
        }
        list.push(json);
    }
    let text = if table.is_empty() { "no balances; `kedge deposit` adds some\n".into() } else { table.render(colour) };
    (text, Value::Array(list))
}
