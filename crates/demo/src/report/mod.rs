//! The report: one HTML file without references to others, its data included.

mod chart;
mod data;
mod table;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

use crate::run::Outcome;
use crate::series::{MarketPoint, Point};
use crate::summary::{Equity, Summary};
use chart::{Chart, Line, Marker, escape, number};
use kedge_testbed::calendar;
use kedge_testbed::listing::{COINS, Coin};
use table::Table;

const STYLE: &str = include_str!("style.css");
/// Name of the insurance funds among the roles.
const INSURANCE: &str = "insurance";

/// Writes `report.html`, `summary.json` and `summary.txt` into a folder.
///
/// # Errors
/// When the folder cannot be written.
pub fn write(folder: &Path, outcome: &Outcome) -> Result<()> {
    let put = |name: &str, text: String| {
        let file = folder.join(name);
        std::fs::write(&file, text).with_context(|| file.display().to_string())
    };
    let json = serde_json::to_string_pretty(&outcome.summary)?;
    put("report.html", html(outcome, &json))?;
    put("summary.txt", outcome.summary.text())?;
    put("summary.json", json)
}

fn html(outcome: &Outcome, json: &str) -> String {
    let summary = &outcome.summary;
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Kedge demo report</title>\
         <style>{STYLE}</style></head><body><header><h1>Kedge demo report</h1>\
         <p>{} to {} UTC, {:.0} s of wall time, seed {}{}. Prices: {}.</p></header><main>",
        calendar::date_time(summary.span.0),
        calendar::date_time(summary.span.1),
        summary.wall,
        summary.seed,
        if summary.interrupted { ", ended early by Ctrl-C" } else { "" },
        escape(&summary.source)
    );
    let (class, mark) = if summary.audit.holds() { ("good", "✓") } else { ("bad", "✗") };
    let _ = write!(out, "<p class=\"verdict {class}\">{mark} {}.</p>", escape(&summary.verdict()));
    for (sign, list) in [("Never happened", &summary.missing), ("Keepers", &summary.wrong)] {
        if !list.is_empty() {
            let _ = write!(out, "<p class=\"verdict bad\">✗ {sign}: {}.</p>", escape(&list.join("; ")));
        }
    }
    out.push_str("<h2>Markets</h2>");
    out.push_str(&markets(summary).html());
    out.push_str(&slippage(summary).html());
    for (coin, index) in COINS.iter().zip(0usize..) {
        let _ = write!(out, "<h2>{}</h2>", coin.name);
        for chart in market_charts(outcome, coin, index) {
            out.push_str(&chart.html());
        }
    }
    funding(&mut out, outcome);
    liquidations(&mut out, outcome);
    money(&mut out, outcome);
    conservation(&mut out, summary);
    downloads(&mut out, outcome, json);
    out + "</main></body></html>\n"
}

fn dollars(value: f64) -> String {
    number(value, 1.0)
}

fn cents(value: f64) -> String {
    number(value, 0.01)
}

fn bps(value: Option<f64>) -> String {
    value.map_or_else(|| "none".into(), |value| number(value, 0.1))
}

/// Key figures of each market.
fn markets(summary: &Summary) -> Table {
    let titles = [
        "<Market",
        "Volume, USD",
        "Fills",
        "Spread, bp (median)",
        "Spread, bp (95 %)",
        "Depth in 25 bp, USD (median)",
        "Depth in 25 bp, USD (5 %)",
    ];
    let mut table = Table::new(
        "Best bid to best offer of book and vAMM; depth on the thinner side, within 25 basis points of the oracle",
        &titles,
    );
    for quality in &summary.quality {
        table.row(vec![
            quality.market.clone(),
            dollars(quality.volume),
            quality.fills.to_string(),
            bps(quality.spread_bps),
            bps(quality.spread_high_bps),
            dollars(quality.depth[0]),
            dollars(quality.depth[1]),
        ]);
    }
    table
}

/// Cost of fills by their size.
fn slippage(summary: &Summary) -> Table {
    let titles = ["<Market", "<Size of the fill", "Fills", "Volume, USD", "Slippage, bp"];
    let mut table = Table::new(
        "Slippage: price of a fill against the oracle at the fill, weighted by value; negative is better than the oracle",
        &titles,
    );
    for quality in &summary.quality {
        for (size, count, volume, cost) in quality.slippage.iter().filter(|(_, count, ..)| *count > 0) {
            table.row(vec![
                quality.market.clone(),
                (*size).to_owned(),
                count.to_string(),
                dollars(*volume),
                number(*cost, 0.01),
            ]);
        }
    }
    table
}

