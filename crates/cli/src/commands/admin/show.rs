//! `kedge admin show`: roles, switches and fees.

use kedge_model::exchange::Exchange;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;

use super::names;
use crate::decimal;
use crate::error::Result;
use crate::output::Output;
use crate::session::Session;
use crate::table::Table;

/// Shows them.
pub async fn run(session: &Session) -> Result<Output> {
    let exchange = session.client.exchange().await?;
    let address = |bytes: [u8; 32]| (bytes != [0; 32]).then(|| Pubkey::from(bytes).to_string());
    let paused = names(exchange.paused);
    let lines = [
        ("admin", address(exchange.admin).unwrap_or_default()),
        ("proposed admin", address(exchange.pending_admin).unwrap_or_else(|| "nobody".into())),
        ("pauser", address(exchange.pauser).unwrap_or_default()),
        ("paused", if paused.is_empty() { "nothing".into() } else { paused.join(", ") }),
        (
            "auctions",
            format!(
                "{} ms, from {} to {}",
                exchange.default_auction_ms, exchange.min_auction_ms, exchange.max_auction_ms
            ),
        ),
        ("filler's share", format!("{} of the taker fee", decimal::percent(exchange.filler_share))),
    ];
    let text: String = lines.iter().map(|(label, value)| format!("{label:<20}{value}\n")).collect();
    let (table, tiers) = fees(session, &exchange);
    let json = json!({
        "admin": address(exchange.admin),
        "proposed_admin": address(exchange.pending_admin),
        "pauser": address(exchange.pauser),
        "paused": paused,
        "default_auction_ms": exchange.default_auction_ms,
        "min_auction_ms": exchange.min_auction_ms,
        "max_auction_ms": exchange.max_auction_ms,
        "filler_share_percent": decimal::format(exchange.filler_share.0, 4, 0),
        "fee_tiers": tiers,
    });
    Ok(Output::new(format!("{text}\n{table}"), json))
}

/// The schedule by tier, as text and JSON.
fn fees(session: &Session, exchange: &Exchange) -> (String, Vec<Value>) {
    let mut table = Table::new(&[">TIER", ">30 DAYS FROM", ">TAKER", ">MAKER GETS"]);
    let mut list = Vec::new();
    for ((tier, volume), number) in exchange.fees.iter().zip(exchange.tier_volumes).zip(0..) {
        let (taker, maker) = (decimal::format(tier.taker.0, 4, 3), decimal::format(tier.maker_rebate.0, 4, 3));
        table.row(vec![
            format!("{number}").into(),
            decimal::format(volume, 6, 0).into(),
            format!("{taker}%").into(),
            format!("{maker}%").into(),
        ]);
        list.push(json!({
            "tier": number,
            "volume_from": decimal::format(volume, 6, 0),
            "taker_percent": decimal::format(tier.taker.0, 4, 0),
            "maker_rebate_percent": decimal::format(tier.maker_rebate.0, 4, 0),
        }));
    }
    (table.render(session.colour), list)
}
