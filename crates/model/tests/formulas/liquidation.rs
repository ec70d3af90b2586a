//! Steps of a liquidation.

use super::stage::{PLENTY, SLOT, Stage};
use super::{Inputs, Outputs};
use crate::out;
use kedge_model::Error;
use kedge_model::account::market::Market;
use kedge_model::account::pocket::Pocket;
use kedge_model::account::position::{Position, status};
use kedge_model::action::{Liquidate, is_held_by_budget};
use kedge_model::num::Rounding;
use kedge_model::quantity::{Amount, Base, Price, Quote, Size};
use kedge_model::rule::liability::{TransferTerms, transfer_for_asset, transfer_to_cover};
use kedge_model::rule::liquidation::{self, base_to_cover, insurance_fee, step_size, takeover_price};
use kedge_model::rule::margin::{Margin, first_to_reduce};
use kedge_model::time::{Millis, Slot, SlotTime};

pub(super) fn answer(name: &str, x: &mut Inputs<'_>) -> Option<Outputs> {
    Some(match name {
        "cover" => cover(x),
        "discount" => discount(x),
        "window_budget" => budget(x),
        "liquidation_step" => step(x),
        "throttle" => throttle(x),
        "liability_transfer" => transfer(x),
        _ => return None,
    })
}

fn discount(x: &mut Inputs<'_>) -> Outputs {
    let grown = liquidation::discount(x.ppm(), x.ppm(), Millis(x.int()), Millis(x.int()))?;
    let margin = Margin { collateral: x.quote(), liability: x.amount(), ..Margin::default() };
    out![grown.0, liquidation::affordable(grown, &margin)?.0]
}

fn budget(x: &mut Inputs<'_>) -> Outputs {
    let mut market = Market { long_interest: x.size(), short_interest: x.size(), ..Market::default() };
    let price = x.price();
    (market.liquidation_share, market.liquidation_budget) = (x.ppm(), x.amount());
    let budget = liquidation::window_budget(&market, price)?;
    out![budget.unwrap_or_default().0, budget.is_some()]
}

fn cover(x: &mut Inputs<'_>) -> Outputs {
    let (shortage, ratio, fee, most, price, size) = (x.amount(), x.ppm(), x.ppm(), x.ppm(), x.price(), x.size());
    let needed = |rounding| base_to_cover(shortage, ratio, fee, most, price, rounding);
    let (down, up) = (needed(Rounding::Down)?, needed(Rounding::Up)?);
    let insurance = insurance_fee(shortage, size.value(price, Rounding::Down)?, ratio, fee, most)?;
    let (cover, small, step, min_order, wanted) = (x.size(), x.flag(), x.size(), x.size(), x.size());
    let taken = step_size(cover, size, small, step, min_order, wanted)?;
    let at = |base| takeover_price(Base(base), price, fee);
    out![down.0, up.0, insurance.0, taken.0, at(1)?.0, at(-1)?.0]
}

