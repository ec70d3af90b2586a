//! `kedge fees`.

use kedge_interface::address;
use kedge_interface::instruction::{KedgeInstruction, UpdateFeeTier};
use kedge_model::account::exchange::Exchange;
use kedge_model::account::sub_account::SubAccount;
use kedge_model::account::trader::Trader;
use kedge_model::action;
use kedge_model::clock::Clock;
use kedge_model::num::Rounding;
use kedge_model::quantity::{Amount, Ppm};
use kedge_units::decimal;
use serde_json::{Value, json};
use solana_pubkey::Pubkey;

use crate::args::Fees;
use crate::directory::{Directory, short};
use crate::error::{CliError, Result};
use crate::output::{Output, wrap};
use crate::session::Session;
use crate::table::{Cell, Paint, Table};

/// The sub-account whose fees are shown, with its trader.
struct Person {
    account: SubAccount,
    trader: Trader,
}

/// Result of counting the volume anew.
struct Counted {
    tier: u8,
    volume: Amount,
}

/// Shows the fee schedule and a sub-account's tier in it.
pub(crate) async fn run(session: &Session, options: &Fees) -> Result<Output> {
    let mut signature = None;
    if options.count {
        let (address, account) = session.account(&options.which).await?;
        let owner = Pubkey::new_from_array(account.head.authority);
        let count = UpdateFeeTier { trader: address::trader(&owner), sub_account: address };
        signature = Some(session.send(&[count.instruction()]).await?.signature.to_string());
    }
    let exchange = session.client.exchange().await?;
    let directory = Directory::fetch(&session.client).await?;
    let clock = session.client.clock().await?;
    let person = person(session, options).await?;
    let tier = person.as_ref().map(|person| person.account.tier_on(clock.day()));
    let (mut text, tiers) = schedule(session.colour, &exchange, tier);
    let mut json = json!({ "tiers": tiers, "counted_by": signature });
    if let Some(person) = &person {
        let (told, own) = own(&exchange, person, &clock)?;
        text += &format!("\n{told}");
        json["you"] = own;
    } else {
        text += "\nNo sub-account yet: the first tier holds.\n";
        json["you"] = Value::Null;
    }
    let (told, markets) = liquidation(session.colour, &directory);
    text += &format!("\n{told}");
    json["liquidation"] = markets;
    json["filler_share_percent"] = json!(decimal::format(exchange.filler_share.0, 4, 0));
    json["max_filler_reward"] = json!(decimal::value(Amount(exchange.max_filler_reward)));
    json["referrer_share_percent"] = json!(decimal::format(exchange.referrer_share.0, 4, 0));
    json["referee_discount_percent"] = json!(decimal::format(exchange.referee_discount.0, 4, 0));
    Ok(Output::new(text, json))
}

