//! Typed orders in the exchange's units.

use std::time::{SystemTime, UNIX_EPOCH};

use kedge_model::account::client_id::timed;
use kedge_model::account::market::Market;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::action::{SLICES, TRAIL_BOUNDS};
use kedge_model::num::is_multiple;
use kedge_model::quantity::{Price, Size};
use kedge_units::decimal;

use crate::args::{ClientId, Place, SelfTradeArg, SideArg, TriggerArg};
use crate::error::{CliError, Result};

/// A size in the exchange's units.
///
/// # Errors
/// [`CliError::Usage`] for a size off the market's step, with the nearest ones on it.
pub(crate) fn size(text: &str, market: &Market) -> Result<Size> {
    let size = Size(decimal::parse(text, decimal::BASE)?);
    if size.is_zero() {
        return Err(CliError::Usage("the size must be greater than zero".into()));
    }
    market.require_step(size).map_err(|_| {
        let step = market.step.0.max(1);
        let below = Size(size.0 - size.0 % step);
        let near = if below < market.min_order || below.is_zero() {
            format!("the smallest order is {}", decimal::size(market.min_order.max(market.step)))
        } else {
            format!("{} or {}", decimal::size(below), decimal::size(Size(below.0.saturating_add(step))))
        };
        CliError::Usage(format!("size {text} is not a multiple of the step {}: {near}", decimal::size(market.step)))
    })?;
    Ok(size)
}

/// A price in the exchange's units.
///
/// # Errors
/// [`CliError::Usage`] for a price off the market's tick, with the nearest ones on it.
pub(crate) fn price(text: &str, market: &Market) -> Result<Price> {
    let price = Price(decimal::parse(text, decimal::PRICE)?);
    if price.is_zero() {
        return Err(CliError::Usage("a price must be greater than zero".into()));
    }
    on_tick(text, price, market)
}

fn on_tick(text: &str, price: Price, market: &Market) -> Result<Price> {
    if is_multiple(price.0, market.tick.0) {
        return Ok(price);
    }
    let tick = market.tick.0.max(1);
    let below = price.0 - price.0 % tick;
    let near = match below {
        0 => decimal::price(market.tick),
        below => format!("{} or {}", decimal::price(Price(below)), decimal::price(Price(below.saturating_add(tick)))),
    };
    Err(CliError::Usage(format!("price {text} is not a multiple of the tick {}: {near}", decimal::price(market.tick))))
}

/// The model's side.
pub(crate) fn side(side: SideArg) -> Side {
    match side {
        SideArg::Buy => Side::Long,
        SideArg::Sell => Side::Short,
    }
}

/// The order, followed by the orders that belong to it.
///
/// # Errors
/// [`CliError::Usage`] for contradicting options and for numbers off the market's step or tick.
pub(crate) fn orders(options: &Place, size: Size, market: &Market, now: i64) -> Result<Vec<OrderParams>> {
    let first = main(options, size, market, now)?;
    let mut orders = vec![first];
    let exit = |kind: OrderKind, text: &str, size: Size, side: Side| -> Result<OrderParams> {
        Ok(OrderParams {
            trigger_price: price(text, market)?,
            size,
            market: market.index,
            flags: flags::LEG | flags::REDUCE_ONLY | trigger(options.trigger),
            kind: kind as u8,
            side: side as u8,
            ..OrderParams::default()
        })
    };
    // A bracket's legs have no size: they follow the fills of the first order.
    let away = side(options.side).opposite();
    if let Some(text) = &options.bracket_stop {
        orders.push(exit(OrderKind::StopMarket, text, Size::ZERO, away)?);
    }
    if let Some(text) = &options.bracket_profit {
        orders.push(exit(OrderKind::TakeProfitMarket, text, Size::ZERO, away)?);
    }
    if let Some(text) = &options.or_stop {
        orders.push(exit(OrderKind::StopMarket, text, first.size, side(options.side))?);
    }
    Ok(orders)
}

