//! Golden vectors: every row of `vectors/drift.json` against this crate's functions.
//!
//! A row is `ok` when the function gives Drift's value, `changed` when it gives our own value for the stated reason
//! (docs/math/differences.md), `absent` when nothing here corresponds to it, also for a stated reason.

use kedge_model::account::board::weighted_average;
use kedge_model::account::exchange::{Exchange, FeeTier};
use kedge_model::account::order::Side;
use kedge_model::account::position::{Position, claimable_pnl};
use kedge_model::amm::{Amm, Curve, ScaleBounds, affordable_scale, k_cost, peg_for};
use kedge_model::num::{Rounding, floor_to};
use kedge_model::quantity::{Amount, Base, FundingIndex, Ppm, Price, Quote, Size};
use kedge_model::rule::auction;
use kedge_model::rule::fees;
use kedge_model::rule::funding;
use kedge_model::rule::liability::{TransferTerms, transfer_for_asset, transfer_to_cover};
use kedge_model::rule::liquidation;
use kedge_model::rule::margin::{self, MarginKind};
use kedge_model::rule::weights;
use kedge_model::time::{Seconds, Slots};
use serde_json::Value;

/// Rows that must be in the file, so that none can be dropped quietly.
const COMPLETE: [(&str, u64); 5] = [("A", 16), ("E", 8), ("G", 19), ("H", 16), ("N", 8)];
/// Drift's ratios and weights are parts per ten thousand, ours parts per million.
const PPM_PER_BPS: u32 = 100;

struct Inputs<'a>(&'a Value);

impl Inputs<'_> {
    fn i(&self, name: &str) -> i64 {
        self.0[name].as_i64().unwrap_or_else(|| panic!("input {name}"))
    }
    fn u(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap_or_else(|| panic!("input {name}"))
    }
    fn or_zero(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap_or(0)
    }
    fn small(&self, name: &str) -> u32 {
        u32::try_from(self.u(name)).unwrap()
    }
    fn ppm(&self, name: &str) -> Ppm {
        Ppm(self.small(name))
    }
    fn bps_as_ppm(&self, name: &str) -> Ppm {
        Ppm(self.small(name) * PPM_PER_BPS)
    }
    fn list(&self, name: &str) -> Vec<i64> {
        self.0[name].as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect()
    }
    fn curve(&self) -> Curve {
        Curve {
            base: Size(self.u("b")),
            quote: Size(self.u("q")),
            sqrt_k: Size(self.or_zero("s")),
            peg: Price(self.or_zero("peg")),
        }
    }
    fn net(&self) -> Base {
        Base(self.i("n"))
    }
    fn side(&self) -> Side {
        Side::from_number(u8::try_from(self.u("side")).unwrap()).unwrap()
    }
}

fn bps(value: Ppm) -> i128 {
    i128::from(value.0 / PPM_PER_BPS)
}

/// The values of a row as this crate computes them, in the row's units; `None` when nothing corresponds.
fn compute(section: &str, row: u64, x: &Inputs<'_>) -> Option<Vec<i128>> {
    Some(match section {
        "A" => amm(row, x)?,
        "B" => {
            let amm = Amm { base: Base(-x.i("n")), inventory_limit: Size(x.u("limit")), ..Amm::default() };
            vec![amm.inventory_ratio().unwrap().into()]
        }
        "C" => vec![peg_for(&x.curve(), Price(x.u("price"))).unwrap().0.into()],
        "D" => vec![
            weighted_average(
                Price(x.u("average")),
                Price(x.u("sample")),
                Seconds(x.u("elapsed")),
                Seconds(x.u("period")),
            )
            .unwrap()
            .0
            .into(),
        ],
        "E" => funding_rows(row, x)?,
        "G" => weight_rows(row, x),
        "H" => liquidation_rows(row, x),
        "J" => auction_rows(row, x)?,
        "K" => fee_rows(row, x),
        "M" => position_rows(row, x),
        "N" => fill_rows(row, x),
        other => panic!("section {other}"),
    })
}

