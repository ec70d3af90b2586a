//! Follows an order to the end of its auction.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use kedge_client::{Landed, Read, prices};
use kedge_interface::account::SubAccountData;
use kedge_interface::event::Event;
use kedge_model::account::order::{Order, OrderKind};
use kedge_model::quantity::Size;
use kedge_model::rule::auction;
use kedge_model::time::{Slot, SlotTime};
use kedge_units::decimal;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;
use solana_rpc_client::rpc_client::GetConfirmedSignaturesForAddress2Config;

use super::fills::{Fills, Wanted};
use crate::directory::Directory;
use crate::error::Result;
use crate::health;
use crate::output::wrap;
use crate::session::Session;

/// Failed looks in a row after which following ends.
const PATIENCE: u32 = 20;
/// Looks for fills that the account shows but the endpoint's history may not hold yet.
const HISTORY_LOOKS: u32 = 20;

/// The end of an order's auction.
pub(crate) struct End {
    /// The fills that the endpoint's history holds.
    pub fills: Fills,
    /// Size that rests in the book; `None` for an order that is gone.
    pub rests: Option<Size>,
    /// Whether the endpoint stopped answering before the end.
    pub lost: bool,
    /// Slot of the last look.
    pub slot: u64,
}

/// Looks at an order slot by slot until its auction is over and it is gone, expired or resting. A terminal shows the
/// progress.
pub(crate) async fn run(session: &Session, directory: &Directory, at: Pubkey, wanted: &Wanted, placed: &Landed) -> End {
    let show = session.attended && std::io::stderr().is_terminal();
    let pause = pause(session).await;
    let (mut seen, mut failed, mut rests, mut lost, mut last) = (Size::ZERO, 0, None, false, placed.slot);
    loop {
        match look(session, at, wanted.order, placed.slot).await {
            Ok(None) => failed += 1,
            Ok(Some((slot, order))) => {
                (failed, last) = (0, slot);
                let Some(order) = order else { break };
                seen = order.filled;
                if show {
                    progress(directory, &order, slot, wanted.size);
                }
                let over = !order.in_auction(slot);
                if over && order.kind == OrderKind::Limit as u8 {
                    rests = order.remaining().ok();
                    break;
                }
                // An expired order is dead even before its removal.
                if over && expired(session, &order).await {
                    break;
                }
            }
            Err(_) => failed += 1,
        }
        if failed > PATIENCE {
            lost = true;
            break;
        }
        tokio::time::sleep(pause).await;
    }
    if show {
        eprint!("\r\x1b[K");
    }
    End { fills: fills(session, at, wanted, placed, seen).await, rests, lost, slot: last }
}

/// The measured slot time, within plausible bounds.
async fn pause(session: &Session) -> Duration {
    let micros = session.client.board().await.map_or(SlotTime::DEFAULT, |board| board.slot_time()).0;
    Duration::from_micros(micros).clamp(Duration::from_millis(100), Duration::from_secs(1))
}

/// Slot and order, no earlier than slot `least`; `None` from an endpoint that lags.
async fn look(session: &Session, at: Pubkey, id: u32, least: u64) -> Result<Option<(u64, Option<Order>)>> {
    let answer = session.client.sub_accounts_at(&[at]).await?;
    if answer.slot < least {
        return Ok(None);
    }
    let order = match answer.value.into_iter().next() {
        Some(Read::Found(data)) => data.open_orders().find(|(_, order)| order.id == id).map(|(_, order)| *order),
        _ => None,
    };
    Ok(Some((answer.slot, order)))
}

async fn expired(session: &Session, order: &Order) -> bool {
    session.client.clock().await.is_ok_and(|clock| order.is_expired(&clock))
}