fn market_charts(outcome: &Outcome, coin: &Coin, index: usize) -> Vec<Chart> {
    let points = &outcome.points;
    let line = |name: &str, look: usize, value: &dyn Fn(&MarketPoint) -> Option<f64>| Line {
        name: name.into(),
        look,
        points: points.iter().filter_map(|p| Some((p.time, value(p.markets.get(index)?)?))).collect(),
    };
    let name = coin.name;
    let mut price = Chart::of(
        format!("{name}: price and liquidations"),
        "USD",
        "The oracle's price, the market's own (mark), and every liquidation at its price and time".into(),
        vec![line("mark", 1, &|p| Some(p.mark)), line("oracle", 0, &|p| Some(p.price))],
    );
    price.marks = ["shorts taken over", "longs taken over"];
    let here = outcome.log.liquidations.iter().filter(|step| usize::from(step.market) == index);
    price.markers = here.map(|step| Marker { time: step.time, value: step.price, up: step.side == "short" }).collect();
    vec![
        price,
        Chart::of(
            format!("{name}: premium"),
            "basis points of mark over oracle",
            "Above zero the market is dearer than the oracle, and longs pay".into(),
            vec![line("premium", 1, &|p| Some(p.premium_bps()))],
        ),
        Chart::of(
            format!("{name}: best bid and offer"),
            "basis points from the oracle",
            "Of book and vAMM together; their distance is the spread".into(),
            vec![line("offer", 3, &|p| p.ask_bps), line("bid", 2, &|p| p.bid_bps)],
        ),
        Chart::of(
            format!("{name}: depth within 25 basis points"),
            "USD",
            "What could be bought and sold no further than that from the oracle".into(),
            vec![line("to buy", 3, &|p| Some(p.depth[1])), line("to sell", 2, &|p| Some(p.depth[0]))],
        ),
        Chart::of(
            format!("{name}: open interest and the vAMM's position"),
            coin.symbol,
            "Longs and shorts of everybody, and what the vAMM holds against them".into(),
            vec![
                line("longs", 2, &|p| Some(p.long)),
                line("shorts", 3, &|p| Some(p.short)),
                line("vAMM", 4, &|p| Some(p.amm)),
            ],
        ),
    ]
}

fn funding(out: &mut String, outcome: &Outcome) {
    out.push_str("<h2>Funding</h2>");
    for (coin, index) in COINS.iter().zip(0usize..) {
        let predicted = outcome.points.iter();
        let predicted = predicted.filter_map(|p| Some((p.time, p.markets.get(index)?.funding))).collect();
        let updates = outcome.log.funding.iter().filter(|update| usize::from(update.market) == index);
        let charged: Vec<(i64, f64)> = updates.map(|update| (update.time, update.rate)).collect();
        let mut lines = vec![Line { name: "next, as it builds up".into(), look: 0, points: predicted }];
        if !charged.is_empty() {
            lines.push(Line { name: "charged".into(), look: 1, points: charged });
        }
        let mut chart = Chart::of(
            format!("{}: funding rate", coin.name),
            "percent an hour",
            "What the next update would charge, and what updates charged; positive: longs pay shorts".into(),
            lines,
        );
        chart.steps = true;
        out.push_str(&chart.html());
    }
    let titles = ["<Market", "<Time, UTC", "Premium, %", "Rate, % an hour", "vAMM received, USD"];
    let mut table = Table::new("Funding updates", &titles);
    for update in &outcome.log.funding {
        table.row(vec![
            update.name.into(),
            calendar::date_time(update.time),
            number(update.premium, 0.000_1),
            number(update.rate, 0.000_1),
            cents(update.amm),
        ]);
    }
    out.push_str(&table.html());
    let mut table = Table::new("Paid over the run (negative: received)", &["<Market", "Longs, USD", "Shorts, USD"]);
    for funding in &outcome.summary.funding {
        table.row(vec![funding.market.clone(), cents(funding.longs), cents(funding.shorts)]);
    }
    out.push_str(&table.html());
}

fn liquidations(out: &mut String, outcome: &Outcome) {
    let summary = &outcome.summary;
    let _ = write!(
        out,
        "<h2>Liquidations</h2><p>{} steps on {} accounts, {} USD taken over; {} bankruptcies.</p>",
        summary.liquidations,
        summary.liquidated_accounts,
        dollars(summary.liquidated),
        summary.bankruptcies
    );
    let titles = [
        "<Time, UTC",
        "<Market",
        "<Account",
        "<Position",
        "Size",
        "Price, USD",
        "Value, USD",
        "To the liquidator, USD",
        "To insurance, USD",
        "<Left",
    ];
    let mut table = Table::new("Every step, in order", &titles);
    for step in &outcome.log.liquidations {
        let glyph = if step.side == "short" { '▲' } else { '▼' };
        table.row(vec![
            calendar::date_time(step.time),
            step.name.into(),
            step.account.clone(),
            format!("{glyph} {}", step.side),
            number(step.size, 0.001),
            cents(step.price),
            dollars(step.value),
            cents(step.liquidator_fee),
            cents(step.insurance_fee),
            if step.bankrupt { "nothing" } else { "something" }.into(),
        ]);
    }
    out.push_str(&table.html());
    let [loss, fees, protocol, insurance, staked, amm, open] = summary.defaults;
    let mut table = Table::new("Debts of defaults, and who paid", &["<Who", "USD"]);
    for (who, amount) in [
        ("debts", loss),
        ("unswept fees", fees),
        ("the protocol's tranche", protocol),
        ("insurance funds", insurance),
        ("staked insurance", staked),
        ("vAMMs", amm),
        ("still open", open),
    ] {
        table.row(vec![who.into(), cents(amount)]);
    }
    out.push_str(&table.html());
}

