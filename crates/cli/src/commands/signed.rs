//! `kedge sign`, `kedge submit` and `kedge revoke`.

use std::io::Read;
use std::path::Path;

use kedge_client::FetchError;
use kedge_client::prices::{self, Row};
use kedge_client::signed::{self, NUMBERS_AHEAD, SignedOrders};
use kedge_interface::instruction::{KedgeInstruction, RevokeSignedOrders};
use kedge_model::account::order::{OrderParams, flags};
use kedge_model::account::sub_account::SubAccount;
use kedge_model::action::{MAX_NUMBER_STEP, SignedMessage};
use kedge_model::time::Seconds;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;

use super::order_context::{OrderContext, Typed};
use super::{landed, place, sized, ticket};
use crate::args::{ClientId, Revoke, Sign, Submit, Which};
use crate::calendar::date_time;
use crate::describe;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::numbers::Numbers;
use crate::output::{Output, long, wrap};
use crate::session::Session;

/// Signs an order that any account may place, or writes the text for a wallet to sign. Sends nothing.
pub(crate) async fn sign(session: &Session, options: &Sign, as_json: bool) -> Result<Output> {
    let signer = options.wallet.map_or_else(|| session.signer(), Ok)?;
    if session.guards.dry_run {
        let text = "signing sends nothing, and what is signed is worth as much as the order; without --dry-run, then \
                    `kedge submit FILE --dry-run` tries it";
        return Err(CliError::Usage(text.into()));
    }
    let directory = Directory::fetch(&session.client).await?;
    let market = directory.market(&options.order.market)?;
    let owner = options.order.which.authority.or(options.wallet);
    let which = Which { authority: owner, id: options.order.which.id.clone() };
    let (address, account) = session.account(&which).await?;
    account.head.require_trader(&signer.to_bytes())?;
    place::require_builder(&options.order, &account)?;
    let view = session.view(&place::rows(&account, market)).await?;
    let clock = view.clock;
    let price = sized::price_of(&options.order, &market.data, &view)?;
    let sized = sized::read(&options.order.size, &market.data, &directory, price)?;
    let orders = ticket::orders(&options.order, sized.size, &market.data, clock.unix_time)?;
    require_signable(options, &orders)?;
    // The questions are those of an order that is placed.
    let context = OrderContext { directory: &directory, market, at: address, account: &account, view: &view };
    session.confirm(context.doubts(&orders, Typed::New, &session.guards))?;
    let board = session.client.board().await?;
    let last_slot = clock.slot.saturating_add(Seconds(options.valid_for).slots_up(board.slot_time())?.0);
    // Locked until the number is given: a concurrent signing waits.
    let numbers = Numbers::of(&address);
    let number = numbered(options, &account.head, &numbers)?;
    let header = signed::header(&address, number, clock.slot, last_slot);
    let written = match options.wallet {
        None => SignedOrders::sign(session.client.payer().as_ref(), &header, &orders)?.to_json(),
        Some(_) => {
            let text = signed::text(&header, &directory.market_name(market.data.index), &orders)?;
            json!({ "signer": signer.to_string(), "text": text })
        }
    };
    if let Err(error) = numbers.and_then(|numbers| numbers.give(number, options.valid_for)) {
        let warning = format!(
            "number {number} is not remembered here, so name another one with --number for what you sign beside it: {error}"
        );
        eprint!("{}", wrap("warning: ", &warning));
    }
    let until = date_time(clock.unix_time.saturating_add(i64::try_from(options.valid_for).unwrap_or(i64::MAX)));
    let owner = Pubkey::new_from_array(account.head.authority);
    let what = if options.wallet.is_some() { "text to sign, of message" } else { "signed message" };
    let mut told = sized.note.map(|note| wrap("", &note)).unwrap_or_default();
    told += &wrap("", &format!("{what} {number} for sub-account {} of", account.head.id));
    told += &format!("{owner}\n{}", list(&directory, &orders));
    let holds = format!(
        "Anybody can place it once, until slot {last_slot} (about {} s from now, {until}), unless you revoke it first: \
         `kedge revoke`.",
        options.valid_for
    );
    told += &wrap("", &holds);
    let mut json = written.clone();
    json["number"] = long(number);
    json["sub_account"] = json!(address.to_string());
    json["slot"] = long(clock.slot);
    json["last_slot"] = long(last_slot);
    json["orders"] = sentences(&directory, &orders);
    let Some(file) = &options.out else {
        // Standard output carries the message to the next command, standard error says what it means.
        if !as_json {
            eprint!("{told}");
        }
        return Ok(Output::new(format!("{written}\n"), json));
    };
    told += &save(file, &written, &signer)?;
    Ok(Output::new(told, json))
}

