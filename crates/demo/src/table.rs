//! The live table: redrawn on a terminal, one line a second elsewhere.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::time::Duration;

use kedge_keeper::World;
use kedge_model::board::RowState;

use crate::calendar;
use crate::listing::COINS;
use crate::tally::{SOURCES, Tally};

/// Draws.
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

/// How far the run is.
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
    /// For standard output.
    pub fn new() -> Self {
        Self { redraws: std::io::stdout().is_terminal(), drawn: 0, landed: 0 }
    }

    /// Shows the state of things.
    pub fn draw(&mut self, world: &World, tally: &Tally, progress: Progress) {
        let rate = (tally.landed - self.landed) as f64 / progress.since.as_secs_f64().max(0.001);
        self.landed = tally.landed;
        if !self.redraws {
            println!("{}", line(world, tally, rate));
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

/// Everything in one line.
fn line(world: &World, tally: &Tally, rate: f64) -> String {
    let mut text = calendar::time(world.clock.unix_time);
    for market in &world.markets {
        let oracle = world.oracle(market.index);
        let mark = market.mark(oracle).unwrap_or(oracle);
        let _ = write!(
            text,
            " | {} {:.2} mark {:+.1} bp OI {:.1}/{:.1}{}",
            COINS.get(usize::from(market.index)).map_or("?", |coin| coin.symbol),
            oracle.0 as f64 / 1e6,
            (mark.0 as f64 / oracle.0.max(1) as f64 - 1.0) * 1e4,
            market.long_interest.0 as f64 / 1e9,
            market.short_interest.0 as f64 / 1e9,
            state(world, market.index),
        );
    }
    let fills: Vec<String> =
        SOURCES.iter().zip(&tally.fills).rev().map(|((name, _), fills)| format!("{name} {}", fills.count)).collect();
    let _ = write!(
        text,
        " | orders {} fills {} liq {} bankr {} | {rate:.0} tx/s",
        tally.orders,
        fills.join(" "),
        tally.liquidations,
        tally.bankruptcies
    );
    text
}

/// The name of a state that is not Normal.
fn state(world: &World, market: u16) -> &'static str {
    let state = world.board.market(market).map(|row| RowState::from_number(row.price.state));
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
    let bar = (progress.done.clamp(0.0, 1.0) * 30.0) as usize;
    let _ = writeln!(
        text,
        "{} UTC  [{}{}] {:3.0} %  {:.0} s   slot {}",
        calendar::date_time(world.clock.unix_time),
        "#".repeat(bar),
        "-".repeat(30 - bar),
        progress.done.min(1.0) * 100.0,
        progress.elapsed.as_secs_f64(),
        world.clock.slot,
    );
    let _ = writeln!(
        text,
        "{:6} {:>12} {:>12} {:>8} {:>11} {:>12} {:>12} {:>12}",
        "market", "oracle", "mark", "bp", "funding/h", "long OI", "short OI", "vAMM"
    );
    for market in &world.markets {
        let oracle = world.oracle(market.index);
        let mark = market.mark(oracle).unwrap_or(oracle);
        let _ = writeln!(
            text,
            "{:6} {:>12.3} {:>12.3} {:>+8.1} {:>+10.4}% {:>12.3} {:>12.3} {:>+12.3}{}",
            COINS.get(usize::from(market.index)).map_or("?", |coin| coin.symbol),
            oracle.0 as f64 / 1e6,
            mark.0 as f64 / 1e6,
            (mark.0 as f64 / oracle.0.max(1) as f64 - 1.0) * 1e4,
            market.funding_rate as f64 / 1e7,
            market.long_interest.0 as f64 / 1e9,
            market.short_interest.0 as f64 / 1e9,
            market.amm.base.0 as f64 / 1e9,
            state(world, market.index),
        );
    }
    let _ = write!(text, "orders {:6}  cancelled {:6}  fills", tally.orders, tally.cancelled);
    for ((name, _), fills) in SOURCES.iter().zip(&tally.fills).rev() {
        let _ = write!(text, "  {name} {} (${:.0}k)", fills.count, fills.quote as f64 / 1e9);
    }
    let _ = writeln!(text);
    let _ = writeln!(
        text,
        "liquidations {:4}  bankruptcies {:3}  funding updates {:3}   {rate:4.0} tx/s  {} landed  {} failed",
        tally.liquidations, tally.bankruptcies, tally.funding_updates, tally.landed, tally.failed
    );
    text
}