fn amm(row: u64, x: &Inputs<'_>) -> Option<Vec<i128>> {
    Some(match row {
        1 | 2 => vec![x.curve().mid().unwrap().0.into()],
        3 => {
            let terminal = x.curve().terminal(x.net()).unwrap();
            vec![terminal.quote.0.into(), terminal.base.0.into()]
        }
        4 | 5 => vec![x.curve().terminal(x.net()).unwrap().mid().unwrap().0.into()],
        6 => {
            let deep = x.curve().with_sqrt_k(Size(x.u("new"))).unwrap();
            vec![deep.sqrt_k.0.into(), deep.base.0.into(), deep.quote.0.into()]
        }
        7 => {
            let (curve, deep) = (x.curve(), x.curve().with_sqrt_k(Size(x.u("new"))).unwrap());
            vec![k_cost(&curve, &deep, x.net()).unwrap().0.into()]
        }
        8 => vec![x.curve().terminal(x.net()).unwrap().quote.0.into()],
        9 => vec![x.curve().terminal(x.net()).unwrap().base.0.into()],
        10..=12 | 15 => {
            let bounds = ScaleBounds { low: x.ppm("low"), high: x.ppm("high") };
            vec![affordable_scale(&x.curve(), x.net(), Quote(x.i("budget")), &bounds).unwrap().0.into()]
        }
        16 => {
            let curve = x.curve();
            let new = u128::from(curve.sqrt_k.0) * u128::from(x.u("num")) / u128::from(x.u("den"));
            let deep = curve.with_sqrt_k(Size(u64::try_from(new).unwrap())).unwrap();
            vec![k_cost(&curve, &deep, x.net()).unwrap().0.into()]
        }
        _ => return None,
    })
}

fn funding_rows(row: u64, x: &Inputs<'_>) -> Option<Vec<i128>> {
    Some(match row {
        1..=3 | 7 => {
            let oracle = Price(x.u("oracle"));
            let premium = funding::premium(Price(x.u("mark")), oracle).unwrap();
            let rate = funding::hourly_rate(premium, x.ppm("cap")).unwrap();
            let index = funding::index_delta(rate, oracle, funding::PERIOD).unwrap();
            vec![premium.into(), rate.into(), index.0.into()]
        }
        4 | 5 => {
            let deltas = funding::split(
                FundingIndex(x.i("delta")),
                Size(x.u("long")),
                Size(x.u("short")),
                Base(-x.i("n")),
                Amount(x.u("budget")),
            )
            .unwrap();
            vec![deltas.long.0.into(), deltas.short.0.into(), deltas.amm.0.into()]
        }
        6 => {
            // One bound for all tiers; the tier's own limit is the cap on the rate.
            let oracle = Price(x.u("oracle"));
            let premium = funding::premium(Price(oracle.0 * 2), oracle).unwrap();
            let divergence = i128::from(premium) * i128::from(oracle.0) / 1_000_000_000;
            vec![divergence, divergence]
        }
        _ => return None,
    })
}

fn weight_rows(row: u64, x: &Inputs<'_>) -> Vec<i128> {
    match row {
        1 => {
            let row = kedge_model::account::board::MarketRow {
                initial_margin: x.bps_as_ppm("initial"),
                maintenance_margin: x.bps_as_ppm("maintenance"),
                ..Default::default()
            };
            vec![bps(margin::ratio(&row, MarginKind::Fill, Size(1), Ppm::ZERO).unwrap())]
        }
        2..=5 => {
            let (ratio, premium) = (x.bps_as_ppm("ratio"), x.small("premium"));
            let of = |size: i64| {
                kedge_model::account::board::size_premium_ratio(ratio, Size(size.unsigned_abs()), premium).unwrap()
            };
            x.list("sizes").into_iter().map(|size| bps(of(size))).collect()
        }
        8 | 10 => {
            let of = |weight: i64| {
                let weight = Ppm(u32::try_from(weight).unwrap() * PPM_PER_BPS);
                weights::liability_weight(weight, Size(x.u("size")), x.small("factor")).unwrap()
            };
            x.list("weights").into_iter().map(|weight| bps(of(weight))).collect()
        }
        12 => vec![bps(weights::fill_weight(x.bps_as_ppm("initial"), x.bps_as_ppm("maintenance")).unwrap())],
        13 | 14 => {
            let weight = weights::scaled_weight(x.bps_as_ppm("weight"), Amount(x.u("start")), Amount(x.u("held")));
            vec![bps(weight.unwrap())]
        }
        _ => vec![bps(weights::asset_weight(x.bps_as_ppm("weight"), Size(x.u("size")), x.small("factor")).unwrap())],
    }
}