/// The selected sub-account with its trader; `None` when there is none.
async fn person(session: &Session, options: &Fees) -> Result<Option<Person>> {
    if options.which.authority.is_none() && session.signer().is_err() {
        return Ok(None);
    }
    let account = match session.account(&options.which).await {
        Ok((_, account)) => account.head,
        Err(CliError::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let trader = session.client.trader(&Pubkey::new_from_array(account.authority)).await?;
    let trader = trader.ok_or_else(|| CliError::Contradiction("a sub-account without its owner's record".into()))?;
    Ok(Some(Person { account, trader }))
}

fn schedule(colour: bool, exchange: &Exchange, own: Option<u8>) -> (String, Value) {
    let mut table = Table::new(&["TIER", ">FROM (30 DAYS)", ">TAKER PAYS", ">MAKER GETS", ""]);
    let mut list = Vec::new();
    for (number, (tier, from)) in (0u8..).zip(exchange.fees.iter().zip(exchange.tier_volumes)) {
        let is_own = own == Some(number);
        table.row(vec![
            number.to_string().into(),
            decimal::rounded(from, decimal::PRICE, 0).into(),
            bps(tier.taker).into(),
            bps(tier.maker_rebate).into(),
            Cell::painted(if is_own { "you" } else { "" }, Paint::Good),
        ]);
        list.push(json!({
            "tier": number,
            "from_volume": decimal::value(Amount(from)),
            "taker_percent": decimal::format(tier.taker.0, 4, 0),
            "maker_rebate_percent": decimal::format(tier.maker_rebate.0, 4, 0),
            "yours": is_own,
        }));
    }
    (table.render(colour), Value::Array(list))
}

/// A trader's fees, rewards and volume.
fn own(exchange: &Exchange, person: &Person, clock: &Clock) -> Result<(String, Value)> {
    let (account, trader, today) = (&person.account, &person.trader, clock.day());
    let tier = account.tier_on(today);
    let fee = exchange.fee_tier(tier);
    let referred = (account.referrer != [0; 32]).then(|| Pubkey::new_from_array(account.referrer));
    let discount = if referred.is_some() { exchange.referee_discount } else { Ppm(0) };
    // The fee of a million dollars, so that no digit is lost.
    let million = Amount(1_000_000_000_000);
    let full = million.share(fee.taker, Rounding::Up)?;
    let paid = full.minus(full.share(discount, Rounding::Down)?)?;
    let builder = (account.builder != [0; 32]).then(|| Pubkey::new_from_array(account.builder));
    let counted = counted(exchange, person, clock)?;
    let waiting = Amount(account.volume.saturating_add(account.earlier_volume));
    let until = (account.tier_day >= today && account.tier_day != u32::MAX && account.fee_tier > account.base_tier)
        .then(|| crate::calendar::date_time(i64::from(account.tier_day) * 86_400).chars().take(10).collect::<String>());
    // The fee of a million dollars in millionths of it.
    let taker = format!("{}%", decimal::format(paid.0, 10, 0));
    let mut lines = vec![
        ("tier", format!("{tier}{}", until.as_ref().map(|day| format!(", up to {day}")).unwrap_or_default())),
        ("you pay as taker", taker),
        ("you get as maker", decimal::percent(fee.maker_rebate)),
        (
            "30-day volume",
            format!("{} counted, {} not yet", decimal::cents(trader.volume_30d()?.0), decimal::cents(waiting.0)),
        ),
    ];
    if counted.tier != tier || waiting.0 >= 1_000_000 {
        lines.push((
            "counted now",
            format!("{} would give tier {}: `kedge fees --count`", decimal::cents(counted.volume.0), counted.tier),
        ));
    }
    lines.push(match referred {
        Some(referrer) => (
            "referred by",
            format!("{}, which gets {} of your fee", short(referrer), decimal::percent(exchange.referrer_share)),
        ),
        None => ("referred by", format!("none; a referral takes {} off", decimal::percent(exchange.referee_discount))),
    });
    lines.push(match builder {
        Some(builder) => (
            "builder",
            format!("{} gets {} on top with --builder", short(builder), decimal::percent(account.builder_fee)),
        ),
        None => ("builder", "none".into()),
    });
    lines.push(("of the taker fee", format!("{} go to the filler", decimal::percent(exchange.filler_share))));
    lines.push(("paid so far", format!("{} less what you got", decimal::cents(account.total_fees.0))));
    let text = lines.iter().map(|(label, value)| wrap(&format!("{label:<20}"), value)).collect();
    let json = json!({
        "tier": tier,
        "tier_until": until,
        "assigned_tier": account.base_tier,
        "taker_percent": decimal::format(paid.0, 10, 0),
        "maker_rebate_percent": decimal::format(fee.maker_rebate.0, 4, 0),
        "volume_30d": decimal::value(trader.volume_30d()?),
        "volume_not_counted": decimal::value(waiting),
        "tier_if_counted": counted.tier,
        "volume_if_counted": decimal::value(counted.volume),
        "referrer": referred.map(|referrer| referrer.to_string()),
        "discount_percent": decimal::format(discount.0, 4, 0),
        "builder": builder.map(|builder| builder.to_string()),
        "builder_fee_percent": decimal::format(account.builder_fee.0, 4, 0),
        "paid_net": decimal::quote(account.total_fees),
    });
    Ok((text, json))
}

/// The tier that counting the volume now would give.
fn counted(exchange: &Exchange, person: &Person, clock: &Clock) -> Result<Counted> {
    let (mut trader, mut account) = (person.trader, person.account);
    let tier = action::UpdateFeeTier.execute(exchange, &mut trader, &mut account, clock)?;
    Ok(Counted { tier, volume: trader.volume_30d()? })
}

fn liquidation(colour: bool, directory: &Directory) -> (String, Value) {
    let mut table = Table::new(&["LIQUIDATION", ">TO LIQUIDATOR", ">SMALL", ">TO INSURANCE, UP TO"]);
    let mut list = Vec::new();
    for market in directory.markets.iter().map(|found| &found.data) {
        let name = directory.market_name(market.index);
        table.row(vec![
            name.clone().into(),
            decimal::percent(market.liquidator_fee).into(),
            format!(
                "{} under {}",
                decimal::percent(market.liquidator_fee_small),
                decimal::rounded(market.small_position.0, 6, 0)
            )
            .into(),
            decimal::percent(market.insurance_fee).into(),
        ]);
        list.push(json!({
            "market": name,
            "liquidator_fee_percent": decimal::format(market.liquidator_fee.0, 4, 0),
            "liquidator_fee_small_percent": decimal::format(market.liquidator_fee_small.0, 4, 0),
            "small_position": decimal::value(market.small_position),
            "insurance_fee_percent": decimal::format(market.insurance_fee.0, 4, 0),
        }));
    }
    (table.render(colour), Value::Array(list))
}

fn bps(ratio: Ppm) -> String {
    format!("{} bps", decimal::format(ratio.0, 2, 0))
}
