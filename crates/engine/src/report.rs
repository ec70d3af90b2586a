//! What an instruction did.

use kedge_model::action::{
    AmmReport, BankruptcyReport, CancelReport, Ending, ExpireReport, FillReport, FundingReport, LiquidationFill,
    LiquidationReport, Matched, ModifyReport, PlaceReport, PositionSettlement, ReplaceReport, SettleReport,
    SliceReport, SweepReport, TakeReport, TrailReport, TriggerReport, UncrossReport,
};

/// The model's report of an instruction's action; [`Report::Done`] where the changed accounts say all.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each variant is the report of the action of the same name")]
pub enum Report {
    Done,
    Place(PlaceReport),
    Take(TakeReport),
    Make(Matched),
    Fill(FillReport),
    Cancel(CancelReport),
    Modify(ModifyReport),
    Replace(ReplaceReport),
    Trigger(TriggerReport),
    Trail(TrailReport),
    Slice(SliceReport),
    Expire(ExpireReport),
    Amm(AmmReport),
    Funding(FundingReport),
    Settle(SettleReport),
    Sweep(SweepReport),
    Liquidation(LiquidationReport),
    LiquidationFill(LiquidationFill),
    Bankruptcy(BankruptcyReport),
    SettleMarket(Ending),
    SettlePosition(PositionSettlement),
    Uncross(UncrossReport),
}