fn liquidation_rows(row: u64, x: &Inputs<'_>) -> Vec<i128> {
    let terms = || TransferTerms {
        asset_weight: Ppm(u32::try_from(x.or_zero("wa")).unwrap() * PPM_PER_BPS),
        liability_weight: Ppm(u32::try_from(x.or_zero("wl")).unwrap() * PPM_PER_BPS),
        asset_multiplier: x.ppm("ma"),
        liability_multiplier: x.ppm("ml"),
        insurance_fee: Ppm(u32::try_from(x.or_zero("insurance")).unwrap()),
    };
    let decimals = || u8::try_from(x.u("decimals")).unwrap();
    let price = Price(x.u("price"));
    vec![match row {
        1..=6 => liquidation::base_to_cover(
            Amount(x.u("shortage")),
            x.bps_as_ppm("ratio"),
            x.ppm("fee"),
            x.ppm("insurance"),
            price,
            Rounding::Down,
        )
        .unwrap()
        .0
        .into(),
        7..=11 => transfer_to_cover(Amount(x.u("shortage")), &terms(), price, decimals()).unwrap().0.into(),
        12 | 13 => transfer_for_asset(Amount(x.u("value")), &terms(), price, decimals()).unwrap().0.into(),
        _ => liquidation::insurance_fee(
            Amount(x.u("shortage")),
            Size(x.u("base")).value(price, Rounding::Down).unwrap(),
            x.bps_as_ppm("ratio"),
            x.ppm("fee"),
            x.ppm("max"),
        )
        .unwrap()
        .0
        .into(),
    }]
}

fn auction_rows(row: u64, x: &Inputs<'_>) -> Option<Vec<i128>> {
    Some(match row {
        1..=10 => {
            let (start, end) =
                auction::derive(x.side(), Price(x.u("oracle")), Price(x.u("limit")), auction::DERIVED_WIDTH).unwrap();
            vec![start.0.into(), end.0.into()]
        }
        11..=21 => {
            let at = |name: &str| Price(x.u("oracle").checked_add_signed(x.i(name)).unwrap());
            let price = auction::interpolate(
                x.side(),
                at("start"),
                at("end"),
                Slots(x.u("slot")),
                Slots(x.u("duration")),
                Price(1),
            );
            vec![price.unwrap().0.into()]
        }
        _ => return None,
    })
}

fn fee_rows(row: u64, x: &Inputs<'_>) -> Vec<i128> {
    let tier = FeeTier { taker: x.ppm("taker"), maker_rebate: x.ppm("rebate") };
    let exchange = Exchange {
        fees: [tier; 8],
        filler_share: Ppm(u32::try_from(x.or_zero("filler")).unwrap()),
        max_filler_reward: x.or_zero("cap"),
        ..Default::default()
    };
    let fees = fees::of_fill(
        &exchange,
        Amount(x.u("quote")),
        0,
        Some(0),
        fees::Shares { filler: row == 3, ..Default::default() },
    )
    .unwrap();
    match row {
        1 => vec![fees.taker.0.into(), fees.maker_rebate.0.into()],
        2 => vec![fees.exchange.0.into()],
        _ => vec![fees.filler.0.into()],
    }
}

fn position_rows(row: u64, x: &Inputs<'_>) -> Vec<i128> {
    let (base, quote, entry) = (Base(x.i("base")), Quote(x.i("quote")), Quote(x.i("entry")));
    if row <= 6 {
        let pnl = quote.plus(base.value(Price(x.u("price")), Rounding::Down).unwrap()).unwrap();
        return vec![claimable_pnl(pnl, quote, entry, Quote(x.i("excess"))).unwrap().0.into()];
    }
    let mut position = Position { base, quote, entry, ..Position::default() };
    let trade = x.list("trade");
    let effect = position.trade(Base(trade[0]), Quote(trade[1])).unwrap();
    let all = vec![position.quote.0.into(), position.entry.0.into(), effect.realised.0.into()];
    match x.0["only"].as_u64() {
        Some(index) => vec![all[usize::try_from(index).unwrap()]],
        None => all,
    }
}

