//! The live table: redrawn on a terminal every second, a line every few seconds elsewhere.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::time::Duration;

use kedge_model::account::board::{RowState, Session};
use kedge_model::account::market::Market;
use kedge_state::World;

use crate::tally::{SOURCES, Tally};
use kedge_testbed::calendar;
use kedge_testbed::listing::COINS;

/// Width of the table, columns.
const WIDTH: usize = 80;
/// Time between two lines on a terminal, and elsewhere.
const EVERY: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// The live table.
pub struct Table {
    redraws: bool,
    drawn: usize,
    landed: u64,
}

impl Default for Table {
    fn default() -> Self {
        Self::new()
    }
}

/// Progress of the run.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Wall time since the start.
    pub elapsed: Duration,
    /// Share of the replay that is done, 0 to 1.
    pub done: f64,
    /// Wall time since the last draw.
    pub since: Duration,
}

impl Table {
    /// A table on standard output.
    pub fn new() -> Self {
        Self { redraws: std::io::stdout().is_terminal(), drawn: 0, landed: 0 }
    }

    /// Time between two draws.
    #[must_use]
    pub fn every(&self) -> Duration {
        EVERY[usize::from(!self.redraws)]
    }

    /// Draws the state of the exchange.
    pub fn draw(&mut self, world: &World, tally: &Tally, progress: Progress) {
        let rate = (tally.landed - self.landed) as f64 / progress.since.as_secs_f64().max(0.001);
        self.landed = tally.landed;
        if !self.redraws {
            println!("  {}", line(world, tally).chars().take(WIDTH - 2).collect::<String>());
            return;
        }
        let text = block(world, tally, progress, rate);
        let mut out = std::io::stdout().lock();
        if self.drawn > 0 {
            let _ = write!(out, "\x1b[{}A", self.drawn);
        }
        self.drawn = text.lines().count();
        for line in text.lines() {
            let _ = writeln!(out, "\x1b[2K{line}");
        }
        let _ = out.flush();
    }
}

/// The state of the exchange in one line.
fn line(world: &World, tally: &Tally) -> String {
    let mut text = calendar::time(world.clock.unix_time).chars().take(5).collect::<String>();
    for market in &world.markets {
        let price = world.oracle(market.index).0 as f64 / 1e6;
        let digits = if price >= 1_000.0 { 0 } else { 2 };
        let (name, off) = (symbol(market), premium(world, market));
        let _ = write!(text, " {name} {price:.digits$} {off:+.1}{}", state(world, market.index));
    }
    let fills: u64 = tally.fills.iter().map(|fills| fills.count).sum();
    let _ = write!(text, " bp; {fills} fills {} liq", tally.liquidations);
    text
}

fn symbol(market: &Market) -> &'static str {
    COINS.get(usize::from(market.index)).map_or("?", |coin| coin.symbol)
}

/// Mark over oracle, basis points.
fn premium(world: &World, market: &Market) -> f64 {
    let oracle = world.oracle(market.index);
    let mark = market.mark(oracle).unwrap_or(oracle);
    (mark.0 as f64 / oracle.0.max(1) as f64 - 1.0) * 1e4
}

/// Cuts a line to the width of an 80-column terminal: a line that wraps cannot be drawn over.
fn fit(line: &str) -> String {
    line.chars().take(WIDTH).collect::<String>().trim_end().to_owned()
}

/// The name of a row's state other than Normal, and of a halt that ends by itself.
fn state(world: &World, market: u16) -> &'static str {
    let row = world.board.market(market);
    match row.map(|row| row.session(&world.clock)) {
        Ok(Session::Reserved | Session::Calling) => return " RESERVED",
        Ok(Session::Opening(_)) => return " OPENING",
        Ok(Session::Open) | Err(_) => {}
    }
    let state = row.map(|row| RowState::from_number(row.price.state));
    match state {
        Ok(RowState::Normal) => "",
        Ok(RowState::Degraded) => " DEGRADED",
        Ok(RowState::Jump) => " JUMP",
        Ok(RowState::Stale) | Err(_) => " STALE",
        Ok(RowState::Halted) => " HALTED",
    }
}

fn block(world: &World, tally: &Tally, progress: Progress, rate: f64) -> String {
    let mut text = String::new();
    let bar = (progress.done.clamp(0.0, 1.0) * 20.0) as usize;
    let left = (1.0 / progress.done.clamp(0.001, 1.0) - 1.0) * progress.elapsed.as_secs_f64();
    let _ = writeln!(
        text,
        "{} UTC [{}{}] {:3.0} % {:.0} s, about {left:.0} s to go",
        calendar::date_time(world.clock.unix_time),
        "#".repeat(bar),
        "-".repeat(20 - bar),
        progress.done.min(1.0) * 100.0,
        progress.elapsed.as_secs_f64(),
    );
    let _ = writeln!(
        text,
        "{:4} {:>10} {:>7} {:>9} {:>10} {:>10} {:>10}",
        "", "oracle", "mark", "funding/h", "longs", "shorts", "vAMM"
    );
    for market in &world.markets {
        let _ = writeln!(
            text,
            "{:4} {:>10.2} {:>+5.1}bp {:>+8.4}% {:>10.2} {:>10.2} {:>+10.2}{}",
            symbol(market),
            world.oracle(market.index).0 as f64 / 1e6,
            premium(world, market),
            market.funding_rate as f64 / 1e7,
            market.long_interest.0 as f64 / 1e9,
            market.short_interest.0 as f64 / 1e9,
            market.amm.base.0 as f64 / 1e9,
            state(world, market.index),
        );
    }
    let _ = write!(text, "orders {} cancelled {} fills", tally.orders, tally.cancelled);
    for ((name, _), fills) in SOURCES.iter().zip(&tally.fills).rev() {
        let _ = write!(text, " {name} {} (${:.0}k)", fills.count, fills.quote as f64 / 1e9);
    }
    let _ = writeln!(text);
    let _ = writeln!(
        text,
        "liquidations {} bankruptcies {} | {rate:.0} tx/s, {} landed, {} failed",
        tally.liquidations, tally.bankruptcies, tally.landed, tally.failed
    );
    text.lines().map(|line| fit(line) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_eighty_columns() {
        assert_eq!(fit(&"x".repeat(200)).len(), WIDTH);
        assert_eq!(fit("short  "), "short");
    }
}