/// Refuses options that only an order that is placed at once can have.
fn require_signable(options: &Sign, orders: &[OrderParams]) -> Result<()> {
    let refused = |text: &str| Err(CliError::Usage(text.into()));
    if !options.order.instead_of.is_empty() {
        return refused("--instead-of cancels at once; a signed order is placed by others, later");
    }
    if options.order.wait {
        return refused("--wait follows an order that is placed; a signed one is placed by others");
    }
    let at_once = options.order.take || options.order.min_fill.is_some();
    if at_once || orders.iter().any(|order| order.flags & flags::AT_ONCE != 0) {
        return refused(
            "an order that fills at once cannot be signed: makers are named when it is sent; \
             sign a market order or a limit order, and keepers fill it",
        );
    }
    if options.order.client_id == ClientId::New {
        return refused("a signed message has its own number and is placed once by it: name a client id, or none");
    }
    Ok(())
}

/// Writes the message to a file; returns the text that names the file and the next step.
fn save(file: &Path, written: &Value, signer: &Pubkey) -> Result<String> {
    let failed = |error| CliError::Usage(format!("cannot write {}: {error}", file.display()));
    std::fs::write(file, format!("{written}\n")).map_err(failed)?;
    let mut told = String::new();
    if let Some(text) = written["text"].as_str() {
        // Unwrapped, on one line: the signature covers every letter.
        told += &format!("{text}\n");
        let next =
            format!("`kedge submit {} --signature SIGNATURE` places it once {signer} has signed it.", file.display());
        told += &wrap("", &next);
    }
    told += &wrap("", &format!("written to {}", file.display()));
    Ok(told)
}

/// The number of a message: the typed one, or the next one free on this machine.
fn numbered(options: &Sign, account: &SubAccount, numbers: &std::io::Result<Numbers>) -> Result<u64> {
    let highest = account.signed_nonce;
    let next = || numbers.as_ref().map_or_else(|_| signed::next_number(highest), |numbers| numbers.next(highest));
    let number = options.number.unwrap_or_else(next);
    let most = highest.saturating_add(NUMBERS_AHEAD);
    if number > most {
        return Err(CliError::Usage(format!(
            "number {number} is too far ahead: at most {most}, {NUMBERS_AHEAD} above the highest that was placed or \
             revoked; `kedge revoke NUMBER` gives up those before it"
        )));
    }
    // On a copy: whether the exchange still accepts the number.
    account.clone().accept_signed(number)?;
    Ok(number)
}

