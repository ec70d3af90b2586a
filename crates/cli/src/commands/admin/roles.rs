//! Roles and fee tiers, and the exchange's present state.

use kedge_interface::address;
use kedge_interface::instruction::{
    AcceptAdmin, AssignFeeTier, Initialize, KedgeInstruction, ProposeAdmin, UpdateFeeTier,
};
use kedge_model::account::board::RowState;
use kedge_model::account::exchange::Exchange;
use kedge_model::clock::Clock;
use kedge_model::quantity::Amount;
use kedge_units::decimal;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;

use super::switches::paused_until;
use super::{done, sure};
use crate::calendar::date_time;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::Output;
use crate::session::Session;
use crate::table::Table;

/// Shows roles, switches and fees.
pub(super) async fn show(session: &Session) -> Result<Output> {
    let exchange = session.client.exchange().await?;
    let who = |key: &[u8; 32]| if *key == [0; 32] { "none".into() } else { Pubkey::new_from_array(*key).to_string() };
    let clock = session.client.clock().await?;
    let paused = paused_until(&exchange, exchange.paused_now(&clock));
    let mut text = String::new();
    let named = [
        ("admin", &exchange.admin),
        ("next admin", &exchange.pending_admin),
        ("pauser", &exchange.pauser),
        ("treasury", &exchange.treasury),
    ];
    for (name, key) in named {
        text += &format!("{name:<11} {}\n", who(key));
    }
    if paused.is_empty() {
        text += &format!("{:<11} nothing\n", "paused");
    }
    for (name, until) in &paused {
        text += &format!("{:<11} {name} until {}\n", "paused", date_time(*until));
    }
    let held = held(session, &clock).await?;
    for (what, until) in &held {
        text += &format!("{:<11} {what} until {}\n", "held", date_time(*until));
    }
    text += &format!("{:<11} {} markets, {} banks\n\n", "listed", exchange.markets, exchange.banks);
    let mut table = Table::new(&[">TIER", ">TAKER", ">MAKER REBATE", ">30-DAY VOLUME FROM"]);
    for (tier, (fees, volume)) in exchange.fees.iter().zip(exchange.tier_volumes).enumerate() {
        table.row(vec![
            tier.to_string().into(),
            decimal::percent(fees.taker).into(),
            decimal::percent(fees.maker_rebate).into(),
            decimal::value(Amount(volume)).into(),
        ]);
    }
    text += &table.render(session.colour);
    let shares = [
        ("of the taker fee to the filler", exchange.filler_share),
        ("of the taker fee to the referrer", exchange.referrer_share),
        ("less for referred traders", exchange.referee_discount),
        ("of swept fees to the insurance fund", exchange.insurance_share),
        ("of swept fees to the vAMM", exchange.amm_share),
    ];
    text.push('\n');
    for (name, share) in shares {
        text += &format!("{:>8} {name}\n", decimal::percent(share));
    }
    Ok(Output::new(text, facts(&exchange, &paused, &held)))
}

/// Halted rows and reduce-only markets, with the moment at which each goes on.
async fn held(session: &Session, clock: &Clock) -> Result<Vec<(String, i64)>> {
    let (board, directory) = (session.client.board().await?, Directory::fetch(&session.client).await?);
    let mut held = Vec::new();
    for market in &directory.markets {
        let index = market.data.index;
        let row = board.market(index).ok();
        if let Some(row) = row.filter(|row| row.price.state == RowState::Halted as u8) {
            held.push((format!("the price row of {}", directory.market_name(index)), i64::from(row.halt_until)));
        }
        if market.data.is_reduce_only(clock) {
            held.push((
                format!("{} as reduce-only", directory.market_name(index)),
                i64::from(market.data.reduces_until),
            ));
        }
    }
    for (index, row) in (0u16..).zip(&board.banks) {
        if row.listed == 1 && row.price.state == RowState::Halted as u8 {
            held.push((format!("the price row of {}", directory.bank_name(index)), i64::from(row.halt_until)));
        }
    }
    Ok(held)
}

