//! Moving a market's vAMM to the oracle.

use crate::account::board::{PriceRow, Purpose};
use crate::account::exchange::operation;
use crate::account::market::Market;
use crate::action::Context;
use crate::amm::{ShapeReport, UpdateReport};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event::{AmmRecord, EventKind, EventSink, emit};
use crate::quantity::{Amount, Price, Quote, Size};

/// Moves peg and depth toward the oracle and takes a premium sample.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct UpdateAmm;

/// What a move of the vAMM did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmmReport {
    /// Peg before.
    pub peg_before: Price,
    /// Mid price before.
    pub mid_before: Price,
    /// Mid price now.
    pub mid: Price,
    /// Depth before.
    pub sqrt_k_before: Size,
    /// Cost to the vAMM's budget (negative: gain).
    pub cost: Quote,
}

impl UpdateAmm {
    /// Moves the peg as far as the vAMM's budget pays for, then takes a step of the depth: down where the peg could not
    /// be paid for, which brings some more of the way, else up toward the listed depth, or back to the centre.
    ///
    /// # Errors
    /// [`Error::AmmUpdateNotNeeded`] when nothing would change, [`Error::OperationPaused`], price rows.
    pub fn execute<S: EventSink>(self, context: &mut Context<'_, S>) -> Result<AmmReport> {
        context.exchange.require_open(operation::UPDATE_AMM, &context.clock)?;
        context.market.require_unexpired(&context.clock)?;
        let board = context.board;
        let row = board.market(context.market.index)?;
        row.price.require(Purpose::UpdateAmm, &context.clock)?;
        let report = follow(context.market, &row.price, &context.clock)?;
        // The sample is the premium in force from now on: after the move, or a quote that is gone would count.
        let oracle = row.price.price;
        context.market.sample_premium(oracle, context.clock.unix_time)?;
        let amm = &context.market.amm;
        let record = AmmRecord {
            peg_before: report.peg_before,
            peg: amm.peg,
            mid_before: report.mid_before,
            mid: report.mid,
            oracle,
            cost: report.cost,
            equity: amm.equity(oracle)?,
            sqrt_k_before: report.sqrt_k_before,
            sqrt_k: amm.sqrt_k,
            budget: amm.budget,
            spent: Amount(amm.spent),
            market: context.market.index,
            padding: [0; 6],
        };
        emit(context.sink, EventKind::AmmUpdate, &record);
        Ok(report)
    }
}

/// Peg, then shape, then the rest of the peg's way when a shallower curve brought something.
fn follow(market: &mut Market, row: &PriceRow, clock: &Clock) -> Result<AmmReport> {
    let amm = &mut market.amm;
    if amm.sqrt_k.is_zero() {
        return Err(Error::AmmUpdateNotNeeded);
    }
    let (peg_before, sqrt_k_before, mid_before) = (amm.peg, amm.sqrt_k, amm.curve().mid()?);
    let moved = wanted(amm.update(row, clock))?;
    let shape = amm.reshape(row, clock)?;
    let rest = if shape.is_some() { wanted(amm.update(row, clock))? } else { None };
    if moved.is_none() && shape.is_none() {
        return Err(Error::AmmUpdateNotNeeded);
    }
    let part = |report: Option<UpdateReport>| report.map_or(Quote::ZERO, |report| report.cost);
    let shape = shape.map_or(Quote::ZERO, |report: ShapeReport| report.cost);
    let cost = part(moved).plus(part(rest))?.plus(shape)?;
    Ok(AmmReport { peg_before, mid_before, mid: amm.curve().mid()?, sqrt_k_before, cost })
}

/// An update that was not needed is no error yet.
fn wanted(update: Result<UpdateReport>) -> Result<Option<UpdateReport>> {
    match update {
        Ok(report) => Ok(Some(report)),
        Err(Error::AmmUpdateNotNeeded) => Ok(None),
        Err(other) => Err(other),
    }
}
