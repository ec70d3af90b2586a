//! Debts in settled markets of those who can pay.

use super::stage::{PLENTY, Stage};
use super::{Inputs, Outputs};
use crate::out;
use kedge_model::account::board::BankRow;
use kedge_model::account::market::MarketStatus;
use kedge_model::account::position::{Position, status};
use kedge_model::account::sub_account::Balance;
use kedge_model::action::Liquidate;
use kedge_model::quantity::{Amount, Ppm, Price, Quote, Size};

pub(super) fn answer(name: &str, x: &mut Inputs<'_>) -> Option<Outputs> {
    Some(match name {
        "realise" => realise(x),
        "buy_tokens" => buy_tokens(x),
        _ => return None,
    })
}

/// A market whose debtors can pay with anything, and a liquidator who can too.
fn solvent(stage: &mut Stage, price: Price, tokens: Amount, other: u64) {
    stage.board.banks[1] = BankRow {
        price: super::stage::row(price),
        maintenance_weight: Ppm(1_000_000),
        listed: 1,
        ..BankRow::default()
    };
    stage.account.balances[0] = Balance { amount: tokens, used: 1, ..Balance::default() };
    stage.account.balances[1] = Balance { amount: Amount(other), bank: 1, used: 1, ..Balance::default() };
    stage.other.balances[0] = Balance { amount: Amount(PLENTY), used: 1, ..Balance::default() };
}

fn realise(x: &mut Inputs<'_>) -> Outputs {
    let (debt, claim, tokens) = (x.amount(), x.quote(), x.amount());
    let (base, quote, entry, price) = (x.base(), x.quote(), x.quote(), x.price());
    let mut stage = Stage::new(price);
    solvent(&mut stage, Price(1), tokens, PLENTY);
    let market = &mut stage.market;
    (market.liquidator_fee, market.liquidator_fee_small, market.small_position) = (x.ppm(), x.ppm(), x.amount());
    (market.step, market.min_order) = (x.size(), x.size());
    (market.long_interest, market.short_interest) =
        if base.0 > 0 { (base.size(), Size::ZERO) } else { (Size::ZERO, base.size()) };
    let settled = Position { status: status::USED | status::SETTLED, entry: Quote(77), ..Position::default() };
    stage.account.positions[..3].copy_from_slice(&[
        Position { base, quote, entry, status: status::USED, ..Position::default() },
        Position { quote: debt.debit()?, market: 1, ..settled },
        Position { quote: claim, market: 2, ..settled },
    ]);
    let action = Liquidate { max_size: x.size(), limit_price: Price::ZERO };
    let report = stage.run(|context, _, account, liquidator| action.execute(context, account, liquidator))?;
    let [left, debtor, ..] = &stage.account.positions;
    assert_eq!((left.base.0 + report.base.0, report.insurance_fee), (base.0, Amount::ZERO));
    out![report.base.0, report.price.0, report.quote.0, left.quote.0, debtor.quote.magnitude().0]
}

fn buy_tokens(x: &mut Inputs<'_>) -> Outputs {
    let (debt, tokens, price) = (x.amount(), x.amount(), x.price());
    let mut stage = Stage::new(Price(1_000_000));
    solvent(&mut stage, price, tokens, 0);
    stage.market.status = MarketStatus::Settlement as u8;
    (stage.market.liquidator_fee, stage.market.liquidator_fee_small) = (x.ppm(), x.ppm());
    stage.board.banks[1].decimals = x.int();
    stage.account.balances[1].amount = x.amount();
    let settled = status::USED | status::SETTLED;
    stage.account.positions[0] = Position { quote: debt.debit()?, status: settled, ..Position::default() };
    let held = stage.account.balances[1].amount;
    let action = Liquidate { max_size: x.size(), limit_price: Price::ZERO };
    let report = stage.run(|context, _, account, liquidator| action.execute(context, account, liquidator))?;
    let balance = |account: &kedge_model::account::sub_account::SubAccount, bank: u16| {
        account.balances.iter().find(|one| one.used == 1 && one.bank == bank).map_or(0, |one| one.amount.0)
    };
    let amount = held.0 - balance(&stage.account, 1);
    assert_eq!((balance(&stage.other, 1), balance(&stage.account, 0)), (amount, tokens.0 + report.quote.magnitude().0));
    out![report.price.0, amount, report.quote.0]
}