fn step(x: &mut Inputs<'_>) -> Outputs {
    let (maintenance, buffer, fee, fee_small, insurance) = (x.ppm(), x.ppm(), x.ppm(), x.ppm(), x.ppm());
    let (small_position, step, min_order, wanted, base) = (x.amount(), x.size(), x.size(), x.size(), x.base());
    let mut stage = Stage::new(x.price());
    let (tokens, quote) = (x.amount(), x.quote());
    let row = &mut stage.board.markets[0];
    (row.maintenance_margin, row.size_premium) = (maintenance, x.int());
    let (long, short) = if base.0 > 0 { (base.size(), Size::ZERO) } else { (Size::ZERO, base.size()) };
    let market = &mut stage.market;
    (market.liquidation_buffer, market.liquidator_fee, market.liquidator_fee_small) = (buffer, fee, fee_small);
    (market.insurance_fee, market.small_position) = (insurance, small_position);
    (market.step, market.min_order) = (step, min_order);
    (market.long_interest, market.short_interest, market.users_quote) = (long, short, quote);
    (market.liquidation_budget, market.liquidated, market.liquidation_window) = (x.amount(), x.amount(), Slot(x.int()));
    (stage.board.slot_micros, stage.clock.slot) = (SlotTime(x.int()), x.int());
    let marks = if x.flag() { status::BEING_LIQUIDATED } else { 0 };
    stage.isolate(Position { base, quote, isolated: tokens, status: marks, ..Position::default() });
    super::expiry::gathered(&mut stage.board.markets[0], x);
    stage.other.credit(0, Amount(PLENTY))?;
    let action = Liquidate { max_size: wanted, limit_price: Price::ZERO };
    let report = stage.run(|context, _, account, liquidator| action.execute(context, account, liquidator))?;
    let (left, market) = (stage.account.positions[0], &stage.market);
    let bankrupt = left.status & status::BANKRUPT != 0;
    let begins = wanted.is_zero() && marks == 0;
    assert!(
        report.bankrupt == bankrupt
            && report.recovered == (report.base.is_zero() && !(begins && left.status & status::BEING_LIQUIDATED != 0))
    );
    assert_eq!((left.base.0 + report.base.0, market.insurance_fees), (base.0, report.insurance_fee));
    let marked = left.status & status::BEING_LIQUIDATED != 0;
    out![
        report.base.0,
        report.price.0,
        report.quote.0,
        report.insurance_fee.0,
        left.isolated.0,
        left.quote.0,
        market.liquidated.0,
        market.liquidation_window.0,
        marked,
        bankrupt
    ]
}

fn throttle(x: &mut Inputs<'_>) -> Outputs {
    let (base, equity, wanted) = (x.base(), x.quote(), x.size());
    let mut stage = Stage::new(Price(1_000_000_000));
    let market = &mut stage.market;
    (market.small_position, market.long_interest) = (Amount(u64::MAX), base.size());
    (market.liquidation_budget, market.liquidated) = (x.amount(), x.amount());
    market.liquidated_near = [x.int(), x.int(), x.int()];
    let own = u64::from_le_bytes([1; 8]);
    market.liquidated_owner = [0, own, 7][x.int::<usize>()];
    (market.liquidated_of_owner, market.liquidated_account) = (x.amount(), x.int());
    (stage.account.id, stage.other.id) = (x.int(), 100);
    let own_liquidator = x.flag();
    if own_liquidator {
        stage.other.authority = stage.account.authority;
    }
    (stage.board.slot_micros, market.liquidation_window) = (SlotTime::DEFAULT, Slot(SLOT - x.int::<u64>()));
    stage.isolate(Position { base, quote: Quote(equity.0 - base.0), ..Position::default() });
    stage.other.credit(0, Amount(PLENTY))?;
    let action = Liquidate { max_size: wanted, limit_price: Price::ZERO };
    let report = stage.run(|context, _, account, liquidator| {
        let (board, clock) = (context.board, context.clock);
        let (margin, _) = first_to_reduce(account.head, Pocket::of(account.head, 0), board, &clock)?;
        let held = is_held_by_budget(context.market, board, &clock, &margin, account.head)?;
        let report = action.execute(context, account, liquidator);
        let throttled = matches!(report, Err(Error::LiquidationThrottled));
        assert_eq!(held && !own_liquidator, throttled, "what a step meets is told before");
        report
    })?;
    assert_eq!((report.base.size(), report.quote.0.unsigned_abs()), (wanted, wanted.0));
    let market = &stage.market;
    let [eighth, quarter, three_eighths] = market.liquidated_near;
    let owner = if market.liquidated_owner == own { 1 } else { market.liquidated_owner.min(2) };
    out![
        market.liquidated.0,
        eighth,
        quarter,
        three_eighths,
        market.liquidation_window.0,
        owner,
        market.liquidated_of_owner.0,
        market.liquidated_account
    ]
}

fn transfer(x: &mut Inputs<'_>) -> Outputs {
    let shortage = x.amount();
    let terms = TransferTerms {
        asset_weight: x.ppm(),
        liability_weight: x.ppm(),
        asset_multiplier: x.ppm(),
        liability_multiplier: x.ppm(),
        insurance_fee: x.ppm(),
    };
    let (price, decimals, value) = (x.price(), x.int(), x.amount());
    out![transfer_to_cover(shortage, &terms, price, decimals)?.0, transfer_for_asset(value, &terms, price, decimals)?.0]
}
