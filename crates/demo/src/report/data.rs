//! The report's data for download, inside the page, so that it travels with it.

use std::fmt::Write as _;

use crate::log::Log;
use crate::series::Point;
use kedge_testbed::listing::COINS;

/// The markets over time as CSV.
pub(super) fn markets(points: &[Point]) -> String {
    let mut out = String::from(
        "time_unix,slot,market,oracle_usd,mark_usd,premium_bps,funding_percent_hour,best_bid_bps,best_ask_bps,\
         sell_depth_25bp_usd,buy_depth_25bp_usd,longs_coins,shorts_coins,vamm_coins,insurance_usd\n",
    );
    for point in points {
        for (market, coin) in point.markets.iter().zip(&COINS) {
            let bps = |bps: Option<f64>| bps.map_or_else(String::new, |bps| format!("{bps:.3}"));
            let _ = writeln!(
                out,
                "{},{},{},{:.6},{:.6},{:.3},{:.7},{},{},{:.2},{:.2},{:.9},{:.9},{:.9},{:.6}",
                point.time,
                point.slot,
                coin.name,
                market.price,
                market.mark,
                market.premium_bps(),
                market.funding,
                bps(market.bid_bps),
                bps(market.ask_bps),
                market.depth[0],
                market.depth[1],
                market.long,
                market.short,
                market.amm,
                market.insurance
            );
        }
    }
    out
}

/// The liquidations as CSV.
pub(super) fn liquidations(log: &Log) -> String {
    let mut out = String::from(
        "time_unix,slot,market,account,side,size_coins,price_usd,value_usd,liquidator_fee_usd,insurance_fee_usd,\
         shortage_usd,bankrupt\n",
    );
    for step in &log.liquidations {
        let _ = writeln!(
            out,
            "{},{},{},{},{},{:.9},{:.6},{:.6},{:.6},{:.6},{:.6},{}",
            step.time,
            step.slot,
            step.name,
            step.account,
            step.side,
            step.size,
            step.price,
            step.value,
            step.liquidator_fee,
            step.insurance_fee,
            step.shortage,
            step.bankrupt
        );
    }
    out
}

/// A link that downloads a text under a name.
pub(super) fn link(name: &str, kind: &str, about: &str, text: &str) -> String {
    format!("<a download=\"{name}\" href=\"data:{kind};base64,{}\">{name}</a>: {about}", base64(text.as_bytes()))
}

/// Base64 of RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = 0u32;
        for at in 0..3 {
            word = word << 8 | u32::from(chunk.get(at).copied().unwrap_or(0));
        }
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let vectors = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (text, wanted) in vectors {
            assert_eq!(base64(text.as_bytes()), wanted);
        }
    }
}