fn main(options: &Place, size: Size, market: &Market, now: i64) -> Result<OrderParams> {
    let optional = |text: &Option<String>| text.as_deref().map_or(Ok(Price::ZERO), |text| price(text, market));
    let kind = kind(options);
    let limit = match (&options.limit, &options.offset) {
        (_, Some(text)) => offset(text, market)?,
        (Some(text), _) => price(text, market)?,
        (None, None) => optional(&options.protection)?,
    };
    let (extent, link) = parts(options, market, size)?;
    let expires_at = match options.expires_in {
        None => 0,
        Some(seconds) => expiry(seconds, now)?,
    };
    let trigger_price = match (&options.stop, &options.take_profit) {
        (Some(text), _) | (None, Some(text)) => price(text, market)?,
        (None, None) => Price::ZERO,
    };
    Ok(OrderParams {
        client_id: client_id(options.client_id, now)?,
        price: limit,
        size,
        auction_start: optional(&options.auction_start)?,
        auction_end: optional(&options.auction_end)?,
        trigger_price,
        expires_at,
        auction_ms: options.auction_ms.unwrap_or(0),
        extent,
        link,
        market: market.index,
        flags: bits(options),
        kind: kind as u8,
        side: side(options.side) as u8,
        ..OrderParams::default()
    })
}

/// Seconds for which a generated client id is valid: longer than any transaction lives.
pub(crate) const CLIENT_ID_SECONDS: u32 = 120;

/// The typed client id, or a new one from this process and moment.
fn client_id(wanted: ClientId, now: i64) -> Result<u64> {
    match wanted {
        ClientId::Number(number) => Ok(number),
        ClientId::New => {
            let moment = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos() >> 6);
            let own = (moment ^ std::process::id()) & u32::from(u16::MAX);
            Ok(timed(expiry(CLIENT_ID_SECONDS, now)?, u16::try_from(own).unwrap_or(0)))
        }
    }
}

fn kind(options: &Place) -> OrderKind {
    let limit = options.limit.is_some() || options.offset.is_some();
    match () {
        () if options.twap.is_some() => OrderKind::Twap,
        () if options.trail.is_some() => OrderKind::TrailingStop,
        () if options.stop.is_some() && limit => OrderKind::StopLimit,
        () if options.stop.is_some() => OrderKind::StopMarket,
        () if options.take_profit.is_some() && limit => OrderKind::TakeProfitLimit,
        () if options.take_profit.is_some() => OrderKind::TakeProfitMarket,
        () if limit => OrderKind::Limit,
        () => OrderKind::Market,
    }
}

fn bits(options: &Place) -> u16 {
    let plain = [
        (options.post_only || options.slide, flags::POST_ONLY),
        (options.slide, flags::SLIDE),
        (options.reduce_only, flags::REDUCE_ONLY),
        (options.ioc, flags::IMMEDIATE_OR_CANCEL),
        (options.fok, flags::FILL_OR_KILL),
        (options.offset.is_some(), flags::OFFSET),
        (options.builder, flags::BUILDER),
    ];
    let plain: u16 = plain.iter().filter(|(set, _)| *set).map(|(_, bit)| bit).sum();
    let own = match options.stp {
        SelfTradeArg::CancelMaker => 0,
        SelfTradeArg::CancelTaker => flags::SELF_CANCEL_TAKER,
        SelfTradeArg::Decrement => flags::SELF_DECREMENT,
    };
    plain | own | trigger(options.trigger)
}

fn trigger(source: TriggerArg) -> u16 {
    match source {
        TriggerArg::Oracle => 0,
        TriggerArg::Mark => flags::TRIGGER_MARK,
        TriggerArg::Last => flags::TRIGGER_LAST,
    }
}

/// Unix time `seconds` from now.
pub(crate) fn expiry(seconds: u32, now: i64) -> Result<u32> {
    u32::try_from(now.saturating_add(i64::from(seconds)))
        .map_err(|_| CliError::Usage("--expires-in is too far away".into()))
}

/// A part of an order, in steps of the market.
///
/// # Errors
/// [`CliError::Usage`] for the whole order or more.
pub(crate) fn steps(text: &str, what: &str, market: &Market, whole: Size) -> Result<u32> {
    let part = size(text, market)?;
    if part >= whole {
        return Err(CliError::Usage(format!("{what} {text} must be less than the whole size")));
    }
    let steps = part.0.checked_div(market.step.0).unwrap_or(0);
    u32::try_from(steps).map_err(|_| CliError::Usage(format!("{what} {text} is too large")))
}

