//! `kedge place`.

use std::time::Duration;

use kedge_client::book;
use kedge_client::prices::{self, Row};
use kedge_client::{Found, Landed, sharers};
use kedge_interface::account::SubAccountData;
use kedge_interface::event::Event;
use kedge_interface::instruction::{Instruction, KedgeInstruction, PlaceAndTake, PlaceOrders, ReplaceOrders};
use kedge_model::account::market::Market;
use kedge_model::account::offer;
use kedge_model::account::order::{Order, OrderParams, Side, flags};
use kedge_model::event::NoEvents;
use kedge_model::quantity::Size;
use serde_json::json;
use solana_pubkey::Pubkey;

use super::fills::{Fills, Wanted};
use super::order_context::{OrderContext, Typed};
use super::{Receipt, follow, sized, ticket};
use crate::args::{ClientId, Place};
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::{Output, wrap};
use crate::session::Session;
use crate::view::View;

/// Maker accounts that fit into a transaction beside its other accounts.
const MAKER_ACCOUNTS: usize = 8;

/// Places an order, with a refresh of old prices in front.
pub(crate) async fn run(session: &Session, options: &Place) -> Result<Output> {
    session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let market = directory.market(&options.market)?;
    let takes = options.take || options.ioc || options.fok;
    if options.min_fill.is_some() && !takes {
        return Err(CliError::Usage("--min-fill goes with --take or --ioc".into()));
    }
    let (at, account) = session.account(&options.which).await?;
    require_builder(options, &account)?;
    let view = session.view(&rows(&account, market)).await?;
    let context = OrderContext { directory: &directory, market, at, account: &account, view: &view };
    let price = sized::price_of(options, &market.data, &view)?;
    let sized = sized::read(&options.size, &market.data, &directory, price)?;
    let orders = ticket::orders(options, sized.size, &market.data, view.clock.unix_time)?;
    let min_fill = options.min_fill.as_deref().map_or(Ok(Size::ZERO), |text| ticket::size(text, &market.data))?;
    session.confirm(context.doubts(&orders, Typed::New, &session.guards))?;
    if let [order, ..] = orders.as_slice()
        && options.client_id == ClientId::New
    {
        let (id, seconds) = (order.client_id, ticket::CLIENT_ID_SECONDS);
        session.note(&format!(
            "client id {id}: with --client-id {id} this command can be repeated for {seconds} s without placing twice"
        ));
    }

    let sent = match orders.as_slice() {
        [order] if takes => {
            let instructions = taking(session, &context, order, min_fill).await?;
            session.send(&instructions).await.map_err(|error| context.explain(error, order))?
        }
        _ => send(session, &context, &orders, &options.instead_of).await?,
    };
    let Some(first) = orders.first() else { return Err(CliError::Usage("there is no order".into())) };
    let how = How { at_once: takes, whole: options.ioc || options.fok, wait: options.wait };
    let mut output = told(session, &context, first, sent, how).await?;
    if let Some(note) = sized.note {
        output.text = wrap("", &note) + &output.text;
    }
    Ok(output)
}

/// Refuses the builder flag when no builder is approved.
pub(crate) fn require_builder(options: &Place, account: &SubAccountData) -> Result<()> {
    if options.builder && account.head.builder == [0; 32] {
        return Err(CliError::Usage(
            "--builder: no builder is approved; `kedge builder ADDRESS --fee 0.02` approves one".into(),
        ));
    }
    Ok(())
}

/// Price rows that placing in a market reads.
pub(crate) fn rows(account: &SubAccountData, market: &Found<Market>) -> Vec<Row> {
    let mut rows = prices::in_use(&account.head);
    rows.push(Row::Market(market.data.index));
    rows
}

/// Sends orders that are not filled at once, behind a refresh of old prices and in place of open orders.
///
/// # Errors
/// A refusal names the size that would have passed.
pub(crate) async fn send(
    session: &Session,
    context: &OrderContext<'_>,
    orders: &[OrderParams],
    instead_of: &[u32],
) -> Result<Landed> {
    let signer = session.signer()?;
    let board = session.client.board().await?;
    let rows = rows(context.account, context.market);
    let mut instructions: Vec<Instruction> =
        session.refresh(&board, &rows, &context.view.clock).await?.into_iter().collect();
    let (market, sub_account, placed) = (context.market.address, context.at, orders.to_vec());
    instructions.push(match instead_of {
        [] => PlaceOrders { signer, market, sub_account, orders: placed }.instruction(),
        _ => {
            let cancel = instead_of.to_vec();
            ReplaceOrders { signer, market, sub_account, cancel, orders: placed, strict: true }.instruction()
        }
    });
    let sent = session.send(&instructions).await;
    sent.map_err(|error| {
        orders.first().map_or_else(|| CliError::Usage("no order".into()), |one| context.explain(error, one))
    })
}

