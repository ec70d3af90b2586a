//! Moving a market's vAMM to the oracle.

use super::Context;
use crate::amm::UpdateReport;
use crate::board::Purpose;
use crate::error::Result;
use crate::event::{AmmRecord, EventKind, EventSink, emit};
use crate::exchange::operation;

/// Moves the peg toward the oracle and takes a premium sample.
#[must_use]
#[derive(Clone, Copy, Debug, Default)]
pub struct UpdateAmm;

impl UpdateAmm {
    /// Moves the peg as far as the vAMM's budget pays for.
    ///
    /// Errors: [`crate::Error::AmmUpdateNotNeeded`], [`crate::Error::OperationPaused`], price rows.
    pub fn execute<S: EventSink>(self, context: &mut Context<'_, S>) -> Result<UpdateReport> {
        context.exchange.require_open(operation::UPDATE_AMM)?;
        let board = context.board;
        let row = board.market(context.market.index)?;
        row.price.require(Purpose::UpdateAmm, &context.clock)?;
        let oracle = row.price.price;
        let report = context.market.amm.update(oracle, context.clock.slot)?;
        // The sample is the premium in force from now on: after the move, or a quote that is gone would count.
        context.market.sample_premium(oracle, context.clock.unix_time)?;
        let record = AmmRecord {
            peg_before: report.peg_before,
            peg: context.market.amm.peg,
            mid_before: report.mid_before,
            mid: report.mid,
            oracle,
            cost: report.cost,
            equity: context.market.amm_equity(oracle)?,
            market: context.market.index,
            padding: [0; 6],
        };
        emit(context.sink, EventKind::AmmUpdate, &record);
        Ok(report)
    }
}