/// Distance of a trailing stop in parts per million.
pub(crate) fn trail(text: &str) -> Result<u32> {
    let distance = decimal::parse(text.trim_end_matches('%'), 4)?;
    let (least, most) = TRAIL_BOUNDS;
    u32::try_from(distance).ok().filter(|distance| (least..=most).contains(distance)).ok_or_else(|| {
        let percent = |ppm| decimal::format(ppm, 4, 0);
        CliError::Usage(format!("--trail {text} is out of range: {} to {} percent", percent(least), percent(most)))
    })
}

/// The kind's own numbers: visible steps, trailing distance, or slices and their interval.
fn parts(options: &Place, market: &Market, whole: Size) -> Result<(u32, u32)> {
    if let Some(text) = &options.display {
        return Ok((steps(text, "--display", market, whole)?, 0));
    }
    if let Some(text) = &options.twap {
        let slice = steps(text, "--twap", market, whole)?;
        let (fewest, most) = SLICES;
        let size = u64::from(slice).saturating_mul(market.step.0).max(1);
        let slices = whole.0.div_ceil(size);
        if !(fewest..=most).contains(&slices) {
            let least = Size(whole.0.div_ceil(most).next_multiple_of(market.step.0.max(1)));
            return Err(CliError::Usage(format!(
                "--twap {text} makes {slices} slices: {fewest} to {most} are allowed, so at least {} each",
                decimal::size(least)
            )));
        }
        return Ok((slice, options.every.unwrap_or(0)));
    }
    match &options.trail {
        Some(text) => Ok((trail(text)?, 0)),
        None => Ok((0, 0)),
    }
}