fn fill_rows(row: u64, x: &Inputs<'_>) -> Vec<i128> {
    match row {
        1..=4 => vec![x.curve().trade(x.side(), Size(x.u("size"))).unwrap().quote.0.into()],
        5 => {
            let surplus = i128::from(x.u("quote") - x.u("plain"));
            let fee = i128::from(fees::taker_fee(Amount(x.u("quote")), x.ppm("taker")).unwrap().0);
            vec![surplus, fee, surplus + fee]
        }
        6 => {
            let size = x.curve().size_to_price(Side::Long, Price(x.u("limit"))).unwrap();
            vec![floor_to(size.0, x.u("step")).into()]
        }
        7 => {
            let first = x.curve().trade(Side::Long, Size(x.u("first"))).unwrap();
            let maker = Size(x.u("maker")).value(Price(x.u("price")), Rounding::Up).unwrap();
            let rest = x.u("total") - x.u("maker") - x.u("first");
            let second = first.curve.trade(Side::Long, Size(rest)).unwrap();
            let entry = first.quote.0 + maker.0 + second.quote.0;
            vec![first.quote.0.into(), second.quote.0.into(), entry.into(), second.curve.mid().unwrap().0.into()]
        }
        _ => {
            let quote = Size(x.u("size")).value(Price(x.u("price")), Rounding::Up).unwrap();
            vec![quote.0.into(), fees::maker_rebate(quote, x.ppm("rebate")).unwrap().0.into()]
        }
    }
}

fn numbers(value: &Value) -> Vec<i128> {
    let number = |v: &Value| match v.as_str() {
        Some("max") => u64::MAX.into(),
        Some(other) => panic!("value {other}"),
        None => v.as_i64().map(i128::from).or_else(|| v.as_u64().map(i128::from)).expect("a number"),
    };
    value.as_array().expect("an array").iter().map(number).collect()
}

#[test]
fn every_row_gives_drifts_value_or_ours_for_a_reason() {
    let file: Value = serde_json::from_str(include_str!("../vectors/drift.json")).unwrap();
    let differences = include_str!("../../../docs/math/differences.md");
    let rows = file["rows"].as_array().unwrap();
    let mut failures = Vec::new();
    let (mut ok, mut changed, mut absent) = (0, 0, 0);
    for row in rows {
        let (section, number) = (row["section"].as_str().unwrap(), row["row"].as_u64().unwrap());
        let name = format!("{section}{number}");
        let expected = numbers(&row["expected"]);
        let actual = if row["absent"] == true { None } else { compute(section, number, &Inputs(&row["inputs"])) };
        let reason = row["reason"].as_str();
        if let Some(reason) = reason {
            // Whoever changes a value must explain it, under the same key and with the row's name.
            assert!(differences.contains(&format!("`{reason}`")), "{name}: {reason} is not in differences.md");
            let named = differences.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == name);
            assert!(named, "{name} is not in differences.md");
        }
        let verdict = match (&actual, row.get("ours").map(numbers)) {
            (None, None) if reason.is_some() => {
                absent += 1;
                "absent"
            }
            (Some(actual), None) if *actual == expected && reason.is_none() => {
                ok += 1;
                "ok"
            }
            (Some(actual), Some(ours)) if *actual == ours && ours != expected && reason.is_some() => {
                changed += 1;
                "changed"
            }
            (actual, ours) => {
                failures.push(format!("{name}: expected {expected:?}, ours {ours:?}, computed {actual:?}"));
                "FAILED"
            }
        };
        println!("{section} {number} {verdict}");
    }
    for (section, last) in COMPLETE {
        for number in 1..=last {
            let present = rows.iter().filter(|row| row["section"] == section && row["row"] == number).count();
            assert_eq!(present, 1, "row {section}{number} must be in the file once");
        }
    }
    println!("{ok} ok, {changed} changed, {absent} absent of {}", rows.len());
    assert!(failures.is_empty(), "{failures:#?}");
}