/// Places a signed message.
pub(crate) async fn submit(session: &Session, options: &Submit) -> Result<Output> {
    session.signer()?;
    let message = SignedOrders::from_json(&read(&options.file)?, options.signature)?;
    let content = message.verify()?;
    let header = content.header;
    let sub_account = Pubkey::new_from_array(header.sub_account);
    let account = session.client.sub_account(sub_account).await.map_err(|error| match error {
        FetchError::Missing { .. } => CliError::NotFound(format!(
            "the message is for sub-account {sub_account}, which is not on this cluster: check --url"
        )),
        other => other.into(),
    })?;
    let directory = Directory::fetch(&session.client).await?;
    let clock = session.client.clock().await?;
    if header.slot > clock.slot {
        return Err(CliError::Usage(format!(
            "the message was signed at slot {}, and this cluster is at {}: check --url, or try again in a moment",
            header.slot, clock.slot
        )));
    }
    if let Some(order) = content.orders().first().filter(|_| content.is_text()) {
        let name = directory.market_name(order.market);
        if !content.is_in(&name) {
            return Err(CliError::Usage(format!(
                "the text names another market than number {} of this exchange, which is {name}: check --url",
                order.market
            )));
        }
    }
    let board = session.client.board().await?;
    let mut rows = prices::in_use(&account.head);
    rows.extend(content.orders().iter().map(|order| Row::Market(order.market)));
    let mut instructions: Vec<_> = session.refresh(&board, &rows, &clock).await?.into_iter().collect();
    instructions.extend(message.instructions(&content));
    let owner = Pubkey::new_from_array(account.head.authority);
    let who = format!(
        "message {} for sub-account {} of\n{owner}\nsigned by {}\n{}",
        header.nonce,
        account.head.id,
        if message.signer == owner { "the owner".into() } else { format!("the delegate\n{}", message.signer) },
        list(&directory, content.orders())
    );
    let mut json = about(&message, &content, &directory);
    let sent = match session.send(&instructions).await {
        Err(CliError::Dry(tried)) => {
            json["transaction"] = Value::Null;
            json["dry_run"] = tried.json;
            return Ok(Output::new(format!("would be placed: {who}{}", tried.text), json));
        }
        sent => sent?,
    };
    let done = landed(session, &directory, sent).await?;
    json["transaction"] = done.json;
    Ok(Output::new(format!("placed {who}{}", done.text), json))
}

/// Revokes signed messages that are not placed yet.
pub(crate) async fn revoke(session: &Session, options: &Revoke) -> Result<Output> {
    let signer = session.signer()?;
    let (sub_account, account) = session.account(&options.which).await?;
    let highest = account.head.signed_nonce;
    let up_to = options.up_to.unwrap_or_else(|| highest.saturating_add(NUMBERS_AHEAD));
    if up_to <= highest {
        return Err(CliError::Usage(format!(
            "number {highest} was placed or revoked already: name a higher one, which revokes all before it too"
        )));
    }
    let most = highest.saturating_add(MAX_NUMBER_STEP);
    if up_to > most {
        return Err(CliError::Usage(format!(
            "number {up_to} is too far ahead: at most {most}, {MAX_NUMBER_STEP} above the highest of now ({highest}); no \
             revocation takes all numbers away"
        )));
    }
    let sent = session.send(&[RevokeSignedOrders { signer, sub_account, up_to }.instruction()]).await?;
    let told = format!(
        "messages with a number up to {up_to} cannot be placed any more; orders that were placed stay, `kedge orders` \
         lists them"
    );
    let json = json!({ "up_to": long(up_to), "before": long(highest) });
    Ok(Output::new(wrap("", &told) + &super::signed(&sent), json))
}

/// Contents of a file, or of standard input for `-`.
fn read(file: &Path) -> Result<String> {
    let mut text = String::new();
    let done = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(|_| ())
    } else {
        std::fs::read_to_string(file).map(|read| text = read)
    };
    match done {
        Ok(()) => Ok(text),
        Err(error) => Err(CliError::NotFound(format!("cannot read {}: {error}", file.display()))),
    }
}

/// The orders in plain words, one on each line.
fn list(directory: &Directory, orders: &[OrderParams]) -> String {
    orders.iter().map(|order| wrap("  ", &describe::order_params(directory, order))).collect()
}

fn sentences(directory: &Directory, orders: &[OrderParams]) -> Value {
    orders.iter().map(|order| describe::order_params(directory, order)).collect()
}

fn about(message: &SignedOrders, content: &SignedMessage, directory: &Directory) -> Value {
    json!({
        "number": long(content.header.nonce),
        "signer": message.signer.to_string(),
        "sub_account": Pubkey::new_from_array(content.header.sub_account).to_string(),
        "last_slot": long(content.header.max_slot),
        "orders": sentences(directory, content.orders()),
    })
}