/// A signed distance to the oracle, in the bits of a price as the exchange stores it.
pub(crate) fn offset(text: &str, market: &Market) -> Result<Price> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let distance = on_tick(text, Price(decimal::parse(digits, decimal::PRICE)?), market)?;
    let distance = i64::try_from(distance.0).map_err(|_| CliError::Usage(format!("--offset {text} is too far")))?;
    Ok(Price(if negative { -distance } else { distance }.cast_unsigned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    fn place(line: &str) -> Place {
        let cli = Cli::try_parse_from(format!("kedge place SOL-PERP {line}").split(' ')).unwrap();
        match cli.command {
            Command::Place(place) => *place,
            _ => panic!("not an order"),
        }
    }

    fn market() -> Market {
        Market { index: 3, step: Size(100_000_000), tick: Price(10_000), ..Market::default() }
    }

    /// The orders of a command line whose size is in base.
    fn orders(options: &Place, market: &Market, now: i64) -> Result<Vec<OrderParams>> {
        super::orders(options, size(&options.size, market)?, market, now)
    }

    fn one(line: &str) -> OrderParams {
        let orders = orders(&place(line), &market(), 1_000).unwrap();
        assert_eq!(orders.len(), 1);
        orders[0]
    }

    #[test]
    fn units_of_people_become_units_of_the_exchange() {
        let order = one("sell 2.5 --limit 181.20 --post-only --expires-in 60");
        assert_eq!((order.size, order.price), (Size(2_500_000_000), Price(181_200_000)));
        assert_eq!((order.kind, order.side, order.flags), (1, 1, flags::POST_ONLY));
        assert_eq!((order.market, order.expires_at), (3, 1_060));

        assert_eq!(one("buy 1 --client-id 7").client_id, 7);
        let new = one("buy 1 --client-id new").client_id;
        assert_eq!(kedge_model::account::client_id::good_until(new), Some(1_120));

        let order = one("buy 1 --ioc --reduce-only --protection 190");
        assert_eq!((order.kind, order.side, order.price), (0, 0, Price(190_000_000)));
        assert_eq!(order.flags, flags::IMMEDIATE_OR_CANCEL | flags::REDUCE_ONLY);
        assert_eq!(order.expires_at, 0);
    }

    #[test]
    fn every_kind_has_its_fields() {
        let order = one("sell 1 --stop 170 --trigger mark --reduce-only");
        assert_eq!((order.kind, order.trigger_price), (OrderKind::StopMarket as u8, Price(170_000_000)));
        assert_eq!(order.flags, flags::TRIGGER_MARK | flags::REDUCE_ONLY);
        let order = one("sell 1 --stop 170 --limit 169.50");
        assert_eq!((order.kind, order.price), (OrderKind::StopLimit as u8, Price(169_500_000)));
        let order = one("sell 1 --take-profit 200 --trigger last");
        assert_eq!((order.kind, order.flags), (OrderKind::TakeProfitMarket as u8, flags::TRIGGER_LAST));
        let order = one("sell 1 --take-profit 200 --limit 199");
        assert_eq!(order.kind, OrderKind::TakeProfitLimit as u8);
        let order = one("sell 1 --trail 2.5%");
        assert_eq!((order.kind, order.extent, order.trigger_price), (OrderKind::TrailingStop as u8, 25_000, Price(0)));
        let order = one("buy 100 --twap 2.5 --every 60");
        assert_eq!((order.kind, order.extent, order.link), (OrderKind::Twap as u8, 25, 60));
        let order = one("buy 10 --limit 180 --display 1");
        assert_eq!((order.kind, order.extent), (OrderKind::Limit as u8, 10));
        let order = one("buy 10 --offset -0.50 --slide");
        assert_eq!((order.kind, order.price.0.cast_signed()), (OrderKind::Limit as u8, -500_000));
        assert_eq!(order.flags, flags::OFFSET | flags::POST_ONLY | flags::SLIDE);
        assert_eq!(one("sell 10 --offset +0.50").price, Price(500_000));
        assert_eq!(one("buy 1 --fok --stp cancel-taker").flags, flags::FILL_OR_KILL | flags::SELF_CANCEL_TAKER);
        assert_eq!(one("buy 1 --limit 5 --stp decrement --builder").flags, flags::SELF_DECREMENT | flags::BUILDER);
    }

    #[test]
    fn brackets_and_pairs_come_behind_their_order() {
        let bracket = place("buy 2 --limit 180 --bracket-stop 170 --bracket-profit 200");
        let orders = orders(&bracket, &market(), 0).unwrap();
        let seen: Vec<_> = orders.iter().map(|o| (o.kind, o.side, o.size.0, o.trigger_price.0 / 1_000_000)).collect();
        assert_eq!(seen, [(1, 0, 2_000_000_000, 0), (2, 1, 0, 170), (4, 1, 0, 200)]);
        assert!(orders[1..].iter().all(|leg| leg.flags == flags::LEG | flags::REDUCE_ONLY));

        let pair =
            super::tests::orders(&place("sell 2 --limit 200 --reduce-only --or-stop 170"), &market(), 0).unwrap();
        let seen: Vec<_> = pair.iter().map(|o| (o.kind, o.side, o.size.0)).collect();
        assert_eq!(seen, [(1, 1, 2_000_000_000), (2, 1, 2_000_000_000)], "the same side and size");
    }

    #[test]
    fn numbers_off_step_and_tick_are_refused_before_sending() {
        let refused = |line| orders(&place(line), &market(), 0).unwrap_err();
        assert_eq!(refused("buy 2.55").to_string(), "size 2.55 is not a multiple of the step 0.1: 2.5 or 2.6");
        let tick = refused("buy 2.5 --limit 181.205");
        assert_eq!(tick.to_string(), "price 181.205 is not a multiple of the tick 0.01: 181.20 or 181.21");
        assert_eq!(tick.exit_code(), 2);
        assert!(matches!(refused("buy 0.0000000001"), CliError::Decimal(_)));
        assert!(refused("buy 0").to_string().contains("greater than zero"));
        assert!(refused("buy 0.01").to_string().ends_with("the smallest order is 0.1"));
        assert!(refused("sell 1 --trail 99").to_string().ends_with("out of range: 0.01 to 20 percent"));
        let many = refused("buy 1000 --twap 0.1 --every 60").to_string();
        assert_eq!(many, "--twap 0.1 makes 10000 slices: 2 to 1000 are allowed, so at least 1 each");
        assert!(refused("buy 1 --limit 180 --display 1").to_string().contains("less than the whole"));
        assert!(refused("buy 1 --twap 0.55 --every 60").to_string().contains("step"));
        assert!(refused("buy 1 --bracket-stop 0").to_string().contains("greater than zero"));
        assert!(refused("buy 1 --offset 0.005").to_string().contains("tick"));
    }
}