/// Instructions of an order that fills at once, with the makers it may meet.
async fn taking(
    session: &Session,
    context: &OrderContext<'_>,
    order: &OrderParams,
    min_fill: Size,
) -> Result<Vec<Instruction>> {
    let (market, view) = (context.market, context.view);
    let board = session.client.board().await?;
    // The vAMM trades only at a price no older than the order.
    let refresh = session.refresh_all(&board, &rows(context.account, market)).await?;
    let mut everybody = session.everybody().await;
    // The price after the refresh, on which oracle-pegged orders depend.
    let oracle = view.board.market(order.market)?.price.price;
    // An order that its owner's margin cannot carry would waste a maker's place.
    let exchange = session.client.exchange().await?;
    let judged = kedge_model::action::Context {
        exchange: &exchange,
        board: &view.board,
        market: &mut market.data.clone(),
        clock: view.clock,
        sink: &mut NoEvents,
    };
    book::drop_unbacked(&mut everybody, &judged, order.size);
    let grid = book::Grid { oracle, tick: market.data.tick };
    let side = Side::from_number(order.side)?;
    let limit = if order.flags & flags::OFFSET == 0 {
        order.price
    } else {
        offer::at_offset(side, oracle, order.price.0.cast_signed(), grid.tick)?
    };
    let wanted = (order.market, side, limit);
    let (mut maker_accounts, makers) =
        book::makers_for(&everybody, wanted, grid, &context.at, MAKER_ACCOUNTS, &view.clock);
    let asked =
        sharers::Taker { at: &context.at, account: &context.account.head, market: order.market, flags: order.flags };
    let known = |at: &Pubkey| everybody.iter().find(|found| found.address == *at).map(|found| &found.data.head);
    maker_accounts.extend(sharers::of(known, asked, &maker_accounts));
    let take = PlaceAndTake {
        signer: session.signer()?,
        market: market.address,
        sub_account: context.at,
        order: *order,
        min_fill: min_fill.0,
        makers,
        maker_accounts,
    };
    Ok(vec![refresh, take.instruction()])
}

/// Terms of sending an order.
#[derive(Clone, Copy)]
pub(crate) struct How {
    /// Whether the order fills in its own transaction.
    pub at_once: bool,
    /// Whether none of the order may rest: the exit code then tells what was filled.
    pub whole: bool,
    /// Whether to follow the order's auction.
    pub wait: bool,
}

/// Result of a sent order: at once, or at the end of its auction when that is followed.
pub(crate) async fn told(
    session: &Session,
    context: &OrderContext<'_>,
    asked: &OrderParams,
    sent: Landed,
    how: How,
) -> Result<Output> {
    let Receipt { mut output, events, beside } = super::receipt(session, context.directory, sent).await;
    let placed = events.iter().flatten().find_map(|event| match event {
        Event::OrderPlaced(record) => Some(record.order),
        _ => None,
    });
    let head = &context.account.head;
    let Some(order) = placed else {
        // The endpoint does not show the transaction, so that its fills are unknown.
        let code = if how.whole || how.wait { 6 } else { 0 };
        return Ok(output.with_code(code));
    };
    let wanted = Wanted {
        authority: head.authority,
        account: head.id,
        order: order.id,
        market: order.market,
        side: Side::from_number(asked.side)?,
        size: asked.size,
    };
    let mut fills = Fills::default();
    events.iter().flatten().for_each(|event| fills.add(event, &wanted));
    if how.at_once || how.wait {
        output.text = beside;
    }
    if how.at_once {
        return Ok(summed(session, context, output, &fills, &wanted, sent.slot, how.whole).await);
    }
    if order.auction_slots == 0 {
        return Ok(output);
    }
    if !how.wait {
        let note = auction_note(context.view, &order);
        output.json["auction_slots"] = json!(order.auction_slots);
        output.text += &wrap("", &note);
        return Ok(output);
    }
    let end = follow::run(session, context.directory, context.at, &wanted, &sent).await;
    let mut output = summed(session, context, output, &end.fills, &wanted, end.slot, true).await;
    if let Some(left) = end.rests {
        output.json["rests"] = json!(kedge_units::decimal::size(left));
        output.text += &wrap("", &format!("{} rest on the book", kedge_units::decimal::size(left)));
    }
    if end.lost {
        output.json["state"] = json!("unknown");
        output.text += &wrap(
            "",
            "the endpoint fell silent before the auction was over: `kedge orders` and `kedge positions` show what became of it",
        );
        output = output.with_code(6);
    }
    Ok(output)
}

/// A receipt led by the sum of fills and followed by the position.
async fn summed(
    session: &Session,
    context: &OrderContext<'_>,
    mut output: Output,
    fills: &Fills,
    wanted: &Wanted,
    least: u64,
    coded: bool,
) -> Output {
    let (line, position) = follow::position(session, context.directory, context.at, wanted.market, least).await;
    fills.write(&mut output.json, wanted);
    output.json["position"] = position;
    output.text = fills.told(context.directory, wanted) + &line + &output.text;
    if coded { output.with_code(fills.exit_code(wanted)) } else { output }
}

/// A note on the running auction: its length, and the command that shows its end.
fn auction_note(view: &View, order: &Order) -> String {
    let slots = u64::from(order.auction_slots);
    let time = Duration::from_micros(view.board.slot_time().0.saturating_mul(slots));
    format!(
        "Its auction runs for {slots} slots, about {:.0} s: `kedge orders` shows it while it runs, `kedge history` \
         what it got; with --wait the command follows it to its end.",
        time.as_secs_f64().ceil()
    )
}

/// A market order, for a position's size or more.
pub(crate) fn market_order(market: &Market, side: Side, size: Size, flags: u16) -> OrderParams {
    OrderParams { size, market: market.index, flags, side: side as u8, ..OrderParams::default() }
}