/// Replaces the progress line.
fn progress(directory: &Directory, order: &Order, slot: u64, size: Size) {
    let tick = directory.tick(order.market);
    let filled = format!("{} of {} filled", decimal::size(order.filled), decimal::size(size));
    let left = order.activation_slot.saturating_add(u64::from(order.auction_slots)).saturating_sub(slot);
    let line = match auction::price(order, Slot(slot), tick) {
        Ok(price) if order.in_auction(slot) => format!(
            "slot {slot}: auction at {} of {} to {}, {left} slots to go; {filled}",
            decimal::price_at(price, tick),
            decimal::price_at(order.auction_start, tick),
            decimal::price_at(order.auction_end, tick),
        ),
        _ => format!("slot {slot}: auction over, open until it expires; {filled}"),
    };
    eprint!("\r\x1b[K{}", line.chars().take(79).collect::<String>());
    let _ = std::io::stderr().flush();
}

/// Fills of an order in the transactions since its placing, until they add up to what its account shows.
async fn fills(session: &Session, at: Pubkey, wanted: &Wanted, placed: &Landed, seen: Size) -> Fills {
    let mut found = Fills::default();
    for _ in 0..HISTORY_LOOKS {
        if let Some(fills) = scan(session, at, wanted, placed).await {
            found = fills;
            let whole = found.size >= wanted.size || found.removed.is_some();
            if whole && found.size >= seen {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    found
}

async fn scan(session: &Session, at: Pubkey, wanted: &Wanted, placed: &Landed) -> Option<Fills> {
    let config = GetConfirmedSignaturesForAddress2Config {
        until: Some(placed.signature),
        commitment: Some(session.client.commitment()),
        ..GetConfirmedSignaturesForAddress2Config::default()
    };
    let signatures = session.client.rpc().get_signatures_for_address_with_config(&at, config).await.ok()?;
    let mut fills = Fills::default();
    let done = signatures.into_iter().filter(|status| status.err.is_none());
    for signature in done.filter_map(|status| status.signature.parse().ok()) {
        let past = session.client.past(&signature).await.ok()??;
        let events: Vec<Event> = past.events().flat_map(|batch| batch.events.clone()).collect();
        events.iter().for_each(|event| fills.add(event, wanted));
    }
    Some(fills)
}

/// The position afterwards, as a line and as JSON; empty when it cannot be read.
pub(crate) async fn position(
    session: &Session,
    directory: &Directory,
    at: Pubkey,
    market: u16,
    least: u64,
) -> (String, Value) {
    let Some(account) = account_from(session, at, least).await else { return (String::new(), Value::Null) };
    let Ok(view) = session.view(&prices::in_use(&account.head)).await else { return (String::new(), Value::Null) };
    let (name, tick) = (directory.market_name(market), directory.tick(market));
    let held = account.head.position(market).copied().unwrap_or_default();
    if held.base.is_zero() {
        return (format!("no position in {name} is left\n"), json!({ "market": name, "base": "0" }));
    }
    let liquidation = health::liquidation(&account.head, market, &view).ok().flatten();
    let entry = super::positions::entry(&held);
    let line = format!(
        "position: {} {} {name}, entry {}, liquidation price {}",
        if held.base.0 > 0 { "long" } else { "short" },
        decimal::size(held.base.size()),
        entry.map_or_else(|| "-".into(), |price| decimal::price_at(price, tick)),
        liquidation.map_or_else(|| "none".into(), |price| decimal::price_at(price, tick)),
    );
    let json = json!({
        "market": name,
        "base": decimal::base(held.base),
        "entry_price": entry.map(decimal::price),
        "liquidation_price": liquidation.map(decimal::price),
    });
    (wrap("", &line), json)
}

/// A sub-account as of slot `least` or later.
async fn account_from(session: &Session, at: Pubkey, least: u64) -> Option<SubAccountData> {
    for _ in 0..PATIENCE {
        let answer = session.client.sub_accounts_at(&[at]).await.ok()?;
        if answer.slot >= least {
            return match answer.value.into_iter().next() {
                Some(Read::Found(data)) => Some(data),
                _ => None,
            };
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    None
}
