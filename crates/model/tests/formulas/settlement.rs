//! Settlement, defaults, sweeps.

use super::stage::{NOW, PLENTY, Stage};
use super::{Inputs, Outputs};
use crate::out;
use kedge_model::account::market::{Market, MarketStatus};
use kedge_model::account::position::{Position, status};
use kedge_model::account::sub_account::SubAccountMut;
use kedge_model::action::{Bankruptcy, SettlePnl, SettlePosition, SweepFees};
use kedge_model::clock::Clock;
use kedge_model::event::NoEvents;
use kedge_model::quantity::{Amount, Price};

pub(super) fn answer(name: &str, x: &mut Inputs<'_>) -> Option<Outputs> {
    Some(match name {
        "settlement_terms" => terms(x),
        "payout" => payout(x),
        "settle_position" => settle_position(x),
        "default" => default(x),
        "sweep" => sweep(x),
        "settle" => settle(x),
        _ => return None,
    })
}

/// A market's ledger as far as users' claims go.
fn ledger(x: &mut Inputs<'_>) -> Market {
    Market {
        users_quote: x.quote(),
        funding_pot: x.quote(),
        deficit: x.amount(),
        pnl_pool: x.amount(),
        long_interest: x.size(),
        short_interest: x.size(),
        version: Market::VERSION,
        status: MarketStatus::Active as u8,
        ..Market::default()
    }
}

fn terms(x: &mut Inputs<'_>) -> Outputs {
    let market = Market { insurance_fund: Amount(0), ..ledger(x) };
    let market = Market { insurance_fund: x.amount(), insurance_cap: x.amount(), tier: x.int(), ..market };
    let market = Market { price_band: x.ppm(), ..market };
    let terms = market.settlement_terms(x.price(), &Clock { slot: 0, unix_time: NOW })?;
    out![terms.price.0, terms.insurance.0]
}

/// What settlement has counted.
fn counted(x: &mut Inputs<'_>) -> Market {
    Market {
        users_quote: x.quote(),
        debts: x.amount(),
        settled_claims: x.amount(),
        paid_out: x.amount(),
        written_off: x.amount(),
        settlement_loss: x.amount(),
        fees: x.amount(),
        insurance_fees: x.amount(),
        pnl_pool: x.amount(),
        version: Market::VERSION,
        status: MarketStatus::Settlement as u8,
        ..Market::default()
    }
}

fn payout(x: &mut Inputs<'_>) -> Outputs {
    let (claim, before) = (x.amount(), x.amount());
    let market = counted(x);
    let settlement_time = NOW - x.int::<i64>();
    let market = Market { settlement_time, long_interest: x.size(), short_interest: x.size(), ..market };
    let payout = market.payout(claim, before, &Stage::new(Price(1)).clock)?;
    out![payout.paid.0, payout.written_off.0]
}

fn settle_position(x: &mut Inputs<'_>) -> Outputs {
    let (base, quote, entry, isolated, price) = (x.base(), x.quote(), x.quote(), x.amount(), x.price());
    let mut stage = Stage::new(price);
    stage.market = Market { settlement_price: price, ..counted(x) };
    let market = &mut stage.market;
    (market.deficit, market.funding_pot) = (x.amount(), x.quote());
    (market.amm.base, market.amm.quote, market.settlement_time) = (x.base(), x.quote(), NOW - x.int::<i64>());
    if base.0 >= 0 {
        market.long_interest = base.size();
    } else {
        market.short_interest = base.size();
    }
    let marks = if x.flag() { status::SETTLED } else { 0 };
    stage.isolate(Position { base, quote, entry, isolated, status: marks, ..Position::default() });
    let report = stage.run(|context, bank, account, _| SettlePosition.execute(context, bank, account))?;
    let (market, left) = (&stage.market, &stage.account.positions[0]);
    assert_eq!(report.left, left.quote);
    out![
        report.closed.0,
        report.amount.0,
        report.written_off.0,
        report.left.0,
        left.entry.0,
        market.pnl_pool.0,
        market.debts.0,
        market.users_quote.0,
        market.deficit.0,
        market.funding_pot.0,
        market.amm.base.0,
        market.amm.quote.0,
        left.isolated.0,
        market.settled_claims.0,
        market.paid_out.0,
        market.written_off.0
    ]
}

