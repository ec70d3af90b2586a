//! Events in plain words.

mod market;
mod money;
mod orders;
mod risk;

use kedge_interface::event::Event;
use kedge_model::event::CancelReason;
use serde_json::{Value, json};

use super::life;
use crate::directory::Directory;
use crate::layout::fields;

/// An event as a sentence, and as JSON with the kind, the sentence and the raw fields.
pub(crate) fn event(directory: &Directory, event: &Event) -> (String, Value) {
    let (kind, text, raw) = match event {
        Event::Deposit(it) => ("deposit", money::deposit(directory, it), fields(it)),
        Event::Withdraw(it) => ("withdraw", money::withdraw(directory, it), fields(it)),
        Event::Transfer(it) => ("transfer", money::transfer(directory, it), fields(it)),
        Event::OrderPlaced(it) => ("order_placed", orders::order_placed(directory, it), fields(it)),
        Event::OrderModified(it) => ("order_modified", orders::order_modified(directory, it), fields(it)),
        Event::OrderCancelled(it) => ("order_cancelled", orders::order_cancelled(directory, it), fields(it)),
        Event::Fill(it) => ("fill", orders::fill(directory, it), fields(it)),
        Event::Funding(it) => ("funding", market::funding(directory, it), fields(it)),
        Event::SettlePnl(it) => ("settle_pnl", money::settle_pnl(directory, it), fields(it)),
        Event::Liquidation(it) => ("liquidation", risk::liquidation(directory, it), fields(it)),
        Event::Bankruptcy(it) => ("bankruptcy", risk::bankruptcy(directory, it), fields(it)),
        Event::AmmUpdate(it) => ("amm_update", market::amm_update(directory, it), fields(it)),
        Event::FeeSweep(it) => ("fee_sweep", market::fee_sweep(directory, it), fields(it)),
        Event::PoolFunded(it) => ("pool_funded", money::pool_funded(directory, it), fields(it)),
        Event::IsolatedCollateral(it) => ("isolated_collateral", money::isolated_collateral(directory, it), fields(it)),
        Event::Crank(it) => ("crank", orders::crank(directory, it), fields(it)),
        Event::MarketChanged(it) => ("market_changed", life::market_changed(directory, it), fields(it)),
        Event::Stake(it) => ("stake", money::stake(it), fields(it)),
        Event::PositionSettled(it) => ("position_settled", life::position_settled(directory, it), fields(it)),
    };
    let json = json!({ "kind": kind, "text": text, "raw": raw });
    (text, json)
}

/// Name of a cancel reason; `no reason` for an unknown number.
pub(crate) fn reason(number: u8) -> &'static str {
    const REASONS: &[(CancelReason, &str)] = &[
        (CancelReason::Requested, "requested"),
        (CancelReason::Expired, "expired"),
        (CancelReason::ImmediateOrCancel, "immediate-or-cancel"),
        (CancelReason::NothingToReduce, "nothing left to reduce"),
        (CancelReason::Liquidation, "liquidation"),
        (CancelReason::Margin, "margin"),
        (CancelReason::Linked, "another of its group"),
        (CancelReason::Settlement, "market in settlement"),
        (CancelReason::SelfTrade, "met an order of its own owner"),
    ];
    REASONS.iter().find(|(reason, _)| *reason as u8 == number).map_or("no reason", |(_, text)| text)
}
