//! The instructions that keepers send, a row each.

use kedge_interface::instruction::Decoded;
use solana_pubkey::Pubkey;

use super::{Call, Subject};

/// Compute units of one refreshed row.
pub(crate) const REFRESH_ROW: u32 = 20_000;
/// Compute units of an instruction whose cost does not grow with its arguments.
const USUAL: u32 = 200_000;
/// Why of an instruction without a row.
const UNSENT: &str = "no keeper sends it";

/// A service to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Triggers an order that waits, or starts another auction of one that the price has left behind.
    Trigger,
    /// Moves the trigger of a trailing stop.
    Trail,
    /// Releases the next slice of a TWAP.
    Slice,
}

impl Service {
    /// Name of the instruction, as in the IDL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trigger => "trigger_order",
            Self::Trail => "trail_order",
            Self::Slice => "slice_order",
        }
    }
}

/// What a call does for the keeper's own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trade {
    /// Nothing: it is a service to others.
    None,
    /// Takes a position over.
    TakeOver,
    /// Places an order or trades.
    Order,
    /// Takes orders back.
    Withdrawal,
}

/// What a keeper knows of an instruction beside its accounts and arguments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verb {
    /// Compute units that it takes at most.
    pub compute: u32,
    /// The sub-account whose trader signs; none when anybody may.
    pub actor: Option<Pubkey>,
    /// What it does for the keeper's own account.
    pub trade: Trade,
    /// What it is about: a second call on the same subject waits until the first has landed.
    pub subject: Subject,
    /// Noun of what it is about, for people.
    pub noun: &'static str,
    /// Why it is sent, for people, where its numbers do not say more.
    pub why: &'static str,
}

/// Compute units that grow with a number of rows, orders or makers.
fn per(base: u32, each: u32, count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(each).saturating_add(base)
}

impl Call {
    /// The row of this call's instruction.
    #[must_use]
    #[rustfmt::skip]
    pub fn verb(&self) -> Verb {
        use Trade::{None as Nothing, Order, TakeOver, Withdrawal};
        let (name, market) = (self.name(), self.market_or_all());
        let row = |compute, actor, trade, subject, noun, why| Verb { compute, actor, trade, subject, noun, why };
        let in_market = Subject::Market(name, market);
        let position = |account: &Pubkey| Subject::Position(*account, market);
        let orders = |account: &Pubkey| Subject::Orders(*account, market);
        let order = |account: &Pubkey, id: &u32| Subject::Order(name, *account, *id);
        let serve = |crank: &[Pubkey], account, id, why| {
            row(USUAL, crank.first().copied(), Nothing, order(account, id), "order", why)
        };
        match &self.instruction {
            Decoded::RefreshPrices(i) => row(
                per(0, REFRESH_ROW, i.markets.len() + i.banks.len()), None, Nothing, Subject::Board,
                "board", "an oracle account has a newer price than the board",
            ),
            Decoded::FillOrder(i) => row(
                per(USUAL, 40_000, i.makers.len()), i.split().0, Nothing, order(&i.taker, &i.order_id),
                "order", "it crosses",
            ),
            Decoded::Uncross(i) => row(
                per(USUAL, 40_000, i.orders.len()), None, Nothing, in_market, "crossed orders", "they cross each other",
            ),
            Decoded::TriggerOrder(i) => serve(
                &i.crank, &i.sub_account, &i.order_id, "the price has reached its trigger",
            ),
            Decoded::TrailOrder(i) => serve(
                &i.crank, &i.sub_account, &i.order_id, "the price has moved on, and its trigger follows",
            ),
            Decoded::SliceOrder(i) => serve(&i.crank, &i.sub_account, &i.order_id, "its next slice is due"),
            Decoded::ExpireOrders(i) => row(
                USUAL, i.crank.first().copied(), Nothing, orders(&i.sub_account),
                "orders", "past their expiry, nothing left to reduce, or not backed by their owner",
            ),
            Decoded::UpdateAmm(_) => row(USUAL, None, Nothing, in_market, "vAMM", "its mid has left the oracle"),
            Decoded::UpdateFunding(_) => row(USUAL, None, Nothing, in_market, "funding", "the hour is over"),
            Decoded::UpdateFeeTier(i) => row(
                USUAL, None, Nothing, Subject::Account(name, i.sub_account),
                "fee tier", "what it has traded is not counted yet, or its tier has run out",
            ),
            Decoded::SettlePnl(i) => row(USUAL, None, Nothing, position(&i.sub_account), "position", "a claim is open"),
            Decoded::SweepFees(_) => row(USUAL, None, Nothing, in_market, "fees", "fees are collected"),
            Decoded::Liquidate(i) => row(
                USUAL, Some(i.liquidator), TakeOver, position(&i.sub_account),
                "position", "its pocket does not meet the maintenance margin",
            ),
            Decoded::LiquidateWithFill(i) => row(
                per(USUAL, 40_000, i.makers.len()), Some(i.liquidator), Nothing, position(&i.sub_account),
                "position", "its pocket does not meet the maintenance margin, and makers are there",
            ),
            Decoded::SettleBankruptcy(i) => row(
                USUAL, None, Nothing, position(&i.sub_account), "position", "its pocket owes and has nothing left",
            ),
            Decoded::TakeOver(i) => row(
                USUAL, None, Nothing, position(&i.sub_account), "position", "no liquidator has taken it",
            ),
            Decoded::UnwindBackstop(_) => row(
                USUAL, None, Nothing, in_market, "vault", "the backstop vault holds a position",
            ),
            Decoded::SettleMarket(_) => row(
                USUAL, None, Nothing, in_market, "market", "it has expired, or no source brings its price",
            ),
            Decoded::SettlePosition(i) => row(
                USUAL, None, Nothing, position(&i.sub_account), "position", "its market is in settlement",
            ),
            Decoded::PlaceAndMake(i) => row(
                USUAL, Some(i.maker), Order, order(&i.taker, &i.order_id), "order", "its auction price is good",
            ),
            Decoded::PlaceOrders(i) => row(
                per(100_000, 10_000, i.orders.len()), Some(i.sub_account), Order, orders(&i.sub_account),
                "orders", "orders around the oracle",
            ),
            Decoded::PlaceAndTake(i) => row(
                per(USUAL, 40_000, i.makers.len()), Some(i.sub_account), Order, orders(&i.sub_account),
                "position", "there is a position to unwind",
            ),
            Decoded::CancelOrder(i) => row(
                USUAL, Some(i.sub_account), Withdrawal, Subject::Order("cancel", i.sub_account, i.id),
                "order", "it should not stand any more",
            ),
            Decoded::CancelAll(i) => row(
                USUAL, Some(i.sub_account), Withdrawal, orders(&i.sub_account),
                "orders", "none of them should stand any more",
            ),
            _ => row(USUAL, None, Nothing, in_market, name, UNSENT),
        }
    }
}

