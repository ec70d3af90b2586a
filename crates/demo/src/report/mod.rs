//! The report: one HTML file that needs nothing else.

mod svg;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

use crate::calendar;
use crate::listing::COINS;
use crate::series::{MarketPoint, Point};
use crate::summary::Summary;
use svg::{Chart, Line, escape};

const STYLE: &str = include_str!("style.css");

/// Writes `report.html` and `summary.json` into a folder.
///
/// # Errors
/// When the folder cannot be written.
pub fn write(folder: &Path, summary: &Summary, points: &[Point]) -> Result<()> {
    let put = |name: &str, text: String| {
        let file = folder.join(name);
        std::fs::write(&file, text).with_context(|| file.display().to_string())
    };
    put("report.html", html(summary, points))?;
    put("summary.json", serde_json::to_string_pretty(summary)?)
}

fn html(summary: &Summary, points: &[Point]) -> String {
    let mut out = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Kedge demo</title><style>{STYLE}</style></head><body>\
         <h1>Kedge demo</h1><p>{} to {} UTC. Prices: {}.</p>",
        calendar::date_time(summary.span.0),
        calendar::date_time(summary.span.1),
        escape(&summary.source)
    );
    let verdict = if summary.audit.holds() { "Conservation holds" } else { "Conservation is broken" };
    let _ = write!(
        out,
        "<p class=\"{}\">{verdict}: {} equations, {} invariants.</p>",
        if summary.audit.holds() { "good" } else { "bad" },
        summary.audit.lines.len(),
        summary.audit.checked
    );
    for chart in charts(points) {
        out.push_str(&chart.html());
    }
    let _ = write!(out, "<h2>Summary</h2><pre>{}</pre></body></html>", escape(summary.text().trim()));
    out
}

fn charts(points: &[Point]) -> Vec<Chart> {
    let mut charts = Vec::new();
    for (index, coin) in COINS.iter().enumerate() {
        let line = |name: &str, colour: usize, value: &dyn Fn(&MarketPoint) -> f64| Line {
            name: name.into(),
            colour,
            points: points.iter().filter_map(|p| Some((p.time, value(p.markets.get(index)?)))).collect(),
        };
        charts.push(Chart {
            title: format!("{}: oracle and mark", coin.name),
            unit: "USD",
            lines: vec![line("mark", 1, &|p| p.mark), line("oracle", 0, &|p| p.price)],
        });
        charts.push(Chart {
            title: format!("{}: open interest and the vAMM's position", coin.name),
            unit: coin.symbol,
            lines: vec![line("longs", 2, &|p| p.long), line("shorts", 3, &|p| p.short), line("vAMM", 4, &|p| p.amm)],
        });
    }
    charts.push(Chart {
        title: "Funding rate".into(),
        unit: "percent an hour",
        lines: COINS
            .iter()
            .enumerate()
            .map(|(index, coin)| Line {
                name: coin.name.into(),
                colour: index,
                points: points.iter().filter_map(|p| Some((p.time, p.markets.get(index)?.funding))).collect(),
            })
            .collect(),
    });
    let roles: BTreeSet<&'static str> = points.iter().flat_map(|point| point.equity.keys().copied()).collect();
    let start = |role| points.iter().find_map(|point| point.equity.get(role)).copied().unwrap_or(0.0);
    charts.push(Chart {
        title: "Change of equity by role".into(),
        unit: "USD since the start",
        lines: roles
            .into_iter()
            .enumerate()
            .map(|(index, role)| Line {
                name: role.into(),
                colour: index,
                points: points.iter().filter_map(|p| Some((p.time, p.equity.get(role)? - start(role)))).collect(),
            })
            .collect(),
    });
    charts
}