fn default(x: &mut Inputs<'_>) -> Outputs {
    let (debt, claims) = (x.amount(), x.amount());
    let mut stage = Stage::new(Price(1));
    let market = &mut stage.market;
    (market.insurance_fund, market.insurance_cap, market.tier) = (x.amount(), x.amount(), x.int());
    (market.long_interest, market.short_interest) = (x.size(), x.size());
    (market.amm.base, market.amm.quote, market.amm.margin) = (x.base(), x.quote(), x.ppm());
    stage.board.markets[0].price = super::stage::row(x.price());
    (market.amm_used, market.amm_day) = (x.amount(), NOW - x.int::<i64>());
    let (settling, began) = (x.flag(), market.amm_day);
    market.debts = x.amount();
    let used = Position { status: status::USED, ..Position::default() };
    stage.account.positions[0] = Position { quote: debt.debit()?, ..used };
    if settling {
        market.status = MarketStatus::Settlement as u8;
        market.debts.0 += debt.0;
        stage.account.positions[0].status |= status::SETTLED;
    }
    market.funding_pot = x.quote();
    (market.deficit, market.pnl_pool) = (x.amount(), x.amount());
    stage.account.positions[1] = Position { quote: claims.credit()?, market: 1, ..used };
    let mut account = SubAccountMut { head: &mut stage.account, orders: &mut stage.orders };
    let (board, market) = (&stage.board, &mut stage.market);
    let report = Bankruptcy.execute(
        &stage.exchange,
        board,
        market,
        &mut stage.bank,
        &mut account,
        None,
        stage.clock,
        &mut NoEvents,
    )?;
    assert!(market.amm_day == began || market.amm_day == NOW);
    assert!(market.deficit_time == 0 || market.deficit_time == NOW);
    out![
        report.loss.0,
        report.amm.0,
        report.insurance.0,
        report.deficit.0,
        market.amm.quote.0,
        market.funding_pot.0,
        market.deficit.0,
        market.insurance_fund.0,
        market.pnl_pool.0,
        stage.account.positions[0].quote.magnitude().0,
        market.amm_used.0,
        market.amm_day != began,
        market.deficit_time == NOW,
        market.settlement_loss.0,
        market.debts.0
    ]
}

fn sweep(x: &mut Inputs<'_>) -> Outputs {
    let market = ledger(x);
    let mut stage = Stage::new(x.price());
    stage.market = Market { fees: x.amount(), insurance_fees: x.amount(), ..market };
    (stage.exchange.amm_share, stage.exchange.insurance_share) = (x.ppm(), x.ppm());
    super::expiry::gathered(&mut stage.board.markets[0], x);
    let report = stage.run(|context, bank, _, _| SweepFees.execute(context, bank))?;
    let (market, bank) = (&stage.market, &stage.bank);
    assert_eq!((bank.market_pools.0, bank.protocol), (PLENTY - report.protocol.0, report.protocol));
    out![
        report.insurance.0,
        report.amm.0,
        report.protocol.0,
        report.deficit.0,
        market.fees.0,
        market.insurance_fees.0,
        market.pnl_pool.0,
        market.funding_pot.0,
        market.insurance_fund.0,
        market.amm.quote.0
    ]
}

fn settle(x: &mut Inputs<'_>) -> Outputs {
    let market = ledger(x);
    let mut stage = Stage::new(x.price());
    stage.market = market;
    let position = Position { base: x.base(), quote: x.quote(), entry: x.quote(), ..Position::default() };
    // Its maintenance margin is nothing to ask about here.
    stage.board.markets[0].maintenance_margin.0 = 0;
    stage.isolate(Position { isolated: x.amount(), ..position });
    stage.market.deficit_time = NOW - x.int::<i64>();
    let settle = SettlePnl { by_owner: x.flag() };
    super::expiry::gathered(&mut stage.board.markets[0], x);
    let report = stage.run(|context, bank, account, _| settle.execute(context, bank, account))?;
    let (market, left) = (&stage.market, &stage.account.positions[0]);
    assert_eq!(market.haircuts, report.written_off.0);
    out![
        report.amount.0,
        report.written_off.0,
        market.pnl_pool.0,
        market.users_quote.0,
        left.quote.0,
        left.isolated.0,
        market.deficit.0
    ]
}