#[cfg(test)]
mod tests {
    use kedge_interface::instruction::ALL;
    use kedge_model::account::order::OrderParams;
    use kedge_model::quantity::{Base, Price, Size};

    use super::*;

    /// One call by each constructor.
    fn sent() -> Vec<Call> {
        let [one, other] = [1, 2].map(|byte| Pubkey::new_from_array([byte; 32]));
        let serve = |service| Call::serve(service, 0, one, (1, 0), None);
        let bounds = (Base(-1), Base(1));
        vec![
            Call::refresh_prices(&[0], &[0]),
            Call::fill(0, one, (1, 0), Some(other), &[], &[]),
            serve(Service::Trigger),
            serve(Service::Trail),
            serve(Service::Slice),
            Call::expire(0, one, vec![1], None),
            Call::update_amm(0),
            Call::update_funding(0),
            Call::update_fee_tier(other, one),
            Call::settle_pnl(0, one),
            Call::sweep_fees(0),
            Call::liquidate(0, one, other, Size(1), Price(0)),
            Call::liquidate_with_fill(0, one, other, Size(1), &[]),
            Call::settle_bankruptcy(0, one),
            Call::settle_market(0),
            Call::settle_position(0, one),
            Call::make(0, other, (one, 1, 0), Size(1), Price(1), bounds, Vec::new()),
            Call::place(0, one, vec![OrderParams::default()]),
            Call::take(0, one, OrderParams::default(), Size(1), &[]),
            Call::cancel(one, 1),
            Call::cancel_all(one, None),
        ]
    }

    #[test]
    fn every_instruction_that_keepers_send_has_a_row_of_its_own() {
        let sent = sent();
        let mut names: Vec<&str> = sent.iter().map(Call::name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), sent.len());
        for call in &sent {
            let verb = call.verb();
            assert!(ALL.iter().any(|spec| spec.name == call.name()) && verb.compute > 0, "{call:?}");
            assert_ne!((verb.noun, verb.why), (call.name(), UNSENT), "{call:?}");
        }
        for service in [Service::Trigger, Service::Trail, Service::Slice] {
            assert!(names.contains(&service.name()));
        }
    }

    #[test]
    fn who_signs_is_a_sub_account_that_the_instruction_names() {
        for call in sent() {
            let spec = call.instruction.spec();
            let signed = spec.accounts.iter().any(|account| account.signer);
            assert!(call.actor().is_none() || signed, "{call:?}");
            let anybody = ["fill_order", "trigger_order", "trail_order", "slice_order", "expire_orders", "uncross"];
            assert!(call.actor().is_some() || !signed || anybody.contains(&call.name()), "{call:?}");
            if let Some(actor) = call.actor() {
                assert!(call.instruction.accounts().iter().any(|meta| meta.pubkey == actor), "{call:?}");
            }
        }
    }
}