fn facts(exchange: &Exchange, paused: &[(&'static str, i64)], held: &[(String, i64)]) -> Value {
    let key = |key: &[u8; 32]| (*key != [0; 32]).then(|| Pubkey::new_from_array(*key).to_string());
    let percent = |ppm: kedge_model::quantity::Ppm| decimal::format(ppm.0, 4, 0);
    let tiers: Vec<Value> = (exchange.fees.iter().zip(exchange.tier_volumes))
        .map(|(fees, volume)| {
            json!({
                "taker_percent": percent(fees.taker),
                "maker_rebate_percent": percent(fees.maker_rebate),
                "volume": decimal::value(Amount(volume)),
            })
        })
        .collect();
    json!({
        "admin": key(&exchange.admin),
        "pending_admin": key(&exchange.pending_admin),
        "pauser": key(&exchange.pauser),
        "paused": paused.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "paused_until": paused.iter().map(|(name, until)| ((*name).to_owned(), json!(until))).collect::<serde_json::Map<_, _>>(),
        "held_until": held.iter().map(|(what, until)| (what.clone(), json!(until))).collect::<serde_json::Map<_, _>>(),
        "markets": exchange.markets,
        "banks": exchange.banks,
        "tiers": tiers,
        "filler_share_percent": percent(exchange.filler_share),
        "referrer_share_percent": percent(exchange.referrer_share),
        "referee_discount_percent": percent(exchange.referee_discount),
        "insurance_share_percent": percent(exchange.insurance_share),
        "amm_share_percent": percent(exchange.amm_share),
    })
}

/// Creates the exchange; the keypair becomes its admin.
pub(super) async fn init(session: &Session, pauser: Pubkey, treasury: Pubkey) -> Result<Output> {
    let admin = session.signer()?;
    if session.client.exchange().await.is_ok() {
        return Err(CliError::Usage("the exchange exists already; `kedge admin show` shows it".into()));
    }
    let roles = format!("{admin} becomes the admin of a new exchange, {pauser} may pause it");
    sure(session, &format!("{roles}, and the protocol's tokens leave to {treasury} alone, for good"))?;
    let sent = session
        .send(&[Initialize { admin, pauser: pauser.to_bytes(), treasury: treasury.to_bytes() }.instruction()])
        .await?;
    let json = json!({ "admin": admin.to_string(), "pauser": pauser.to_string(), "treasury": treasury.to_string() });
    done("the exchange is there; list the quote asset first: `kedge admin list-bank`", json, &sent)
}

/// Assigns a fee tier to a trader and copies it to the trader's sub-accounts.
pub(super) async fn tier(session: &Session, owner: Pubkey, tier: u8) -> Result<Output> {
    let signer = session.signer()?;
    let trader = address::trader(&owner);
    if session.client.trader(&owner).await?.is_none() {
        return Err(CliError::NotFound(format!("{owner} has no trader account that could have a tier")));
    }
    let mut instructions = vec![AssignFeeTier { signer, trader, tier }.instruction()];
    let accounts = session.client.sub_accounts_of(&owner).await?;
    // As many as fit one transaction; keepers update the others as they trade.
    instructions.extend(
        accounts.iter().take(8).map(|found| UpdateFeeTier { trader, sub_account: found.address }.instruction()),
    );
    let sent = session.send(&instructions).await?;
    let told = format!("{owner} has tier {tier}, or a better one by volume; sub-accounts: {}", accounts.len());
    done(&told, json!({ "owner": owner.to_string(), "tier": tier }), &sent)
}

/// Proposes the next admin.
pub(super) async fn propose(session: &Session, next: Pubkey) -> Result<Output> {
    sure(session, &format!("{next} may become the admin by accepting"))?;
    let sent = session.send(&[ProposeAdmin { signer: session.signer()?, next: next.to_bytes() }.instruction()]).await?;
    let told = format!("{next} may accept now: `kedge admin accept` with its keypair");
    done(&told, json!({ "pending_admin": next.to_string() }), &sent)
}

/// Accepts the admin's role.
pub(super) async fn accept(session: &Session) -> Result<Output> {
    let signer = session.signer()?;
    let sent = session.send(&[AcceptAdmin { signer }.instruction()]).await?;
    done(&format!("{signer} is the admin"), json!({ "admin": signer.to_string() }), &sent)
}
