//! Ratios, weights, margins, trades.

use super::stage::Stage;
use super::{Inputs, Outputs};
use crate::out;
use kedge_model::account::board::{BankRow, MarketRow, PriceRow, Purpose, RowState};
use kedge_model::account::pocket::Pocket;
use kedge_model::account::position::{Position, claimable_pnl, status};
use kedge_model::account::sub_account::Balance;
use kedge_model::quantity::{FundingIndex, Price};
use kedge_model::rule::margin::{MarginKind, liquidation_margin, margin_of, ratio};
use kedge_model::rule::weights::{asset_weight, fill_weight, liability_weight, scaled_weight};

const KINDS: [MarginKind; 3] = [MarginKind::Initial, MarginKind::Fill, MarginKind::Maintenance];

pub(super) fn answer(name: &str, x: &mut Inputs<'_>) -> Option<Outputs> {
    Some(match name {
        "ratio" => ratios(x),
        "weights" => weights(x),
        "margin" => margins(x),
        "liquidation_margin" => of_liquidation(x),
        "trade" => trade(x),
        "claimable" => claimable_pnl(x.quote(), x.quote(), x.quote(), x.quote()).map(|claim| vec![claim.0.into()]),
        _ => return None,
    })
}

fn ratios(x: &mut Inputs<'_>) -> Outputs {
    let kind = KINDS[x.int::<usize>()];
    let row = MarketRow {
        initial_margin: x.ppm(),
        maintenance_margin: x.ppm(),
        size_premium: x.int(),
        ..MarketRow::default()
    };
    out![ratio(&row, kind, x.size(), x.ppm())?.0]
}

fn weights(x: &mut Inputs<'_>) -> Outputs {
    let (weight, factor, size, start, held, liability) = (x.ppm(), x.int(), x.size(), x.amount(), x.amount(), x.ppm());
    let (asset, owed) = (asset_weight(weight, size, factor)?, liability_weight(liability, size, factor)?);
    out![asset.0, owed.0, scaled_weight(weight, start, held)?.0, fill_weight(weight, liability)?.0]
}

fn margins(x: &mut Inputs<'_>) -> Outputs {
    let kind = KINDS[x.int::<usize>()];
    let purpose = if x.flag() { Purpose::Liquidate } else { Purpose::ReduceRisk };
    let state = if x.flag() { RowState::Jump } else { RowState::Normal };
    let price = x.price();
    let mut stage = Stage::new(price);
    let row = &mut stage.board.markets[0];
    row.price = PriceRow { state: state as u8, twap_5m: x.price(), jump_limit: x.ppm(), ..row.price };
    (row.initial_margin, row.maintenance_margin, row.size_premium) = (x.ppm(), x.ppm(), x.int());
    let (base, quote, open_bids, open_asks, custom_margin) = (x.base(), x.quote(), x.size(), x.size(), x.ppm());
    let (funding_index, to) = (FundingIndex(x.int()), FundingIndex(x.int()));
    // The other side's index is far away.
    let far = FundingIndex(to.0.wrapping_add(1 << 40));
    (row.funding_long, row.funding_short) = if base.0 >= 0 { (to, far) } else { (far, to) };
    let position = Position { base, quote, open_bids, open_asks, custom_margin, funding_index, ..Position::default() };
    stage.account.positions[0] = Position { status: status::USED, ..position };
    stage.account.balances[0] = Balance { amount: x.amount(), bank: 1, used: 1, ..Balance::default() };
    let token = super::stage::row(x.price());
    stage.board.banks[1] = BankRow {
        price: PriceRow { twap_5m: x.price(), ..token },
        decimals: x.int(),
        initial_weight: x.ppm(),
        maintenance_weight: x.ppm(),
        listed: 1,
        ..BankRow::default()
    };
    super::expiry::gathered(&mut stage.board.markets[0], x);
    let found = margin_of(&stage.account, Pocket::Cross, &stage.board, kind, purpose, &stage.clock)?;
    assert_eq!(found.is_met(), found.free()?.0 >= 0);
    let shown = stage.account.positions[0].unrealised_pnl(&stage.board.markets[0], price)?;
    out![found.collateral.0, found.requirement.0, found.liability.0, shown.0]
}

fn of_liquidation(x: &mut Inputs<'_>) -> Outputs {
    let price = |x: &mut Inputs<'_>| {
        let (price, average, limit) = (x.price(), x.price(), x.ppm());
        let (state, age): (u8, i64) = (x.int(), x.int());
        let row = super::stage::row(price);
        PriceRow { twap_5m: average, jump_limit: limit, state, publish_time: row.publish_time - age, ..row }
    };
    let mut stage = Stage::new(Price(1));
    let row = &mut stage.board.markets[0];
    row.price = price(x);
    (row.maintenance_margin, row.size_premium) = (x.ppm(), x.int());
    let (base, quote, open_bids, open_asks) = (x.base(), x.quote(), x.size(), x.size());
    let (funding_index, to) = (FundingIndex(x.int()), FundingIndex(x.int()));
    (row.funding_long, row.funding_short) = (to, to);
    let position = Position { base, quote, open_bids, open_asks, funding_index, ..Position::default() };
    stage.account.positions[0] = Position { status: status::USED, ..position };
    stage.account.balances[0] = Balance { amount: x.amount(), bank: 1, used: 1, ..Balance::default() };
    let bank = &mut stage.board.banks[1];
    bank.price = price(x);
    (bank.decimals, bank.maintenance_weight, bank.listed) = (x.int(), x.ppm(), 1);
    super::expiry::gathered(&mut stage.board.markets[0], x);
    let found = liquidation_margin(&stage.account, Pocket::Cross, &stage.board, &stage.clock)?;
    out![found.collateral.0, found.requirement.0, found.liability.0]
}

fn trade(x: &mut Inputs<'_>) -> Outputs {
    let mut position = Position { base: x.base(), entry: x.quote(), quote: x.quote(), ..Position::default() };
    let effect = position.trade(x.base(), x.quote())?;
    out![position.base.0, position.entry.0, position.quote.0, effect.realised.0, effect.increased]
}