/// Insurance on a scale of its own, and equity by role.
fn money(out: &mut String, outcome: &Outcome) {
    out.push_str("<h2>Insurance</h2>");
    let lines = COINS.iter().zip(0usize..).map(|(coin, index)| Line {
        name: coin.name.into(),
        look: index,
        points: outcome.points.iter().filter_map(|p| Some((p.time, p.markets.get(index)?.insurance))).collect(),
    });
    let about = "What lies in each market's fund: fees of liquidations flow in, defaults are paid out of it".into();
    out.push_str(&Chart::of("Insurance funds".into(), "USD", about, lines.collect()).html());
    out.push_str("<h2>Who won and who lost</h2>");
    out.push_str(&equity_chart(&outcome.points, &outcome.summary).html());
    let titles =
        ["<Role", "At the start, USD", "Deposited from the local faucet, USD", "At the end, USD", "Change, USD"];
    let mut table = Table::new("Equity by role. What visitors brought from the faucet is no gain", &titles);
    for (role, equity) in &outcome.summary.equity {
        let Equity { start, brought, end } = *equity;
        table.row(vec![(*role).into(), cents(start), cents(brought), cents(end), cents(equity.change())]);
    }
    out.push_str(&table.html());
}

/// Change of equity by role; visitors are in the table alone, since the chart does not know when they deposited.
fn equity_chart(points: &[Point], summary: &Summary) -> Chart {
    let brought = |role: &str| summary.equity.get(role).is_some_and(|equity| equity.brought != 0.0);
    let roles: BTreeSet<&'static str> = points
        .iter()
        .flat_map(|point| point.equity.keys().copied())
        .filter(|role| *role != INSURANCE && !brought(role))
        .collect();
    let start = |role| points.iter().find_map(|point| point.equity.get(role)).copied().unwrap_or(0.0);
    let lines = roles.into_iter().enumerate().map(|(look, role)| Line {
        name: role.into(),
        look,
        points: points.iter().filter_map(|p| Some((p.time, p.equity.get(role)? - start(role)))).collect(),
    });
    let about = "Collateral with profit and loss at the oracle, against the start".into();
    Chart::of("Change of equity by role".into(), "USD since the start", about, lines.collect())
}

fn conservation(out: &mut String, summary: &Summary) {
    let audit = &summary.audit;
    let _ = write!(
        out,
        "<h2>Conservation</h2><p>Read from the raw accounts at the end: {} equations to the last unit, and {} accounts \
         checked against their own invariants. {} pockets with positions: {} below maintenance, {} in default.</p>",
        audit.lines.len(),
        audit.checked,
        audit.margins.pockets,
        audit.margins.below.len(),
        audit.margins.in_default
    );
    let mut table = Table::new("Equations", &["<What", "Left", "Right", "<Unit", "<Holds"]);
    for line in &audit.lines {
        let holds = if line.holds() { "✓ holds" } else { "✗ broken" };
        table.row(vec![
            line.what.clone(),
            line.unit.show(line.left),
            line.unit.show(line.right),
            line.unit.name.into(),
            holds.into(),
        ]);
    }
    out.push_str(&table.html());
}

fn downloads(out: &mut String, outcome: &Outcome, json: &str) {
    let points = serde_json::to_string(&outcome.points).unwrap_or_default();
    let csv = "text/csv";
    let links = [
        data::link("kedge-demo-markets.csv", csv, "every market over time", &data::markets(&outcome.points)),
        data::link("kedge-demo-liquidations.csv", csv, "every liquidation", &data::liquidations(&outcome.log)),
        data::link("kedge-demo-points.json", "application/json", "markets and equity over time", &points),
        data::link("kedge-demo-summary.json", "application/json", "every figure of this page and more", json),
        data::link("kedge-demo-summary.txt", "text/plain", "the statement as text", &outcome.summary.text()),
    ];
    out.push_str("<h2>Data to take away</h2><ul class=\"downloads\">");
    for link in links {
        let _ = write!(out, "<li>{link}</li>");
    }
    out.push_str("</ul>");
}
